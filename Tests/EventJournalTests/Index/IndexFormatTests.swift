import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import EventJournal

@Suite("Index objects")
struct IndexFormatTests {
    @Test(
        "need 16 bytes an entry at most from 112 entries on, 15.4 in long runs",
        arguments: [1, 111, 112, 291, 292, 293, 584, 1000, 17_000, 37_084, 1_000_000, 4 << 20]
    )
    func bytesPerEntry(entries: Int) {
        let layout = IndexLayout(entries: entries, filtered: true)
        if entries >= 112 { #expect(layout.byteCount <= 16 * entries) }
        if entries >= 17_000 { #expect(Double(layout.byteCount) <= 15.4 * Double(entries)) }
    }

    @Test("never need more than 16 bytes an entry, whatever their number")
    func everyLength() {
        #expect((112...100_000).allSatisfy { IndexLayout(entries: $0, filtered: true).byteCount <= 16 * $0 })
        #expect(IndexLayout(entries: 111, filtered: true).byteCount > 16 * 111)
    }

    @Test("are as long as their layout says, and sound", arguments: [1, 2, 291, 292, 293, 584, 585, 20_000])
    func length(entries: Int) async throws {
        let store = MemoryObjectStore()
        let runs = try await IndexFixture.run(IndexFixture.entries(entries, seed: 3), level: .top, in: store)
        let run = try #require(runs.first)
        #expect(runs.count == 1 && run.entries == entries)
        #expect(try await store.head(run.path).size == UInt64(run.bytes))
        #expect(run.bytes == run.layout.byteCount)
        try await IndexReader(store: store).check(run)
    }

    @Test("have these very bytes")
    func goldenBytes() async throws {
        let store = MemoryObjectStore()
        let entries = [
            IndexEntry(hash: 0x0102_0304_0506_0708, timestamp: -1),
            IndexEntry(hash: 0xFFEE_DDCC_BBAA_9988, timestamp: 0x1122_3344_5566_7788),
        ]
        let run = try #require(try await IndexFixture.run(entries, in: store).first)
        let bytes = try await store.get(run.path, range: nil).bytes
        let text = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let page = "00020000" + "010203040506" + "ffffffffffffffff" + "ffeeddccbbaa" + "1122334455667788"
        #expect(text.dropFirst(8).hasPrefix(page))
        let footer = "48574958" + "00011000" + "0000000000000002" + "0102030405060000" + "ffeeddccbbaa0000"
        #expect(text.dropFirst(2 * (36 + 40)).hasPrefix(footer + "0000000000000024" + "00000001"))
        // Made by a few lines of Python from the description of the format, with zlib's CRC-32.
        #expect(text == Self.golden)
    }

    private static let golden =
        "eaa8c83600020000010203040506ffffffffffffffffffeeddccbbaa1122334455667788f8711648"
        + "000100000c0000000020080002000004000204000201000001000200010000004000040048574958"
        + "0001100000000000000000020102030405060000ffeeddccbbaa0000000000000000002400000001"
        + "3fc94f53"

    @Test("hold the lowest and the highest timestamps and hashes")
    func extremes() async throws {
        let store = MemoryObjectStore()
        let entries = [UInt64(0), .max]
            .flatMap { hash in
                [Int64.min, -1, 0, .max].map { IndexEntry(hash: hash, timestamp: $0) }
            }
        let runs = try await IndexFixture.run(entries, in: store)
        for smallRun in [0, IndexReader.standardSmallRun] {
            let reader = IndexReader(store: store, smallRun: smallRun)
            for hash in [UInt64(0), 0xFFFF, .max] {
                #expect(try await reader.timestamps(hash: hash, runs: runs) == [.min, -1, 0, .max])
            }
            #expect(try await reader.timestamps(hash: 1 << 20, runs: runs).isEmpty)
            let found = try await reader.timestamps(hashes: [.max, 1 << 20, 0], runs: runs)
            #expect(found.map(\.position) == [0, 0, 0, 0, 2, 2, 2, 2])
        }
    }

    @Test("are none for no entries, and an index without runs has no answer")
    func nothing() async throws {
        let store = CountingObjectStore(MemoryObjectStore())
        #expect(try await IndexFixture.run([], in: store).isEmpty)
        var builder = IndexBuilder(store: store, generator: UUIDv7Generator())
        try await builder.add([])
        let change = try await builder.finish(updating: [])
        #expect(change.added.isEmpty && change.removed.isEmpty && change.runs.isEmpty)
        let reader = IndexReader(store: store)
        #expect(try await reader.timestamps(hash: 1, runs: []).isEmpty)
        #expect(try await reader.timestamps(hashes: [], runs: []).isEmpty)
        #expect(try await reader.timestamps(hashes: [1, 2], runs: []).isEmpty)
        #expect(store.counts.total == 0)
    }

    @Test("are divided at the limit, equally, and not between entries of one hash")
    func division() async throws {
        let store = MemoryObjectStore()
        let even = try await IndexFixture.run(IndexFixture.entries(10_001, seed: 4), in: store, limit: 5000)
        #expect(even.map(\.entries) == [3334, 3334, 3333])
        let same = (0..<150).map { IndexEntry(hash: UInt64($0 / 50) << 32, timestamp: Int64($0)) }
        let runs = try await IndexFixture.run(same, in: store, limit: 60)
        #expect(runs.map(\.entries) == [50, 50, 50] || runs.map(\.entries) == [100, 50])
        #expect(zip(runs, runs.dropFirst()).allSatisfy { $0.highHash < $1.lowHash })
        #expect(Set(even.map(\.path)).count == 3)
    }

    @Test("come back from the catalog's JSON as they went")
    func json() async throws {
        let store = MemoryObjectStore()
        let runs = try await IndexFixture.run(IndexFixture.entries(5000, seed: 5), in: store, limit: 2000)
        #expect(try IndexRun.decode(IndexRun.encode(runs)) == runs)
        #expect(try IndexRun.decode(IndexRun.encode([])).isEmpty)
        let spaced = IndexRun.encode(runs).replacing(",", with: " ,\n\t")
            .replacing("{\"path\"", with: "{ \"x\":[{},1.5e3,null,{\"a\":\"\\\"]\"}] , \"path\"")
        #expect(try IndexRun.decode(spaced) == runs)
    }

    @Test("that the catalog names wrongly are refused")
    func malformedJSON() async throws {
        let store = MemoryObjectStore()
        let text = IndexRun.encode(try await IndexFixture.run(IndexFixture.entries(500, seed: 6), in: store))
        for end in 0..<text.utf8.count {
            #expect(throws: JournalError(.damagedIndex, "")) { try IndexRun.decode(String(text.prefix(end))) }
        }
        for (old, new) in [
            ("\"level\":1", "\"level\":2"), ("\"entries\":500", "\"entries\":501"),
            ("\"entries\":500", "\"entries\":0"),
            ("\"entries\":500", "\"entries\":-500"), ("\"entries\":500", "\"entries\":9223372036854775807"),
            ("\"lowHash\":\"", "\"lowHash\":\"0"), ("\"runs\"", "\"rums\""), ("]}", "]}}"),
        ] {
            #expect(throws: JournalError(.damagedIndex, ""), "\(new)") {
                try IndexRun.decode(text.replacing(old, with: new))
            }
        }
        let deep = "{\"runs\":" + String(repeating: "[", count: 100_000)
        #expect(throws: JournalError(.damagedIndex, "")) { try IndexRun.decode(deep) }
        let deeper = "{\"x\":" + String(repeating: "{\"a\":", count: 100_000)
        #expect(throws: JournalError(.damagedIndex, "")) { try IndexRun.decode(deeper) }
    }
}
