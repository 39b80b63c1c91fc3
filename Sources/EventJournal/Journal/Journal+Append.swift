internal import ObjectStorage
internal import Parquet

/// What became of an append.
public struct AppendReceipt: Sendable, Hashable {
    /// Events stored.
    public var appended: Int
    /// Events left out because an earlier one of the batch, or of the journal where that was asked for, has their id.
    public var alreadyThere: Int

    /// Makes a receipt.
    public init(appended: Int, alreadyThere: Int) {
        self.appended = appended
        self.alreadyThere = alreadyThere
    }
}

extension Journal {
    /// Records one event and returns it when it is durable.
    ///
    /// Cost: one put, shared with concurrent callers; with an id of one's own also a list and what ``Inbox`` has to
    /// read of segments that are new since the last call. Two processes that put one id at the same moment may both
    /// succeed; the first then counts for every reader.
    ///
    /// - Parameters:
    ///   - data: The payload, at most 64 MiB.
    ///   - id: The event's id; a fresh UUID version 7 by default.
    ///   - timestamp: When it happened; now by default.
    ///   - key: The thing it is about.
    /// - Returns: The event as recorded.
    /// - Throws: ``JournalError/Code/eventExists`` when the id is taken, ``JournalError/Code/invalidEvent`` when a
    ///   field breaks a limit, ``JournalError/Code/storage`` when the store fails.
    @discardableResult
    public func put(
        _ data: [UInt8],
        id: String? = nil,
        at timestamp: Timestamp? = nil,
        key: String? = nil
    ) async throws -> Event {
        let event = Event(
            id: id ?? generator.next().description,
            timestamp: timestamp ?? clock(),
            key: key,
            data: data
        )
        let batch = EventBatch([event])
        try batch.validate()
        if id != nil {
            if let there = try await inbox.find(HashedIDs(batch.ids), refreshing: true).places[0] {
                throw JournalError(
                    .eventExists,
                    "An event with the id \"\(event.id)\" is in \(location) already (in \(there.segment.key)). "
                        + "Choose another id.",
                    object: there.segment.key
                )
            }
        }
        try await queue.append(batch)
        return event
    }

    /// Records events and returns when all of them are durable, together or not at all.
    ///
    /// An id that the journal has already is no error: for every reader the first write of an id counts. Of two events
    /// of one batch with the same id the first is stored.
    ///
    /// Cost: one put for the whole batch, shared with concurrent callers up to
    /// ``JournalConfiguration/groupPayloadBytes``. Memory: the batch once more while it is encoded.
    ///
    /// - Throws: ``JournalError/Code/invalidEvent`` before anything is stored, ``JournalError/Code/storage`` when the
    ///   store fails: then the events are there whole or not at all, and appending them again does no harm.
    @discardableResult
    public func append(_ batch: EventBatch) async throws -> AppendReceipt {
        try batch.validate()
        let (unique, repeated) = batch.firstOfEachID()
        guard !unique.isEmpty else { return AppendReceipt(appended: 0, alreadyThere: 0) }
        if unique.payloads.payloadBytes >= configuration.groupPayloadBytes {
            let encoded = try writer.encode(unique, batchID: generator.next())
            try await Journal.store(encoded, in: store)
            announce(encoded.segment)
        } else {
            try await queue.append(unique)
        }
        return AppendReceipt(appended: unique.count, alreadyThere: repeated)
    }

    /// The same for single events.
    @discardableResult
    public func append(_ events: some Sequence<Event>) async throws -> AppendReceipt {
        try await append(EventBatch(events))
    }
}
