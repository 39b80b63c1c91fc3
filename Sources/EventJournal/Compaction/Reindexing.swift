internal import DeltaLake
internal import ObjectStorage
internal import Parquet

/// Builds the id index anew from the segments of the catalog.
struct Reindexing: Sendable {
    let context: CompactionContext
    var progress: (@Sendable (_ done: Int, _ of: Int) -> Void)?

    /// So often a race may be lost before it gives up.
    private static let mostLostRaces = 5

    /// Reads all ids, writes the index, commits it.
    ///
    /// - Returns: How many entries the index has.
    func run() async throws -> Int {
        for attempt in 0..<Reindexing.mostLostRaces {
            let listing = try await context.listing()
            let state = listing.state
            if state.table == nil { return 0 }
            let index: IndexChange
            do {
                index = try await build(state)
            } catch let error as JournalError where error.isMissing {
                // A segment was replaced meanwhile, and deleted.
                guard try await context.isSuperseded(error.object) else { throw error }
                try await pause(attempt)
                continue
            }
            let commit = CatalogCommit(index: index, operation: "REINDEX")
            let committer = CatalogCommitter(context: context)
            let listed = Set(listing.segments.map(\.arrival))
            switch await committer.commit(commit, madeOf: state, listed: listed, excludesNewFiles: true) {
            case .committed(let committed):
                context.absorbed.add(index.removed, at: context.time.now())
                _ = await committer.publish(committed, replacing: listing)
                return index.runs.reduce(0) { $0 + $1.entries }
            case .excluded:
                // What was absorbed meanwhile would be missing.
                await IndexBuilder.discard(index.added, in: context.store)
                try await pause(attempt)
            case .failed(let error, let mayCount):
                if !mayCount { await IndexBuilder.discard(index.added, in: context.store) }
                throw error
            }
        }
        throw JournalError(
            .conflict,
            "Building the id index of \(context.store.location) anew lost \(Reindexing.mostLostRaces) races against "
                + "compactions; the old one stands. Try again when less is compacted."
        )
    }

    private func pause(_ attempt: Int) async throws {
        try await context.time.sleep(context.jitter(.milliseconds(200 << attempt)))
    }

    private func build(_ state: CatalogState) async throws -> IndexChange {
        var builder = IndexBuilder(store: context.store, generator: context.generator)
        let reader = context.reader
        let total = state.segments.reduce(0) { $0 + $1.events }
        var done = 0
        do {
            for segment in state.segments {
                let open = try await reader.open(segment)
                let groups = Array(open.file.metadata.rowGroups.indices)
                for start in stride(from: 0, to: groups.count, by: 16) {
                    let some = groups[start..<min(start + 16, groups.count)]
                    let parts = try await mapConcurrently(some, limit: reader.parallelism) { group in
                        let ids = HashedIDs(try await open.ids(rowGroup: group))
                        let timestamps = try await open.timestamps(rowGroup: group)
                        guard ids.count == timestamps.count else {
                            throw segment.damaged("row group \(group) has columns of different lengths")
                        }
                        return zip(ids.hashes, timestamps).map { IndexEntry(hash: $0, timestamp: $1) }
                    }
                    for part in parts {
                        try await builder.add(part)
                        done += part.count
                    }
                    progress?(done, total)
                }
            }
            return try await builder.finish(replacing: state.runs)
        } catch {
            await builder.abandon()
            throw error
        }
    }
}
