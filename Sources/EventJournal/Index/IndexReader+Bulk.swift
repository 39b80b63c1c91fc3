internal import ObjectStorage

extension IndexReader {
    /// One standard deviation less than a single look-up: what is missed is read again, and counts less among many.
    private static let bulkSigmas = 5.0
    /// 2 MiB.
    private static let mostPagesPerRead = 512
    /// How many pages not needed are read rather than making two requests: 256 KiB.
    private static let bridgedPages = 64
    /// Runs that are looked into at the same time, and reads of each: requests overlap, where one takes 30 ms.
    private static let runsAtATime = 4
    private static let readsAtATime = 2

    /// Pages that are read at once, and the hashes sought in them.
    private struct Read: Sendable {
        var run: IndexRun
        var pages: Range<Int>
        /// In the sorted list.
        var probes: Range<Int>
    }

    /// The timestamps of all entries with any of many hashes.
    ///
    /// In each run it reads the pages where the hashes are by interpolation, all of them when the hashes are many. When
    /// those are much more than the run's filter, it reads the filter first and then what that leaves.
    ///
    /// Memory: 64 bytes for each hash, 16 MiB of pages, and the filters of four runs (20 MiB at most).
    ///
    /// - Parameters:
    ///   - hashes: Full hashes of ids, in any order, also repeated.
    ///   - runs: The index.
    /// - Returns: For each entry the place of its hash in `hashes`; by place, then by timestamp. An entry that is in
    ///   several runs comes once.
    /// - Throws: As ``timestamps(hash:runs:)``.
    func timestamps(hashes: [UInt64], runs: [IndexRun]) async throws -> [(position: Int, timestamp: Int64)] {
        var probes = hashes.enumerated().map { IndexEntry(hash: $1, timestamp: Int64($0)) }
        IndexEntry.sort(&probes)
        let sorted = probes
        var matches = try await mapConcurrently(runs, limit: IndexReader.runsAtATime) { run in
            let range = IndexReader.range(of: run, in: sorted)
            return range.isEmpty ? [] : try await timestamps(sorted[range], in: run)
        }
        .flatMap(\.self)
        // A position in the place of the hash: sorted by position, then by timestamp.
        IndexEntry.sort(&matches)
        var result: [(position: Int, timestamp: Int64)] = []
        result.reserveCapacity(matches.count)
        var previous: IndexEntry?
        for match in matches where match != previous {
            result.append((Int(match.hash >> 16), match.timestamp))
            previous = match
        }
        return result
    }

    /// A match as an entry, so that matches can be sorted as entries are.
    private static func match(_ position: Int64, _ timestamp: Int64) -> IndexEntry {
        IndexEntry(hash: UInt64(position) << 16, timestamp: timestamp)
    }

    private static func range(of run: IndexRun, in probes: [IndexEntry]) -> Range<Int> {
        let low =
            run.lowHash == 0
            ? 0 : IndexEntry.count(in: probes[...], upTo: IndexEntry(hash: run.lowHash - 1, timestamp: .max))
        return low..<max(low, IndexEntry.count(in: probes[...], upTo: IndexEntry(hash: run.highHash, timestamp: .max)))
    }

    private func timestamps(_ sought: ArraySlice<IndexEntry>, in run: IndexRun) async throws -> [IndexEntry] {
        if run.bytes <= smallRun {
            var pages = try await small(run)
            return try IndexReader.find(sought, in: &pages).matches
        }
        var probes = Array(sought)
        var reads = plan(probes, in: run)
        let bytes = reads.reduce(0) { $0 + $1.pages.count * IndexLayout.pageBytes }
        var kept = cache.item(run)
        if kept == nil, bytes > 2 * run.layout.filterBytes.count { kept = .filter(try await filter(run)) }
        if let kept {
            probes.removeAll { kept.excludes($0.hash) }
            reads = plan(probes, in: run)
        }
        let (store, remaining) = (store, probes)
        let found = try await mapConcurrently(reads, limit: IndexReader.readsAtATime) { read in
            var pages = try await IndexObject(store: store, run: read.run).readPages(read.pages)
            return try IndexReader.find(remaining[read.probes], in: &pages)
        }
        var matches = found.flatMap(\.matches)
        // What interpolation missed: next to none, unless somebody made ids to that end.
        let missed = try await mapConcurrently(found.flatMap(\.missed), limit: 8) { probe in
            try await search(probe.hash, in: run).map { IndexReader.match(probe.timestamp, $0) }
        }
        matches += missed.joined()
        return matches
    }

    /// Divides the search for hashes in a run into reads.
    private func plan(_ probes: [IndexEntry], in run: IndexRun) -> [Read] {
        var reads: [Read] = []
        for (index, probe) in probes.enumerated() {
            let window = IndexSearch(probe.hash, in: run).window(sigmas: IndexReader.bulkSigmas)
            if var last = reads.last, window.lowerBound <= last.pages.upperBound + IndexReader.bridgedPages,
                max(window.upperBound, last.pages.upperBound) - last.pages.lowerBound <= IndexReader.mostPagesPerRead,
                window.lowerBound >= last.pages.lowerBound
            {
                last.pages = last.pages.lowerBound..<max(last.pages.upperBound, window.upperBound)
                last.probes = last.probes.lowerBound..<(index + 1)
                reads[reads.count - 1] = last
            } else {
                reads.append(Read(run: run, pages: window, probes: index..<(index + 1)))
            }
        }
        return reads
    }

    /// Looks for hashes, which ascend, in pages.
    private static func find(
        _ probes: ArraySlice<IndexEntry>,
        in pages: inout IndexPages
    ) throws -> (matches: [IndexEntry], missed: [IndexEntry]) {
        var matches: [IndexEntry] = []
        var missed: [IndexEntry] = []
        var page = 0
        for probe in probes {
            guard case .complete(let places) = try pages.find(probe.hash, fromPage: page) else {
                missed.append(probe)
                continue
            }
            if places.lowerBound < pages.count { page = pages.page(ofEntry: places.lowerBound) }
            for timestamp in pages.timestamps(places) { matches.append(match(probe.timestamp, timestamp)) }
        }
        return (matches, missed)
    }
}
