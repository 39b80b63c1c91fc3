import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import EventJournal

@Suite("Cost of the index")
struct IndexCostTests {
    /// A top of 40,000 entries over a bottom of four times 50,000.
    private static func index() async throws -> (IndexFixture, top: [IndexEntry], bottom: [IndexEntry]) {
        var index = IndexFixture()
        index.limits.topEntries = 0
        index.limits.entriesPerRun = 50_000
        let bottom = IndexFixture.entries(200_000, seed: 20)
        try await index.add(bottom)
        index.limits.topEntries = 60_000
        let top = IndexFixture.entries(40_000, seed: 21)
        try await index.add(top)
        try #require(index.runs.map(\.level) == [.top, .bottom, .bottom, .bottom, .bottom])
        index.counting.reset()
        return (index, top, bottom)
    }

    @Test("of a look-up is one get for each run that covers the hash: two on a cold reader")
    func cold() async throws {
        let (index, top, bottom) = try await Self.index()
        for entry in top.prefix(150) + bottom.prefix(150) {
            let reader = IndexReader(store: index.counting)
            index.counting.reset()
            #expect(try await reader.timestamps(hash: entry.hash, runs: index.runs) == index.expected(entry.hash))
            let counts = index.counting.counts
            #expect(counts[.get] == counts.total)
            #expect(counts.total == 2)
            // Pages around the place, not runs.
            #expect(counts.bytesRead < 100 << 10)
        }
    }

    @Test("of a look-up on a warm reader is one get, always: of the bottom or of the top")
    func warm() async throws {
        let (index, top, bottom) = try await Self.index()
        let reader = IndexReader(store: index.counting)
        let run = try #require(index.runs.first)
        for entry in bottom.suffix(IndexReader.lookUpsBeforeHashes(run)) {
            _ = try await reader.timestamps(hash: entry.hash, runs: index.runs)
        }
        index.counting.reset()
        for entry in bottom.prefix(5000) {
            #expect(try await reader.timestamps(hash: entry.hash, runs: index.runs) == [entry.timestamp])
            #expect(index.counting.reset().total == 1)
        }
        for entry in top.prefix(1000) {
            let found = try await reader.first(hash: entry.hash, runs: index.runs) { $0 }
            #expect(found == [entry.timestamp])
            #expect(index.counting.reset().total == 1)
        }
        var random = SeededRandom(seed: 25)
        for _ in 0..<1000 {
            #expect(try await reader.timestamps(hash: random.next(), runs: index.runs).isEmpty)
            #expect(index.counting.reset().total == 1)
        }
    }

    @Test("includes the top's filter at the second look-up, and all of the top once as much as that was read")
    func becomingWarm() async throws {
        let (index, _, bottom) = try await Self.index()
        let reader = IndexReader(store: index.counting)
        let run = try #require(index.runs.first)
        let warm = IndexReader.lookUpsBeforeHashes(run)
        try #require(warm == 4)
        var requests: [Int] = []
        for entry in bottom.prefix(100) {
            _ = try await reader.timestamps(hash: entry.hash, runs: index.runs)
            requests.append(index.counting.counts.total)
        }
        let counts = index.counting.reset()
        // Two runs for the first; the filter and a run for the second; a run, or two if the filter errs; all of the top
        // and a run; then a run each.
        #expect(requests.prefix(2) == [2, 4])
        #expect(counts.total - requests[warm - 1] == 100 - warm)
        #expect(counts.total <= 104)
        #expect(counts.bytesRead < 100 * 90 << 10 + UInt64(run.bytes))
    }

    @Test("in memory is that of filters where the hashes of the top would not fit")
    func withoutHashes() async throws {
        let (index, _, bottom) = try await Self.index()
        let reader = IndexReader(store: index.counting, cacheCapacity: 400_000)
        for entry in bottom.prefix(2) { _ = try await reader.timestamps(hash: entry.hash, runs: index.runs) }
        index.counting.reset()
        for entry in bottom.prefix(300) {
            #expect(try await reader.timestamps(hash: entry.hash, runs: index.runs) == [entry.timestamp])
        }
        // One in a hundred passes the top's filter for nothing.
        #expect((300...315).contains(index.counting.reset().total))
    }

