import EventJournal
import Foundation
import ObjectStorage
import ObjectStorageTesting
import S3Storage
import Testing

@testable import FlashFlood

@Suite("Exporting to the original library")
struct ExportTests {
    private typealias Told = OriginalFlood.Told

    private func time(_ seconds: Double) -> Int64 { 1_709_251_200_000_000 + Int64(seconds * 1e6) }

    private func journal(_ events: [Event]) async throws -> Journal {
        let journal = try await Journal.open("memory:\(UUID().uuidString)", create: true)
        try await journal.append(EventBatch(events))
        return journal
    }

    private func event(_ id: String, _ seconds: Double, _ data: [UInt8]) -> Event {
        Event(id: id, timestamp: Timestamp(microseconds: time(seconds)), data: data)
    }

    private func told(_ events: [Event]) -> [OriginalFlood.Told] {
        events.map { .init($0.id, $0.timestamp.microseconds, $0.data) }
    }

    /// Looks at a flood in every way the library has, and compares it with events in order of replay.
    private func expect(_ flood: OriginalFlood, holds events: [Event]) async throws {
        let results = try await flood.run([.replay, .get(events.map(\.id)), .streams])
        #expect(try OriginalFlood.told(results[0]) == told(events))
        #expect(try OriginalFlood.told(results[1]) == told(events))
        let streams = try #require(results[2] as? [[String: Any]])
        var streamed: [[String]] = []
        var replayed: [OriginalFlood.Told] = []
        for stream in streams {
            streamed += try #require(stream["events"] as? [[String]])
            replayed += try OriginalFlood.told(stream["replayed"])
            #expect(stream["size"] as? Int == stream["blob"] as? Int)
        }
        #expect(streamed == told(events).map { [$0.id, $0.data] })
        #expect(replayed == told(events))
    }

    @Test("replay, get_event, list_event_streams and the streams give the same ids, dates and bytes")
    func everything() async throws {
        var random = SeededRandom(seed: 4)
        let events = (0..<60)
            .map { number in
                let size = number % 9 == 0 ? 0 : Int.random(in: 1...3000, using: &random)
                return event(
                    "x\(number)_",
                    Double(number) * 0.25,
                    (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
                )
            }
        let flood = try await OriginalFlood()
        let exporter = FlashFloodExporter(
            of: try await journal(events),
            to: try flood.store,
            options: FlashFloodExportOptions(journalBytes: 20_000, journalEvents: 7)
        )
        let report = try await exporter.run()
        #expect(report.exported == 60)
        #expect(report.rejected == 0)
        #expect(report.journals > 9)
        try await expect(flood, holds: events)
    }

    @Test("every id of a family that begins alike is found, and odd ones")
    func ids() async throws {
        let ids = [
            "a", "ab", "abc", "abd", "a!", "a~", "-x", "y-", "a.dead", "dir/x", "dir/xy", "Grüße", "日本",
            "q\"uo\\te\u{1F600}",
            "sp ace", "plus+", "%41", "=&?#", "new", "0000000001", "a-0000000001", "é", "e\u{301}",
            String(repeating: "l", count: 900),
        ]
        let events = ids.enumerated().map { event($1, Double($0), Array("of \($1)".utf8)) }
        let flood = try await OriginalFlood()
        let exporter = FlashFloodExporter(
            of: try await journal(events),
            to: try flood.store,
            options: FlashFloodExportOptions(journalEvents: 2)
        )
        #expect(try await exporter.run().exported == ids.count)
        try await expect(flood, holds: events)
    }

    @Test("many events of one moment stay in one journal, so none is lost at the end of flash-flood's listing")
    func oneMoment() async throws {
        let events = (0..<30).map { event("s\(100 + $0)_", $0 < 5 ? 0 : 1, $0 % 4 == 0 ? [] : [UInt8($0)]) }
        let flood = try await OriginalFlood()
        let exporter = FlashFloodExporter(
            of: try await journal(events),
            to: try flood.store,
            options: FlashFloodExportOptions(journalEvents: 3)
        )
        #expect(try await exporter.run().journals == 2)
        #expect(try await flood.replay() == told(events))
    }

    @Test("what flash-flood cannot hold is named and left out, the rest is exported")
    func rejected() async throws {
        let events = [
            event("good", 0, [1]), event("bad--id", 1, [2]), event("bad//id", 2, [3]), event("/bad", 3, [4]),
            event("con\u{1}trol", 4, [5]), event(String(repeating: "x", count: 1010), 5, [6]),
            Event(id: "early", timestamp: Timestamp(microseconds: FloodTime.first - 1), data: [7]),
            Event(id: "late", timestamp: Timestamp(microseconds: FloodTime.last + 1), data: [8]),
            Event(id: "keyed", timestamp: Timestamp(microseconds: time(9)), key: "k", data: [9]),
        ]
        let flood = try await OriginalFlood()
        let rejected = Rejections()
        let report = try await FlashFloodExporter(of: try await journal(events), to: try flood.store)
            .run(rejected: { rejected.add($0) })
        #expect(report.rejected == 7)
        #expect(report.withoutFields == 1)
        #expect(
            Set(rejected.all.map { String($0.id.prefix(8)) })
                == ["bad--id", "bad//id", "/bad", "con\u{1}trol", "xxxxxxxx", "early", "late"]
        )
        #expect(try await flood.replay() == told([events[0], events[8]]))
    }

