internal import DeltaLake
internal import ObjectStorage
internal import Parquet

/// Does one job of a plan: reads, merges, writes, commits.
struct CompactionTask: Sendable {
    let context: CompactionContext
    let policy: CompactionPolicy
    let job: CompactionJob
    /// What the job was planned from.
    let planned: InboxListing
    /// See ``CatalogCommit/forgotten``.
    var forgotten = RetiredDomain.Forgotten()
    /// Told of events written, events to be read, and payload written.
    var progress: (@Sendable (Int, Int, Int) -> Void)?

    /// How a job ended.
    enum Outcome: Sendable {
        case done(CompactionReport)
        /// Somebody else changed what it was planned from.
        case lost
        /// Events are to be absorbed whose id was changed before they came: the changes have to be applied, too.
        case needsChanges
    }

    /// What was made of the inputs.
    private struct Output {
        var segments: [CompactedSegment] = []
        var index: IndexChange?
        var changes: (key: String, count: Int)?
    }

    /// Does the job.
    ///
    /// Memory: three windows of a replay (``ReplayOptions/windowBytes`` of 8 MiB), a row group for each thread, 64 MiB
    /// of index entries, and 16 to 32 bytes for each event that is absorbed.
    func run() async throws -> Outcome {
        do {
            return try await attempt()
        } catch let error as JournalError where error.isMissing {
            // What was to be read was replaced by another compaction, and then deleted.
            if try await context.isSuperseded(error.object) { return .lost }
            throw error
        }
    }

    private func attempt() async throws -> Outcome {
        guard let (snapshot, view) = try await inputs() else { return .lost }
        if !job.appliesChanges, try await putsFollowChanges(snapshot) { return .needsChanges }
        let keys = Set(job.inbox + job.catalog)
        var part = snapshot
        part.segments = snapshot.segments.filter { keys.contains($0.key) }
        guard part.segments.count == keys.count else { return .lost }
        let checkpoints = try await context.reader.checkpoints(of: part.segments)
        return try await commit(try await write(part, view), part, checkpoints)
    }

    // MARK: - Inputs

    /// The rows that count of what the job takes, and who knows them if there is an inbox; `nil` when the catalog is
    /// another meanwhile.
    private func inputs() async throws -> (snapshot: Snapshot, view: Inbox?)? {
        if job.inbox.isEmpty {
            return (Snapshot(catalog: planned.state, segments: planned.state.segments, damaged: []), nil)
        }
        let view = Inbox(
            store: InboxSelection(context.store, keys: job.inbox),
            reader: context.reader,
            catalog: context.catalog,
            generator: context.generator
        )
        let snapshot = try await view.snapshot(damage: .refuse)
        guard snapshot.catalog.inbox == planned.state.inbox else { return nil }
        return (snapshot, view)
    }

    /// Whether an event to be absorbed has an id that was updated or deleted before it came.
    ///
    /// Then the changes cannot wait: what is absorbed counts as having come before what is not.
    private func putsFollowChanges(_ snapshot: Snapshot) async throws -> Bool {
        let changes = planned.waiting.filter(\.isChanges)
        let puts = snapshot.segments.filter { !$0.isInCatalog && !$0.isChanges }
        guard let latest = puts.map(\.arrival).max() else { return false }
        var earliest: [[UInt8]: UUIDv7] = [:]
        for segment in changes where segment.arrival < latest {
            for (id, _) in try await context.reader.changes(of: segment) {
                earliest[id] = min(earliest[id] ?? .max, segment.arrival)
            }
        }
        if earliest.isEmpty { return false }
        let first = earliest.values.min() ?? .max
        let hashes = Set(earliest.keys.map { BloomFilter.hash($0) })
        let wanted = earliest
        let reader = context.reader
        let later = puts.filter { $0.arrival > first }
        let found = try await mapConcurrently(later, limit: reader.parallelism) { segment in
            let ids = HashedIDs(try await reader.ids(of: segment))
            return ids.hashes.indices.contains { row in
                guard hashes.contains(ids.hashes[row]), let id = ids.ids[row] else { return false }
                return wanted[id].map { $0 < segment.arrival } ?? false
            }
        }
        return found.contains(true)
    }

    // MARK: - Output

    private func write(_ part: Snapshot, _ view: Inbox?) async throws -> Output {
        let (store, layout, parallelism, generator) = (context.store, layout, context.parallelism, context.generator)
        let router = SectionRouter(job.sections) {
            try CompactedSegmentWriter(store: store, run: generator.next(), layout: layout, parallelism: parallelism)
        }
        var index = IndexBuilder(store: context.store, generator: context.generator)
        do {
            try await stream(part, router, &index)
            var output = Output(segments: try await router.finish())
            if let view {
                let rows = try await view.decidedSteps()
                if !rows.isEmpty {
                    let key = "\(AppliedChanges.folder)\(generator.next()).parquet"
                    try await AppliedChanges.store(rows, as: key, in: store)
                    output.changes = (key, rows.count { $0.kind == .update || $0.kind == .delete })
                }
            }
            if index.count > 0 {
                // An index of the new alone would hide the old.
                try CatalogLookup.requireIndex(part.catalog, in: context.store.location)
                output.index = try await index.finish(updating: part.catalog.runs)
            }
            return output
        } catch {
            await router.abort()
            await index.abandon()
            await discard(router.keys)
            throw JournalError.wrapping(error, "Writing compacted segments of \(context.store.location) failed")
        }
    }

    private var layout: CompactedSegmentLayout {
        var layout = CompactedSegmentLayout()
        layout.compressionLevel = policy.compressionLevel
        layout.targetObjectBytes = policy.targetObjectBytes
        layout.columns = planned.state.columns.live
        return layout
    }

