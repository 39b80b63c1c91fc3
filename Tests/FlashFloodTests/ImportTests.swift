import EventJournal
import Foundation
import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import FlashFlood

@Suite("Importing what the original library wrote")
struct ImportTests {
    private typealias Told = OriginalFlood.Told

    /// 2024-03-01, and so many seconds.
    private func time(_ seconds: Double) -> Int64 { 1_709_251_200_000_000 + Int64(seconds * 1e6) }

    private func journal() async throws -> Journal {
        try await Journal.open("memory:\(UUID().uuidString)", create: true)
    }

    private func bytes(_ count: Int, _ seed: UInt64) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    private func imported(
        _ flood: OriginalFlood,
        _ options: FlashFloodImportOptions = FlashFloodImportOptions()
    ) async throws -> (report: FlashFloodImportReport, events: [OriginalFlood.Told]) {
        let journal = try await journal()
        let report = try await FlashFloodImporter(from: try flood.store, into: journal, options: options).run()
        return (report, try await journal.told())
    }

    @Test("new, combined, updated and deleted events come over with id, date and bytes")
    func everything() async throws {
        let flood = try await OriginalFlood()
        var model: [String: (Int64, [UInt8])] = [:]
        var operations: [OriginalFlood.Operation] = []
        for number in 0..<40 {
            let event = (time(Double(number) + 0.123456), bytes(number * 37 % 500 + 1, UInt64(number)))
            model["e\(number)x"] = event
            operations.append(.put("e\(number)x", event.0, event.1))
        }
        // Applied before combining, applied by combining, applied after it, and pending.
        operations += [.update("e3x", [1, 2, 3]), .delete("e4x"), .apply]
        operations += [.update("e5x", bytes(9000, 99)), .delete("e6x"), .journal(20, size: 1000)]
        operations += [.update("e7x", [7]), .delete("e0x"), .apply]
        operations += [
            .update("e8x", [8, 8]), .update("e8x", [8, 8, 8]), .delete("e9x"), .update("e30x", []), .delete("e31x"),
        ]
        let results = try await flood.run(operations)
        #expect(!results.contains { $0 == nil })
        model["e3x"]?.1 = [1, 2, 3]
        model["e5x"]?.1 = bytes(9000, 99)
        model["e7x"]?.1 = [7]
        model["e8x"]?.1 = [8, 8, 8]
        model["e30x"]?.1 = []
        for gone in ["e4x", "e6x", "e0x", "e9x", "e31x"] { model[gone] = nil }
        let (report, events) = try await imported(flood)
        #expect(events == model.map { Told($0.key, $0.value.0, $0.value.1) }.sorted { $0.time ?? 0 < $1.time ?? 0 })
        #expect(report.imported == model.count)
        #expect(report.deleted == 2)
        #expect(report.failures.isEmpty)
        #expect(report.strangers.isEmpty)
    }

    @Test("ids that share a prefix, and odd ones, are not confused, changes of them included")
    func oddIDs() async throws {
        let flood = try await OriginalFlood()
        // The longer ones last: the library takes an id for known when another begins with it.
        let ids = [
            "a", "ab", "abc", "-x", "y-", "a.dead", "dir/x", "dir/xy", "Grüße", "Gru\u{308}ße", "日本", "q\"uo\\te",
            "sp ace",
            "plus+", "%41", "=&?#", "🎉", "new", "UPDATE",
        ]
        var operations = ids.enumerated()
            .map { OriginalFlood.Operation.put($1, time(Double($0)), Array("first \($1)".utf8)) }
        for id in ids where !["a", "ab", "dir/x"].contains(id) {
            operations.append(.update(id, Array("new \(id)".utf8)))
        }
        operations += [.delete("🎉"), .delete("UPDATE")]
        let results = try await flood.run(operations)
        #expect(!results.contains { $0 == nil })
        let (report, events) = try await imported(flood)
        #expect(report.deleted == 2)
        let left = ids.filter { !["🎉", "UPDATE"].contains($0) }
        #expect(events.count == left.count)
        for (event, id) in zip(events, left) {
            let isUpdated = !["a", "ab", "dir/x"].contains(id)
            #expect(event.id.utf8.elementsEqual(id.utf8))
            #expect(event.data == Data("\(isUpdated ? "new" : "first") \(id)".utf8).base64EncodedString())
        }
        // The original itself does not know "a" from "abc".
        #expect(try await flood.get(["a"])[0].time == nil)
    }