    @Test("an export goes on where it stopped, and takes what is new, changed and deleted")
    func again() async throws {
        var events = (0..<20).map { event("g\($0)_", Double($0), Array("g\($0)".utf8)) }
        let journal = try await journal(events)
        let flood = try await OriginalFlood()
        let options = FlashFloodExportOptions(journalEvents: 4)
        _ = try await FlashFloodExporter(of: journal, to: try flood.store, options: options).run()
        let keys = try await flood.keys()
        let again = try await FlashFloodExporter(of: journal, to: try flood.store, options: options).run()
        #expect(again.exported == 0)
        #expect(again.alreadyThere == 20)
        #expect(try await flood.keys() == keys)
        events.append(event("g20_", 20, [1]))
        events[6].data = Array("changed".utf8)
        try await journal.append(EventBatch([events[20]]))
        try await journal.update("g6_", data: events[6].data)
        try await journal.delete("g13_")
        events.remove(at: 13)
        let more = try await FlashFloodExporter(of: journal, to: try flood.store, options: options).run()
        #expect(more.removedJournals > 0)
        try await expect(flood, holds: events)
        let remaining = try await flood.keys()
        #expect(!remaining.contains { $0.hasPrefix("index/g13_") })
        #expect(remaining.filter { $0.hasPrefix("blobs/") }.count == more.journals)
        // As if the first export had died before its last manifests.
        let manifests = remaining.filter { $0.hasPrefix("journals/") }.sorted().suffix(2)
        try await flood.run(manifests.map { .removeObject($0) })
        let resumed = try await FlashFloodExporter(of: journal, to: try flood.store, options: options).run()
        #expect(resumed.journals == more.journals)
        #expect(resumed.exported > 0 && resumed.alreadyThere > 0)
        try await expect(flood, holds: events)
    }

    @Test("the library goes on with an exported flood, and it comes back whole")
    func roundTrip() async throws {
        let events = (0..<12).map { event("t\($0)_", Double($0), Array("t\($0)".utf8)) }
        let flood = try await OriginalFlood()
        let exported = FlashFloodExporter(
            of: try await journal(events),
            to: try flood.store,
            options: FlashFloodExportOptions(journalEvents: 5)
        )
        _ = try await exported.run()
        let results = try await flood.run([
            .put("more_", time(100), [1, 2]), .update("t3_", [3]), .delete("t4_"), .apply, .update("t0_", []),
            .delete("t11_"), .journal(1), .replay,
        ])
        #expect(!results.contains { $0 == nil })
        let journal = try await Journal.open("memory:\(UUID().uuidString)", create: true)
        _ = try await FlashFloodImporter(from: try flood.store, into: journal).run()
        var expected = events
        expected[3].data = [3]
        expected[0].data = []
        expected.remove(at: 11)
        expected.remove(at: 4)
        expected.append(event("more_", 100, [1, 2]))
        #expect(try await journal.told() == told(expected))
        // What flash-flood wrote itself is not overwritten.
        await #expect { _ = try await exported.run() } throws: { ($0 as? FlashFloodError)?.code == .occupied }
    }

    @Test("metadata is kept as it was given; what S3 cannot keep is refused")
    func metadata() async throws {
        let flood = try await OriginalFlood()
        let store = try flood.store
        try await store.put("index/a", [1], mode: .overwrite, metadata: ["target": "x--y=z", "n-1": "2"])
        #expect(try await store.metadata(of: "index/a", named: "target") == "x--y=z")
        #expect(try await store.metadata(of: "index/a", named: "other") == nil)
        let seen = try await flood.run([.init(name: "metadata", arguments: ["key": "index/a"])])[0] as? [String: String]
        #expect(seen == ["target": "x--y=z", "n-1": "2"])
        await #expect(throws: ObjectStoreError(.notFound, "")) {
            _ = try await store.metadata(of: "index/b", named: "target")
        }
        for metadata in [["Target": "x"], ["": "x"], ["a b": "x"], ["a": "é"], ["a": "x\r\ny: z"]] {
            await #expect(throws: ObjectStoreError(.failed, "")) {
                try await store.put("index/c", [], mode: .overwrite, metadata: metadata)
            }
        }
    }

    @Test("a store without metadata is refused")
    func directory() async throws {
        let exporter = FlashFloodExporter(of: try await journal([event("a", 0, [])]), to: MemoryObjectStore())
        await #expect { _ = try await exporter.run() } throws: { ($0 as? FlashFloodError)?.code == .unsupportedStore }
    }
}
