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
        var repeated = 0
        for entry in top.prefix(150) + bottom.prefix(150) {
            let reader = IndexReader(store: index.counting)
            index.counting.reset()
            #expect(try await reader.timestamps(hash: entry.hash, runs: index.runs) == index.expected(entry.hash))
            let counts = index.counting.counts
            #expect(counts[.get] == counts.total)
            if counts.total > 2 { repeated += 1 }
            #expect(counts.total <= 3)
            // Pages around the place, not runs.
            #expect(counts.bytesRead < 100 << 10)
        }
        // Beyond four standard deviations is one in 15,000.
        #expect(repeated <= 1)
    }

    @Test("of a look-up on a warm reader is one get for what is in the bottom, and one for what is in the top")
    func warm() async throws {
        let (index, top, bottom) = try await Self.index()
        let reader = IndexReader(store: index.counting)
        // Two runs for the first; the filter, and one run, for the second.
        for entry in bottom.suffix(2) { _ = try await reader.timestamps(hash: entry.hash, runs: index.runs) }
        #expect(index.counting.reset().total == 4)
        for entry in bottom.prefix(300) {
            #expect(try await reader.timestamps(hash: entry.hash, runs: index.runs) == [entry.timestamp])
        }
        // One in a hundred passes the top's filter for nothing.
        #expect((300...315).contains(index.counting.reset().total))
        for entry in top.prefix(300) {
            let found = try await reader.first(hash: entry.hash, runs: index.runs) { $0 }
            #expect(found == [entry.timestamp])
        }
        #expect((300...301).contains(index.counting.reset().total))
    }

    @Test("includes the top's filter from the second look-up on, once")
    func becomingWarm() async throws {
        let (index, _, bottom) = try await Self.index()
        let reader = IndexReader(store: index.counting)
        for entry in bottom.prefix(100) { _ = try await reader.timestamps(hash: entry.hash, runs: index.runs) }
        let counts = index.counting.reset()
        // Two for the first; the filter and one for the second; then one.
        #expect((102...108).contains(counts.total))
        let filter = try #require(index.runs.first).layout.filterBytes.count
        #expect(counts.bytesRead < 100 * 70 << 10 + UInt64(filter))
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