    @Test("many events of one moment, empty payloads and journals combined in any order come over")
    func collated() async throws {
        let flood = try await OriginalFlood()
        var operations: [OriginalFlood.Operation] = []
        var model: Set<Told> = []
        for number in 0..<24 {
            let event = Told("m\(number)!", time(Double(number / 8)), number % 5 == 0 ? [] : bytes(64, UInt64(number)))
            model.insert(event)
            operations.append(.put(event.id, event.time ?? 0, number % 5 == 0 ? [] : bytes(64, UInt64(number))))
        }
        operations += [.journal(4), .journal(3), .collate(1, 5), .collate(0, 3)]
        try await flood.run(operations)
        let (report, events) = try await imported(flood)
        #expect(Set(events) == model)
        #expect(events.count == model.count)
        #expect(report.failures.isEmpty)
    }

    @Test("where flash-flood died between two steps, each event comes once, as it was last")
    func leftovers() async throws {
        let flood = try await OriginalFlood()
        var operations: [OriginalFlood.Operation] = (0..<10)
            .map { .put("d\($0)_", time(Double($0)), Array("old \($0)".utf8)) }
        operations += [
            .update("d2_", Array("newer 2".utf8)), .dieCombining(0, 6), .update("d3_", Array("newest 3".utf8)),
        ]
        operations += [.apply]
        try await flood.run(operations)
        let (report, events) = try await imported(flood)
        #expect(events.map(\.id) == (0..<10).map { "d\($0)_" })
        #expect(events[2].data == Data("newer 2".utf8).base64EncodedString())
        #expect(events[3].data == Data("newest 3".utf8).base64EncodedString())
        #expect(report.imported == 10)
        #expect(report.alreadyThere > 0)
    }

    @Test("deletions after a crash in the middle of combining stay deleted, where the original brings them back")
    func deletionsAfterCrash() async throws {
        let flood = try await OriginalFlood()
        var operations: [OriginalFlood.Operation] = (0..<8)
            .map { .put("k\($0)_", time(Double($0)), Array("payload \($0)".utf8)) }
        // 1 is deleted when the library dies, 2 and 3 behind that; of these 2 is applied, which removes it from the
        // combined journal alone; 4 comes again afterwards.
        operations += [
            .delete("k1_"), .dieCombining(0, 6), .delete("k2_"), .delete("k4_"), .apply, .delete("k3_"),
            .put("k4_", time(4.5), Array("again".utf8)), .replay,
        ]
        let results = try await flood.run(operations)
        let original = try OriginalFlood.told(results.last ?? nil).map(\.id)
        #expect(original.contains("k2_"), "the original has it back; then there is nothing to do better")
        let (report, events) = try await imported(flood)
        #expect(events.map(\.id) == ["k0_", "k4_", "k5_", "k6_", "k7_"])
        #expect(events.count < 2 || events[1].data == Data("again".utf8).base64EncodedString())
        #expect(report.deleted > 0)
        #expect(report.failures.isEmpty)
    }

