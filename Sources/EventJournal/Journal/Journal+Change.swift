internal import Parquet

extension Journal {
    /// Replaces the payload of an event and returns the event when that is durable.
    ///
    /// Timestamp, key, source and sequence stay. Every reader sees the new payload at once; the next compaction applies
    /// it for good. Of several updates the last to arrive counts. Concurrent with a delete the event may be gone
    /// afterwards.
    ///
    /// Cost: a look-up (``event(_:)``) and one put, shared with concurrent callers.
    ///
    /// - Parameters:
    ///   - id: The event.
    ///   - data: Its new payload, at most 64 MiB.
    /// - Returns: The event as it is now.
    /// - Throws: ``JournalError/Code/eventNotFound`` when there is no such event, ``JournalError/Code/invalidEvent``
    ///   when the payload is too large, ``JournalError/Code/storage`` when the store fails.
    @discardableResult
    public func update(_ id: String, data: [UInt8]) async throws -> Event {
        var event = try await existing(id)
        event.data = data
        try await store(.update, [event])
        return event
    }

    /// Deletes an event and returns when that is durable.
    ///
    /// No reader sees it any more; the next compaction removes its bytes from the segments it writes, and `vacuum`
    /// those that are left behind. The id is free again.
    ///
    /// Cost: a look-up (``event(_:)``) and one put, shared with concurrent callers.
    ///
    /// - Parameter id: The event.
    /// - Returns: The event as it was.
    /// - Throws: ``JournalError/Code/eventNotFound`` when there is no such event, ``JournalError/Code/storage`` when
    ///   the store fails.
    @discardableResult
    public func delete(_ id: String) async throws -> Event {
        let event = try await existing(id)
        var row = event
        row.data = []
        try await store(.delete, [row])
        return event
    }

    private func existing(_ id: String) async throws -> Event {
        if let event = try await event(id) { return event }
        throw JournalError(
            .eventNotFound,
            "No event with the id \"\(id)\" is in \(location). Check the id with `highwater get`, or record it with `put`."
        )
    }

    /// Records changes of events, which were looked up before.
    func store(_ operation: Operation, _ events: [Event]) async throws {
        var batch = EventBatch(events)
        batch.operations = Array(repeating: operation, count: batch.count)
        try batch.validate()
        try await changeQueue.append(batch)
    }
}
