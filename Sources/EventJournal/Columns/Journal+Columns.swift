extension Journal {
    /// The columns that compaction fills from payloads, and how far that has come.
    ///
    /// Cost: a look at the catalog.
    ///
    /// - Returns: The columns, in the order they were added in.
    /// - Throws: ``JournalError``.
    public func columns() async throws -> [PromotedColumnStatus] {
        let state = try await newestCatalog()
        return state.columns.live.map { column in
            var status = PromotedColumnStatus(column: column)
            for segment in state.segments {
                status.segments += 1
                status.events += segment.events
                guard segment.filledColumns.contains(column.name) else { continue }
                status.filledSegments += 1
                status.filledEvents += segment.events
            }
            return status
        }
    }

    /// The columns alone; without a request while the catalog may be relied on.
    package func promotedColumns() async throws -> [PromotedColumn] {
        try await compaction.catalog.current(hint: nil, mustBeNewest: false).columns.live
    }

    /// Adds columns, by one commit: what is compacted from then on has them.
    ///
    /// Events that were compacted before have them when their segments are next rewritten, or by ``fillColumns(_:)``;
    /// until then other readers of the table see null.
    ///
    /// Cost: a commit. A compaction that is under way may still write segments without the columns.
    ///
    /// - Parameter columns: The columns; those that are there already change nothing.
    /// - Returns: Those that were not there.
    /// - Throws: ``JournalError/Code/invalidOption`` when a name is taken, ``JournalError/Code/conflict`` when others
    ///   committed first each time, ``JournalError/Code/storage``.
    @discardableResult
    public func addColumns(_ columns: [PromotedColumn]) async throws -> [PromotedColumn] {
        try await changeColumns { domain in
            var added: [PromotedColumn] = []
            for column in columns where try domain.add(column) { added.append(column) }
            return added
        }
    }

    /// Takes columns out of those that compaction fills.
    ///
    /// The table keeps them, since a Delta table can drop a column only by what many readers do not have; rows that are
    /// written from then on have null there. The same column may be added again.
    ///
    /// Cost: a commit.
    ///
    /// - Parameter names: Names of columns.
    /// - Throws: ``JournalError/Code/invalidOption`` when there is none of a name, ``JournalError/Code/conflict``,
    ///   ``JournalError/Code/storage``.
    public func removeColumns(_ names: [String]) async throws {
        _ = try await changeColumns { domain in
            for name in names { try domain.remove(name) }
            return names
        }
    }

    /// Rewrites the segments of the catalog that lack a column.
    ///
    /// Each is a commit of its own, so that nothing is lost when it is interrupted: the next call goes on. What is in
    /// the inbox gets its columns when it is compacted.
    ///
    /// Cost: such segments are read and written once. Memory: as ``compact(_:progress:)``.
    ///
    /// - Parameter progress: Told of each step, on any thread; its events are those of all segments to be rewritten.
    /// - Returns: What was done.
    /// - Throws: As ``compact(_:progress:)``.
    @discardableResult
    public func fillColumns(progress: (@Sendable (CompactionProgress) -> Void)? = nil) async throws -> CompactionReport
    {
        try await ColumnFilling(context: compaction, progress: progress).run()
    }

    private func newestCatalog() async throws -> CatalogState {
        try await compaction.catalog.current(hint: nil, mustBeNewest: true)
    }

    /// So often a race may be lost before it gives up.
    private static let mostLostRaces = 12

    private func changeColumns<Change: Collection>(_ change: (inout ColumnsDomain) throws -> Change) async throws
        -> Change
    {
        let context = compaction
        for attempt in 0..<Journal.mostLostRaces {
            let listing = try await context.listing()
            var domain = listing.state.columns
            let changed = try change(&domain)
            if changed.isEmpty { return changed }
            let commit = CatalogCommit(columns: domain, operation: "CHANGE COLUMNS")
            let committer = CatalogCommitter(context: context)
            let listed = Set(listing.segments.map(\.arrival))
            switch await committer.commit(commit, madeOf: listing.state, listed: listed) {
            case .committed(let committed):
                _ = await committer.publish(committed, replacing: listing)
                return changed
            case .excluded: try await context.time.sleep(context.jitter(.milliseconds(50 << min(attempt, 6))))
            case .failed(let error, _): throw error
            }
        }
        throw JournalError(
            .conflict,
            "Changing the columns of \(location) lost \(Journal.mostLostRaces) races against others who do. Try again later."
        )
    }
}

/// A promoted column, and how much of the catalog has it.
public struct PromotedColumnStatus: Sendable, Hashable {
    /// The column.
    public var column: PromotedColumn
    /// Segments of the catalog.
    public var segments = 0
    /// Events in them.
    public var events = 0
    /// Segments that have the column.
    public var filledSegments = 0
    /// Events in those.
    public var filledEvents = 0

    /// Describes a column of which nothing is filled.
    public init(column: PromotedColumn) { self.column = column }

    /// Whether the column is everywhere in the catalog.
    public var isFilled: Bool { filledSegments == segments }
}