    @Test("a range that begins inside a journal gives the right bytes, which the original's does not")
    func range() async throws {
        let flood = try await OriginalFlood()
        var operations = (0..<10).map { OriginalFlood.Operation.put("r\($0)_", time(Double($0)), [UInt8($0), 65]) }
        operations += [.journal(10)]
        operations.append(.init(name: "replay", arguments: ["first": time(4), "last": time(7)]))
        let wrong = try OriginalFlood.told(try #require(try await flood.run(operations).last ?? nil))
        #expect(wrong.map(\.id) == ["r5_", "r6_", "r7_"])
        #expect(wrong[0].data != Data([5, 65]).base64EncodedString())
        let journal = try await journal()
        _ = try await FlashFloodImporter(from: try flood.store, into: journal).run()
        var events: [Event] = []
        let range = journal.replay(
            after: Timestamp(microseconds: time(4)),
            through: Timestamp(microseconds: time(7))
        )
        for try await event in range.events { events.append(event) }
        #expect(events.map(\.data) == [[5, 65], [6, 65], [7, 65]])
    }

    @Test("importing again adds nothing, reads no payload, and takes what is new")
    func again() async throws {
        let flood = try await OriginalFlood()
        var operations: [OriginalFlood.Operation] = (0..<30)
            .map { .put("i\($0)_", time(Double($0)), bytes(100, $0.magnitude64)) }
        operations += [.journal(10), .journal(5)]
        try await flood.run(operations)
        let journal = try await journal()
        let store = CountingObjectStore(try flood.store)
        let importer = FlashFloodImporter(from: store, into: journal)
        #expect(try await importer.run().imported == 30)
        let before = try await journal.told()
        store.reset()
        let again = try await importer.run()
        #expect(again.imported == 0)
        #expect(again.alreadyThere == 30)
        #expect(store.counts[.get] == again.journals)
        #expect(try await journal.told() == before)
        #expect(try await journal.statistics().duplicates == 0)
        try await flood.run([.put("later", time(77), [1])])
        #expect(try await importer.run().imported == 1)
    }

    @Test("an import that was cut off goes on with what is missing", arguments: [1, 2] as [UInt64])
    func resumed(seed: UInt64) async throws {
        let flood = try await OriginalFlood()
        let operations = (0..<40)
            .map { OriginalFlood.Operation.put("c\($0)_", time(Double($0)), bytes(300, seed + $0.magnitude64)) }
        try await flood.run(operations)
        let journal = try await journal()
        var random = SeededRandom(seed: seed)
        // Manifests and blobs are read by turns, as units fill.
        let options = FlashFloodImportOptions(unitBytes: 1 << 20, unitEvents: 4, parallelism: 2, requests: 3)
        let limited = LimitedStore(base: try flood.store, gets: Int.random(in: 20...70, using: &random))
        await #expect(throws: ObjectStoreError(.unavailable, "")) {
            _ = try await FlashFloodImporter(from: limited, into: journal, options: options).run()
        }
        let there = try await journal.told()
        let store = CountingObjectStore(try flood.store)
        let report = try await FlashFloodImporter(from: store, into: journal, options: options).run()
        #expect(report.alreadyThere == there.count, "seed \(seed)")
        #expect(report.imported == 40 - there.count, "seed \(seed)")
        #expect(store.counts[.get] == 40 + report.imported, "seed \(seed)")
        let events = try await journal.told()
        #expect(events == (0..<40).map { Told("c\($0)_", time(Double($0)), bytes(300, seed + $0.magnitude64)) })
    }

    @Test("a long import is compacted on the way, and compares with what was compacted")
    func checkpoints() async throws {
        let flood = try await OriginalFlood()
        try await flood.run((0..<20).map { .put("k\($0)_", time(Double($0)), [UInt8($0)]) })
        let journal = try await journal()
        var options = FlashFloodImportOptions(unitEvents: 3, parallelism: 2)
        let passed = Countdown(1000)
        options.eventsBetweenCheckpoints = 5
        options.checkpoint = {
            _ = passed.take()
            _ = try await journal.compact()
        }
        let importer = FlashFloodImporter(from: try flood.store, into: journal, options: options)
        #expect(try await importer.run().imported == 20)
        #expect((1...4).contains(1000 - passed.count))
        #expect(try await importer.run().alreadyThere == 20)
        #expect(try await journal.told().map(\.id) == (0..<20).map { "k\($0)_" })
    }

    @Test("a large journal is read in parts, whatever the size of a unit")
    func largeJournal() async throws {
        let flood = try await OriginalFlood()
        var operations = (0..<30)
            .map { OriginalFlood.Operation.put("l\($0)_", time(Double($0)), bytes(2000, $0.magnitude64)) }
        operations.append(.journal(30))
        try await flood.run(operations)
        for unit in [1, 7, 1000] {
            let (report, events) = try await imported(
                flood,
                FlashFloodImportOptions(unitBytes: 20_000, unitEvents: unit, parallelism: 3, requests: 2)
            )
            #expect(report.journals == 1)
            #expect(events == (0..<30).map { Told("l\($0)_", time(Double($0)), bytes(2000, $0.magnitude64)) })
        }
    }
}

extension Int {
    /// For seeds.
    var magnitude64: UInt64 { UInt64(magnitude) }
}

/// A store that answers so many gets and no more.
struct LimitedStore: ForwardingObjectStore {
    let base: any ObjectStore
    private let left: Countdown

    init(base: any ObjectStore, gets: Int) {
        self.base = base
        left = Countdown(gets)
    }

    func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        guard left.take() else { throw ObjectStoreError(.unavailable, "no more") }
        return try await base.get(key, range: range)
    }
}
