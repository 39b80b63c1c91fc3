extension Journal {
    /// Merges what was appended, and small or overlapping segments, into larger ones ordered by time; applies updates and
    /// deletes, and leaves out repeated ids.
    ///
    /// Readers and writers go on meanwhile, in any process, and see the same events before and after. Interrupted at any
    /// point it leaves nothing wrong, and nothing to be cleaned by hand: see ``vacuum(_:progress:)``.
    ///
    /// Cost: what is absorbed is read twice at most and written once; ``CompactionPlanner`` bounds how often it is written
    /// again later. Memory: some 200 MiB, and 16 to 32 bytes for each event of a commit.
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

    /// What compaction works with.
    var compaction: CompactionContext {
        CompactionContext(
            store: store,
            reader: reader,
            catalog: catalog,
            generator: generator,
            clock: clock,
            time: time,
            parallelism: configuration.parallelism,
            absorbed: absorbed
        )
    }
}
