internal import ObjectStorage

/// Merges runs and entries in memory into one sorted stream, reading ahead in large pieces.
///
/// Memory: two pieces of each source, decoded and as they came, 64 MiB for all of them; besides what is merged at a
/// time.
struct IndexMerge {
    let store: any ObjectStore

    /// 1 MiB.
    private static let mostPagesPerPiece = 256
    private static let fewestPagesPerPiece = 8
    /// 32 MiB of pages at hand or on their way, which take a little more when they are decoded.
    private static let mostPages = 8 << 10

    /// One sorted source: runs that follow one another, or entries in memory.
    private struct Lane {
        var runs: [IndexRun] = []
        var run = 0
        var page = 0
        /// Entries not merged yet, from `position` on.
        var current: [IndexEntry] = []
        var position = 0
        /// The piece behind it.
        var ahead: [IndexEntry]?
        var isReading = false

        var isSpent: Bool { position == current.count }

        /// The next piece to read.
        mutating func nextPiece(_ pages: Int) -> (run: IndexRun, pages: Range<Int>)? {
            guard run < runs.count else { return nil }
            let piece = runs[run]
            let range = page..<min(page + pages, piece.layout.pageCount)
            page = range.upperBound
            if page == piece.layout.pageCount { (run, page) = (run + 1, 0) }
            return (piece, range)
        }
    }

    private typealias Read = (lane: Int, entries: [IndexEntry])

    /// Streams everything to a closure, in order; entries that are equal all come.
    ///
    /// - Parameters:
    ///   - sources: Lists of runs; those of a list ascend and do not overlap.
    ///   - entries: More entries, sorted.
    ///   - output: Takes the next entries.
    /// - Throws: ``JournalError/Code/damagedIndex``, why a run could not be read, or what the closure threw.
    func run(
        _ sources: [[IndexRun]],
        with entries: [IndexEntry] = [],
        _ output: ([IndexEntry]) async throws -> Void
    ) async throws {
        var lanes = sources.map { Lane(runs: $0) }
        lanes.append(Lane(current: entries))
        let pages = min(
            max(IndexMerge.mostPages / (2 * lanes.count), IndexMerge.fewestPagesPerPiece),
            IndexMerge.mostPagesPerPiece
        )
        try await withThrowingTaskGroup(of: Read.self) { group in
            for lane in lanes.indices { readAhead(lane, of: &lanes, pages, &group) }
            while true {
                for lane in lanes.indices where lanes[lane].isSpent {
                    try await refill(lane, of: &lanes, pages, &group)
                }
                // Whatever is not above the lowest of the last entries at hand cannot be preceded by what is to come.
                let limit = lanes.compactMap { $0.isSpent ? nil : $0.current.last }.min()
                guard let limit else { return }
                var slices: [ArraySlice<IndexEntry>] = []
                for lane in lanes.indices where !lanes[lane].isSpent {
                    let rest = lanes[lane].current[lanes[lane].position...].prefix(IndexMerge.mostAtATime)
                    slices.append(rest)
                }
                let step = slices.compactMap(\.last).min().map { min($0, limit) } ?? limit
                slices = slices.map { $0.prefix(IndexEntry.count(in: $0, upTo: step)) }
                var taken = slices.makeIterator()
                for lane in lanes.indices where !lanes[lane].isSpent {
                    lanes[lane].position += taken.next()?.count ?? 0
                }
                try await output(IndexEntry.merge(slices))
            }
        }
    }

    /// Entries of one source merged at a time: what a large source in memory brings is merged in parts.
    private static let mostAtATime = 128 << 10

    /// Brings the next piece of a source to the fore, and begins to read the one behind it.
    private func refill(
        _ lane: Int,
        of lanes: inout [Lane],
        _ pages: Int,
        _ group: inout ThrowingTaskGroup<Read, any Error>
    ) async throws {
        while lanes[lane].ahead == nil, lanes[lane].isReading {
            guard let read = try await group.next() else { break }
            lanes[read.lane].ahead = read.entries
            lanes[read.lane].isReading = false
        }
        guard let next = lanes[lane].ahead else { return }
        lanes[lane].current = next
        lanes[lane].position = 0
        lanes[lane].ahead = nil
        readAhead(lane, of: &lanes, pages, &group)
    }

    private func readAhead(
        _ lane: Int,
        of lanes: inout [Lane],
        _ pages: Int,
        _ group: inout ThrowingTaskGroup<Read, any Error>
    ) {
        guard let piece = lanes[lane].nextPiece(pages) else { return }
        lanes[lane].isReading = true
        let object = IndexObject(store: store, run: piece.run)
        group.addTask(executorPreference: IOThreads.shared) {
            var read = try await object.readPages(piece.pages)
            return (lane, try read.allEntries())
        }
    }
}