    /// Merges the inputs into the outputs, and notes the ids that are new to the catalog.
    private func stream(_ part: Snapshot, _ router: SectionRouter, _ index: inout IndexBuilder) async throws {
        let source = ReplaySource(
            range: .all,
            options: ReplayOptions(windowBytes: 8 << 20),
            origin: .snapshot(part),
            reader: context.reader,
            withBatchIDs: true
        )
        let pipeline = ReplayPipeline(source)
        let rows = part.segments.reduce(0) { $0 + $1.events }
        let arrivals = Arrivals(Set(part.segments.compactMap(\.batchID)))
        var events = 0
        var payloadBytes = 0
        while let window = try await pipeline.next() {
            for batch in window where !batch.isEmpty {
                try await router.append(batch)
                let fresh = try arrivals.entries(of: batch)
                if !fresh.isEmpty { try await index.add(fresh) }
                events += batch.count
                payloadBytes += batch.payloads.payloadBytes
            }
            progress?(events, rows, payloadBytes)
        }
        let expected = rows - part.dropped.values.reduce(0) { $0 + $1.count }
        // With changes it depends on which events they meet, but each takes one row at most.
        let least = expected - part.changes.count - part.conditional.values.reduce(0) { $0 + $1.count }
        guard events <= expected, events >= (job.appliesChanges ? least : expected) else {
            throw JournalError(
                .damagedSegment,
                "A compaction of \(rows) rows should have written \(expected) events, less the \(expected - least) that changes "
                    + "may concern, and wrote \(events): nothing was changed. Check the journal with `highwater verify`. If that "
                    + "finds nothing, another program has entered events that are there already, as delta-rs may if it optimizes "
                    + "while others compact: `DeltaTable(path).history()` shows its commit, and `.restore(version)` with the "
                    + "version before takes it back."
            )
        }
    }

    // MARK: - Commit

    private func commit(
        _ output: Output,
        _ part: Snapshot,
        _ checkpoints: StreamCheckpoints
    ) async throws -> Outcome {
        var commit = CatalogCommit(added: output.segments, removed: job.catalog)
        commit.checkpoints = checkpoints
        if !job.inbox.isEmpty {
            let absorbed = part.segments.compactMap(\.batchID)
            let last = absorbed.max() ?? .zero
            commit.left = planned.waiting.filter { $0.isChanges && $0.arrival < last }.map(\.arrival)
                .filter { !absorbed.contains($0) }
            commit.absorbed = absorbed
            commit.changesData = true
            commit.operation = "WRITE"
        }
        commit.changes = output.changes?.key
        commit.index = output.index
        commit.forgotten = forgotten
        let made =
            output.segments.map(\.key) + (output.changes.map { [$0.key] } ?? [])
            + (output.index?.added.map(\.path) ?? [])
        let committed: CatalogState
        let committer = CatalogCommitter(context: context)
        switch await committer.commit(commit, madeOf: part.catalog, listed: Set(planned.segments.map(\.arrival))) {
        case .committed(let state): committed = state
        case .excluded:
            await discard(made)
            return .lost
        case .failed(let error, let mayCount):
            if !mayCount { await discard(made) }
            throw error
        }
        context.absorbed.add(job.inbox + (output.index?.removed ?? []), at: context.time.now())
        var report = CompactionReport()
        report.commits = 1
        report.version = committed.version
        report.absorbedSegments = job.inbox.count
        report.replacedSegments = job.catalog.count
        report.writtenSegments = output.segments.count
        report.events = output.segments.reduce(0) { $0 + $1.events }
        let rows = part.segments.reduce(0) { $0 + ($1.isChanges ? 0 : $1.events) }
        report.droppedRows = rows - report.events
        report.appliedChanges = output.changes?.count ?? 0
        report.payloadBytes = output.segments.reduce(0) { $0 + $1.payloadBytes }
        report.objectBytes = output.segments.reduce(0) { $0 + $1.objectBytes }
        report.replacements = [.init(replaced: job.inbox + job.catalog, by: output.segments.map(\.key))]
        for (column, summary) in output.segments.flatMap(\.promoted) where summary.misfits > 0 {
            report.misfits[column.name, default: 0] += summary.misfits
        }
        report.warnings = await committer.publish(committed, replacing: planned)
        return .done(report)
    }

    /// Deletes what was written in vain; what cannot be deleted is left to vacuum, since nothing names it.
    private func discard(_ keys: [String]) async {
        if keys.isEmpty { return }
        _ = try? await context.store.delete(keys)
    }
}

/// Tells the rows that arrived with segments of the inbox from those that the catalog has had before.
private struct Arrivals {
    private let batchIDs: Set<UUIDv7>

    init(_ batchIDs: Set<UUIDv7>) { self.batchIDs = batchIDs }

    /// Index entries of the rows that are new.
    func entries(of batch: EventBatch) throws -> [IndexEntry] {
        if batchIDs.isEmpty { return [] }
        guard let column = batch.batchIDs else {
            throw ParquetError(.invalidArgument, "events without batch ids cannot be compacted")
        }
        var entries: [IndexEntry] = []
        entries.reserveCapacity(batch.count)
        var lastView: ByteView?
        var isFresh = false
        unsafe batch.ids.visit { row, id in
            let view = column.views[row]
            // Rows of one append mostly share one text.
            if view != lastView {
                lastView = view
                isFresh = column[row].flatMap { UUIDv7(utf8: $0[...]) }.map(batchIDs.contains) ?? false
            }
            if isFresh {
                entries.append(IndexEntry(hash: unsafe BloomFilter.hash(id), timestamp: batch.timestamps[row]))
            }
        }
        return entries
    }
}
