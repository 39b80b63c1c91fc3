import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import EventJournal

@Suite("Damage to the index")
struct IndexDamageTests {
    private static let damaged = JournalError(.damagedIndex, "")

    /// A run, and the same object in another state.
    private static func damagedRun(
        _ entries: [IndexEntry],
        level: IndexRun.Level = .bottom,
        _ change: (inout [UInt8]) -> Void
    ) async throws -> (MemoryObjectStore, IndexRun) {
        let store = MemoryObjectStore()
        let runs = try await IndexFixture.run(entries, level: level, in: store)
        let run = try #require(runs.first)
        var bytes = try await store.get(run.path, range: nil).bytes
        change(&bytes)
        try await store.put(run.path, bytes)
        return (store, run)
    }

    @Test("of a single bit anywhere is an error or leaves the answer right, and never escapes a check")
    func flippedBits() async throws {
        let entries = IndexFixture.entries(700, seed: 7)
        var random = SeededRandom(seed: 8)
        let length = IndexLayout(entries: 700, filtered: true).byteCount
        for _ in 0..<150 {
            let (offset, bit) = (Int.random(in: 0..<length, using: &random), UInt8.random(in: 0..<8, using: &random))
            let comment: Comment = "bit \(bit) of byte \(offset)"
            let (store, run) = try await Self.damagedRun(entries, level: .top) { $0[offset] ^= 1 << bit }
            for smallRun in [0, IndexReader.standardSmallRun] {
                let reader = IndexReader(store: store, smallRun: smallRun)
                await #expect(throws: Self.damaged, comment) { try await reader.check(run) }
                for probe in entries.shuffled(using: &random).prefix(10) {
                    // Twice, since the second look-up is by the filter.
                    for _ in 0..<2 {
                        do {
                            let found = try await reader.timestamps(hash: probe.hash, runs: [run])
                            #expect(found == [probe.timestamp], comment)
                        } catch {
                            #expect(error as? JournalError == Self.damaged, comment)
                        }
                    }
                }
                do {
                    let found = try await reader.timestamps(hashes: entries.map(\.hash), runs: [run])
                    #expect(found.map(\.timestamp) == entries.map(\.timestamp), comment)
                } catch {
                    #expect(error as? JournalError == Self.damaged, comment)
                }
            }
        }
    }

    @Test("that makes the object shorter or longer is an error", arguments: [0, 1, 100, 4095, 4096, 9000, -1, -4096])
    func otherLength(removed: Int) async throws {
        let entries = IndexFixture.entries(700, seed: 9)
        let (store, run) = try await Self.damagedRun(entries) { bytes in
            if removed > 0 { bytes.removeLast(removed) }
            if removed < 0 { bytes += [UInt8](repeating: 0, count: -removed) }
            if removed == 0 { bytes = [] }
        }
        for smallRun in [0, IndexReader.standardSmallRun] {
            let reader = IndexReader(store: store, smallRun: smallRun)
            for probe in entries.prefix(20) {
                await #expect(throws: Self.damaged) { try await reader.timestamps(hash: probe.hash, runs: [run]) }
            }
            await #expect(throws: Self.damaged) {
                try await reader.timestamps(hashes: entries.map(\.hash), runs: [run])
            }
            await #expect(throws: Self.damaged) { try await reader.check(run) }
        }
    }

    @Test("of pages that changed places is an error")
    func swappedPages() async throws {
        let entries = IndexFixture.entries(292 * 3, seed: 10)
        let (store, run) = try await Self.damagedRun(entries) { bytes in
            let first = Array(bytes[0..<4096])
            bytes.replaceSubrange(0..<4096, with: bytes[4096..<8192])
            bytes.replaceSubrange(4096..<8192, with: first)
        }
        let error = await #expect(throws: JournalError.self) {
            try await IndexReader(store: store).timestamps(hash: run.lowHash, runs: [run])
        }
        #expect(error == Self.damaged)
        #expect(error?.object == run.path)
        #expect(error?.message.contains("highwater reindex") == true)
    }

    @Test("stops a merge, which leaves nothing behind")
    func merge() async throws {
        let entries = IndexFixture.entries(5000, seed: 11)
        let (store, run) = try await Self.damagedRun(entries, level: .top) { $0[9000] ^= 4 }
        var limits = IndexLimits()
        limits.bufferedEntries = 1000
        var builder = IndexBuilder(store: store, generator: UUIDv7Generator(), limits: limits)
        try await builder.add(IndexFixture.entries(3500, seed: 12))
        await #expect(throws: Self.damaged) { try await builder.finish(updating: [run]) }
        #expect(try await store.listAll().collect(upTo: 1000).map(\.key) == [run.path])
    }

    @Test("of an object that is gone says that the store has it not")
    func missing() async throws {
        let store = MemoryObjectStore()
        let run = try #require(try await IndexFixture.run(IndexFixture.entries(10, seed: 13), in: store).first)
        try await store.delete(run.path)
        let error = await #expect(throws: JournalError.self) {
            try await IndexReader(store: store).timestamps(hash: run.lowHash, runs: [run])
        }
        #expect(error?.storeCode == .notFound)
    }

    @Test("by a store that fails while an index is built leaves no object", arguments: 1...12)
    func failingStore(request: Int) async throws {
        let store = FaultyStore(failing: request)
        var limits = IndexLimits()
        limits.bufferedEntries = 1000
        limits.spills = 2
        var builder = IndexBuilder(store: store, generator: UUIDv7Generator(), limits: limits)
        do {
            try await builder.add(IndexFixture.entries(4500, seed: 14))
            _ = try await builder.finish(updating: [])
            Issue.record("the build did not notice")
        } catch {
            #expect((error as? JournalError)?.code == .storage)
            await builder.abandon()
        }
        #expect(try await store.listAll().collect(upTo: 1000).isEmpty)
    }
}
