import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import EventJournal

@Suite("Index maintenance")
struct IndexMaintenanceTests {
    private static func run(_ level: IndexRun.Level, _ entries: Int, low: UInt64 = 0, high: UInt64 = 1 << 20)
        -> IndexRun
    {
        IndexRun(
            path: "_index/\(level.number)-\(entries)-\(low)",
            level: level,
            entries: entries,
            bytes: IndexLayout(entries: entries, filtered: true).byteCount,
            lowHash: low,
            highHash: high
        )
    }

    @Test("merges the top into the bottom above 2 M entries and a sixteenth of the bottom")
    func levels() {
        let maintenance = IndexMaintenance()
        let top = Self.run(.top, 1_500_000)
        let bottom = (0..<20)
            .map { Self.run(.bottom, 4_000_000, low: UInt64($0) << 32, high: UInt64($0) << 32 + 1 << 20) }
        #expect(maintenance.plan([], newEntries: 2_000_000) == .init(level: .top, merged: [], kept: []))
        #expect(maintenance.plan([], newEntries: 2_000_001) == .init(level: .bottom, merged: [], kept: []))
        #expect(maintenance.plan([top], newEntries: 500_000) == .init(level: .top, merged: [[top]], kept: []))
        #expect(maintenance.plan([top], newEntries: 500_001) == .init(level: .bottom, merged: [[top]], kept: []))
        #expect(
            maintenance.plan(bottom + [top], newEntries: 3_500_000) == .init(level: .top, merged: [[top]], kept: bottom)
        )
        #expect(
            maintenance.plan(bottom.reversed() + [top], newEntries: 3_500_001)
                == .init(level: .bottom, merged: [[top], bottom], kept: [])
        )
    }

    @Test("says what is new and what is no longer needed, and leaves both in place")
    func change() async throws {
        var index = IndexFixture()
        index.limits.topEntries = 1000
        let first = try await index.add(IndexFixture.entries(900, seed: 30))
        #expect(first.runs.map(\.level) == [.top] && first.added == first.runs && first.removed.isEmpty)
        let second = try await index.add(IndexFixture.entries(900, seed: 31))
        #expect(second.runs.map(\.level) == [.bottom] && second.removed == first.runs.map(\.path))
        let third = try await index.add(IndexFixture.entries(10, seed: 32))
        #expect(third.runs.map(\.level) == [.top, .bottom] && third.removed.isEmpty)
        #expect(third.added == [third.runs[0]] && third.runs[1] == second.runs[0])
        for run in first.runs + second.runs + third.runs {
            #expect(try await index.store.exists(run.path))
        }
        await IndexBuilder.discard(third.added, in: index.store)
        #expect(try await !index.store.exists(third.added[0].path))
    }

    @Test("takes what is there already once")
    func repeated() async throws {
        var index = IndexFixture()
        let entries = IndexFixture.entries(500, seed: 33)
        try await index.add(entries)
        try await index.add(entries.reversed() + entries)
        #expect(index.runs.map(\.entries) == [500])
    }

    @Test("rebuilds an index from entries in any order, many times what it holds in memory")
    func rebuild() async throws {
        var index = IndexFixture()
        index.limits.bufferedEntries = 700
        index.limits.spills = 3
        index.limits.topEntries = 2000
        index.limits.entriesPerRun = 4000
        try await index.add(IndexFixture.entries(100, seed: 34))
        let entries = IndexFixture.entries(10_000, seed: 35)
        var builder = IndexBuilder(store: index.store, generator: index.generator, limits: index.limits)
        for start in stride(from: 0, to: entries.count, by: 900) {
            try await builder.add(Array(entries[start..<min(start + 900, entries.count)]))
        }
        #expect(builder.count == 10_000)
        let change = try await builder.finish(replacing: index.runs)
        #expect(change.removed == index.runs.map(\.path))
        #expect(change.runs == change.added && change.runs.map(\.level) == [.bottom, .bottom, .bottom])
        #expect(change.runs.reduce(0) { $0 + $1.entries } == 10_000)
        let reader = IndexReader(store: index.store)
        let found = try await reader.timestamps(hashes: entries.map(\.hash), runs: change.runs)
        #expect(found.map(\.timestamp) == entries.map(\.timestamp))
        let objects = try await index.store.listAll(prefix: IndexRun.folder).collect(upTo: 1000).map(\.key)
        #expect(Set(objects) == Set((change.runs + index.runs).map(\.path)))
    }

    @Test("rebuilds the index of an empty journal as none")
    func rebuildNothing() async throws {
        var index = IndexFixture()
        try await index.add(IndexFixture.entries(100, seed: 36))
        var builder = IndexBuilder(store: index.store, generator: index.generator)
        let change = try await builder.finish(replacing: index.runs)
        #expect(change.runs.isEmpty && change.removed == index.runs.map(\.path))
    }

    @Test("gives up without a trace when it is abandoned")
    func abandoned() async throws {
        let store = MemoryObjectStore()
        var limits = IndexLimits()
        limits.bufferedEntries = 100
        var builder = IndexBuilder(store: store, generator: UUIDv7Generator(), limits: limits)
        try await builder.add(IndexFixture.entries(1000, seed: 37))
        #expect(try await store.listAll().collect(upTo: 100).count == 10)
        await builder.abandon()
        #expect(try await store.listAll().collect(upTo: 100).isEmpty)
        #expect(builder.count == 0)
    }
}
