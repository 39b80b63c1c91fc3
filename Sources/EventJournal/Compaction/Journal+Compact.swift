public import JMESPath

extension Journal {
    /// Merges what was appended, and small or overlapping segments, into larger ones ordered by time; applies updates
    /// and deletes, and leaves out repeated ids.
    ///
    /// Readers and writers go on meanwhile, in any process, and see the same events before and after; what they append
    /// while it is at work is left to the next compaction. Interrupted at any
    /// point it leaves nothing wrong, and nothing to be cleaned by hand: see ``vacuum(_:)``.
    ///
    /// Cost: what is absorbed is read twice at most and written once; ``CompactionPlanner`` bounds how often it is
    /// written again later. Memory: some 200 MiB, and 16 to 32 bytes for each event of a commit.
    ///
    /// - Parameters:
    ///   - policy: When it is worth its while, and sizes.
    ///   - progress: Told of each step, on any thread.
    /// - Returns: What was done; no commit when all is well as it is.
    /// - Throws: ``JournalError/Code/tooLittle`` when the policy refuses, ``JournalError/Code/conflict`` when others
    ///   committed first each time, ``JournalError/Code/damagedSegment`` when a segment cannot be read,
    ///   ``JournalError/Code/storage`` when the store fails.
    @discardableResult
    public func compact(
        _ policy: CompactionPolicy = .defaults,
        progress: (@Sendable (CompactionProgress) -> Void)? = nil
    ) async throws -> CompactionReport {
        try await Compactor(context: compaction, policy: policy, progress: progress).run()
    }

    /// Compacts if the inbox has grown over limits, and waits for it: for programs that end too soon for the
    /// background.
    ///
    /// Cost: none while what was seen when the journal was opened and what was stored since is below the limits; else a
    /// list.
    ///
    /// - Parameters:
    ///   - settings: The limits.
    ///   - progress: Told of each step, on any thread.
    /// - Returns: What was done; `nil` when it is not over the limits.
    /// - Throws: As ``compact(_:progress:)``.
    public func compactIfDue(
        _ settings: AutomaticCompaction = .defaults,
        progress: (@Sendable (CompactionProgress) -> Void)? = nil
    ) async throws -> CompactionReport? {
        guard maintenance.mayBeDue(settings) else { return nil }
        let waiting = try await compaction.listing().waiting
        guard settings.isDue(segments: waiting.count, payloadBytes: waiting.reduce(0) { $0 + $1.payloadBytes }) else {
            return nil
        }
        return try await compact(progress: progress)
    }

    /// What this process has done by itself; see ``JournalConfiguration/automaticCompaction``.
    public var maintenanceStatus: MaintenanceStatus { maintenance.status }

    /// Ends work in the background, if there is any; what is appended afterwards does not begin it again.
    public func endMaintenance() async { await maintenance.close() }

    /// Deletes what no reader needs any more: segments that compactions replaced, what they left behind when they were
    /// interrupted, absorbed segments of the inbox, expired parts of the log.
    ///
    /// Cost: a list request for each 1000 objects of the journal, and a delete for each 1000 that go.
    ///
    /// - Parameter options: For how long what was replaced is kept, and whether to delete at all.
    /// - Returns: What was deleted, or would be, and why.
    /// - Throws: ``JournalError/Code/invalidOption`` when the retention is too short, ``JournalError/Code/storage``.
    @discardableResult
    public func vacuum(_ options: VacuumOptions = .defaults) async throws -> VacuumReport {
        try await Vacuum(context: compaction, options: options).run()
    }

    /// Erases events for good: deletes them, rewrites the segments that hold them, and deletes every object that held
    /// them.
    ///
    /// Cost: as ``compact(_:progress:)`` of the inbox and the segments concerned; the column of ids of every segment on
    /// the store is read three times, to find all copies and to confirm that none is left. By key or condition, one
    /// replay each. It takes some two minutes, until no reader relies on what is to go.
    ///
    /// - Parameters:
    ///   - ids: Ids of events, or of events that were deleted before and may have copies left.
    ///   - keys: Keys: all events that have one of them.
    ///   - condition: Erases all events for which it is truthy, as in ``EventSelection``. Payloads that are not JSON
    ///     stay; the report says how many there were.
    ///   - options: Whether to wait.
    ///   - progress: Told what is being done, in words.
    /// - Returns: Which objects held the data, what took their place, when the last copy went.
    /// - Throws: As ``compact(_:progress:)``. Erasing the same ids again goes on where it stopped.
    public func erase(
        ids: [String] = [],
        keys: [String] = [],
        where condition: JMESPathExpression? = nil,
        options: ErasureOptions = ErasureOptions(),
        progress: (@Sendable (String) -> Void)? = nil
    ) async throws -> ErasureReport {
        try await Erasure(journal: self, options: options, progress: progress)
            .run(ids: ids, keys: keys, where: condition)
    }

    /// Builds the id index anew from the ids of all compacted segments.
    ///
    /// Cost: the columns of ids and timestamps of the catalog are read. Memory: some 100 MiB.
    ///
    /// - Parameter progress: Told how many of how many events are read.
    /// - Returns: How many entries the index has.
    /// - Throws: ``JournalError/Code/conflict`` when compactions came first each time,
    ///   ``JournalError/Code/damagedSegment``, ``JournalError/Code/storage``.
    @discardableResult
    public func reindex(progress: (@Sendable (_ done: Int, _ of: Int) -> Void)? = nil) async throws -> Int {
        try await Reindexing(context: compaction, progress: progress).run()
    }
}