    @Test("hashes of a run are exactly those it has", arguments: [0, 1, 2, 300, 70_000])
    func hashes(count: Int) throws {
        let limits: [UInt64] = [
            0, 1 << 16, 0xFFFF << 16, 1 << 48, 1 << 48 - 1 << 16, UInt64.max << 16, UInt64.max << 48,
        ]
        let edges = limits.map { IndexEntry(hash: $0, timestamp: 0) }
        for extra in [[], edges, Array(edges.prefix(3)), Array(edges.suffix(2))] {
            let entries = (IndexFixture.entries(count, seed: 26) + extra).sorted()
            var hashes = IndexHashes(entries: entries.count)
            for start in stride(from: 0, to: entries.count, by: 1000) {
                hashes.append(Array(entries[start..<min(start + 1000, entries.count)]))
            }
            let model = Set(entries.map(\.hash))
            let wrong = entries.flatMap { entry -> [UInt64] in
                let near: [UInt64] = [entry.hash, entry.hash &+ 1 << 16, entry.hash &- 1 << 16, entry.hash ^ 1 << 48]
                return near.filter { hashes.contains($0) != model.contains($0) }
            }
            #expect(wrong.isEmpty)
            for limit in limits { #expect(hashes.contains(limit) == model.contains(limit)) }
        }
    }

    @Test("of look-ups in small runs is one get a run, ever")
    func smallRuns() async throws {
        var index = IndexFixture()
        index.limits.topEntries = 0
        index.limits.entriesPerRun = 5000
        let entries = IndexFixture.entries(20_000, seed: 22)
        try await index.add(entries)
        index.counting.reset()
        let reader = IndexReader(store: index.counting)
        for entry in entries.prefix(1000) {
            #expect(try await reader.timestamps(hash: entry.hash, runs: index.runs) == [entry.timestamp])
        }
        let found = try await reader.timestamps(hashes: entries.map(\.hash), runs: index.runs)
        #expect(found.map(\.timestamp) == entries.map(\.timestamp))
        #expect(index.counting.counts.total == 4)
    }

    @Test("of many look-ups at once is few large gets, or a filter's")
    func bulk() async throws {
        let (index, top, bottom) = try await Self.index()
        let bytes = UInt64(index.runs.reduce(0) { $0 + $1.bytes })
        let all = (top + bottom).map(\.hash)
        let reader = IndexReader(store: index.counting)
        #expect(try await reader.timestamps(hashes: all, runs: index.runs).count == all.count)
        let full = index.counting.reset()
        #expect(full.total <= 5 * 4)
        #expect(full.bytesRead < bytes * 5 / 4)
        var random = SeededRandom(seed: 23)
        let absent = (0..<400).map { _ in random.next() }
        #expect(try await reader.timestamps(hashes: absent, runs: index.runs).isEmpty)
        let none = index.counting.reset()
        #expect(none.bytesRead < bytes / 4)
    }

    @Test("in memory stays below the cache's limit, and answers stay right")
    func cacheLimit() async throws {
        var index = IndexFixture()
        index.limits.topEntries = 0
        index.limits.entriesPerRun = 1000
        let entries = IndexFixture.entries(20_000, seed: 24)
        try await index.add(entries)
        for capacity in [0, 20_000, 100_000] {
            let reader = IndexReader(store: index.store, cacheCapacity: capacity)
            for entry in entries.prefix(300) {
                #expect(try await reader.timestamps(hash: entry.hash, runs: index.runs) == [entry.timestamp])
                #expect(reader.cache.bytes <= capacity)
            }
        }
    }
}
