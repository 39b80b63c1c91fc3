import Foundation
import ObjectStorage
import Testing

@testable import EventJournal

/// What is on storage stays readable for ever, by us and by others.
@Suite("Format")
struct FormatTests {
    // MARK: - Golden files

    /// The segments of `Resources/format-1`, and what was appended to make them.
    ///
    /// Do not change this, nor the files: they stand for journals people have. A new version of the format gets a
    /// folder of its own. `HIGHWATER_RECORD_GOLDEN=1` writes segments that are missing, and fails.
    private static let golden: [(batchID: UUIDv7, events: [Event])] = [
        (
            UUIDv7(high: 0x018D_F8A5_6C00_7001, low: 0x8000_0000_0000_0001),
            [
                Event(id: "plain", timestamp: 1_709_251_200_000_000, key: "doc", data: Array(#"{"a":1}"#.utf8)),
                Event(id: "no key", timestamp: 1_709_251_200_000_001, data: Array("text".utf8)),
                Event(id: "empty", timestamp: 0, key: "", data: []),
                Event(id: "not UTF-8", timestamp: -1, data: [0xFF, 0xFE, 0x00]),
                Event(
                    id: "archived",
                    timestamp: 5,
                    key: "k",
                    data: Array("x".utf8),
                    source: "stream/shard-0",
                    sequence: "49590"
                ),
                Event(id: "ünïcödé \u{0} 🦀", timestamp: 6, key: "clé", data: Array("Zürich".utf8)),
                Event(id: "first of all", timestamp: -9_223_372_036_854_775_807, data: [0x30]),
                Event(id: "last of all", timestamp: 9_223_372_036_854_775_807, data: [0x31]),
            ]
        ),
        (
            UUIDv7(high: 0x018D_F8A5_6C01_7001, low: 0x8000_0000_0000_0002),
            [
                Event(id: "plain", timestamp: 1, data: Array("a second write, which does not count".utf8)),
                Event(id: "second segment", timestamp: 6, data: Array("behind the first at one moment".utf8)),
            ]
        ),
    ]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Resources/format-1")

    /// The golden segments as a journal's store, keys and all.
    private static func goldenStore() async throws -> MemoryObjectStore {
        let inbox = folder.appending(path: "_inbox")
        var names = try FileManager.default.contentsOfDirectory(atPath: inbox.path).filter { $0.hasSuffix(".parquet") }
        if ProcessInfo.processInfo.environment["HIGHWATER_RECORD_GOLDEN"] != nil, names.isEmpty {
            for (batchID, events) in golden {
                let encoded = try SegmentWriter(compressionLevel: 1).encode(EventBatch(events), batchID: batchID)
                try Data(encoded.bytes).write(to: folder.appending(path: encoded.segment.key))
            }
            Issue.record("golden segments were recorded; run again without HIGHWATER_RECORD_GOLDEN")
            names = try FileManager.default.contentsOfDirectory(atPath: inbox.path)
        }
        let store = MemoryObjectStore()
        for name in names {
            let bytes = try Data(contentsOf: inbox.appending(path: name))
            try await store.put("_inbox/" + name, Array(bytes), mode: .ifAbsent)
        }
        return store
    }

    @Test("segments of format 1 read as what was appended")
    func goldenJournal() async throws {
        let store = try await Self.goldenStore()
        let journal = Journal(store: store)
        let expected = (Self.golden[0].events + Self.golden[1].events.dropFirst()).enumerated()
            .sorted { ($0.element.timestamp, $0.offset) < ($1.element.timestamp, $1.offset) }
            .map(\.element)
        #expect(try await journal.collect() == expected)
        for event in expected { #expect(try await journal.event(event.id) == event) }
        let report = try await journal.verify()
        #expect(report.isClean && report.soundSegments == 2 && report.events == 9 && report.duplicates == 1)
    }

    @Test("names of segments of format 1 say what is inside")
    func goldenNames() async throws {
        let store = try await Self.goldenStore()
        let objects = try await store.list(ListOptions(prefix: Segment.inbox)).objects.sorted { $0.key < $1.key }
        #expect(objects.count == Self.golden.count)
        for (object, golden) in zip(objects, Self.golden) {
            let segment = try #require(Segment(key: object.key))
            #expect(segment.key == object.key && segment.batchID == golden.batchID)
            #expect(segment.events == golden.events.count && segment.objectBytes == Int(object.size))
            #expect(segment.first == golden.events.map(\.timestamp).min())
            #expect(segment.last == golden.events.map(\.timestamp).max())
            #expect(segment.payloadBytes == golden.events.reduce(0) { $0 + $1.data.count })
            #expect(segment.checksum?.matchesObject(try await store.get(object.key, range: nil).bytes) == true)
        }
    }

    @Test("the same events written today have the same rows, in the same places")
    func writesTheSameRows() async throws {
        let store = try await Self.goldenStore()
        for (key, golden) in zip(try await store.keys(), Self.golden) {
            let today = try SegmentWriter(compressionLevel: 3)
                .encode(EventBatch(golden.events), batchID: golden.batchID)
            let then = try SegmentRows.read(key, try await store.get(key, range: nil).bytes)
            #expect(try SegmentRows.read(today.segment.key, today.bytes) == then)
            // All of the name but size and checksum, which are those of other compressed bytes.
            #expect(today.segment.key.split(separator: "_").prefix(5) == key.split(separator: "_").prefix(5))
        }
    }

    // MARK: - Other readers

    /// A journal in a directory as many appends leave it: small and large segments, some over others.
    private static func directory() async throws -> (ScratchDirectory, Journal) {
        let directory = try ScratchDirectory()
        let journal = try await Journal.open(directory.path)
        var random = SeededGenerator(seed: 5)
        for (part, count) in [1, 2, 700, 40, 3000].enumerated() {
            try await journal.append(
                (0..<count)
                    .map { number in
                        var event = Event(
                            id: "event \(part)/\(number) ☃",
                            timestamp: Timestamp(
                                // From the year 1 to 9999, and many of one moment.
                                microseconds: Bool.random(using: &random)
                                    ? Int64.random(
                                        in: -62_135_596_800_000_000...253_402_300_799_999_999,
                                        using: &random
                                    )
                                    : Int64(number % 5)
                            ),
                            key: [nil, "", "a key", "clé \(number % 10)"].randomElement(using: &random) ?? nil,
                            data: Array(#"{"number":\#(number),"text":"Zürich"}"#.utf8)
                        )
                        if number % 3 == 1 { event.data = [0xC3, 0x28, UInt8(number & 0xFF), 0] }
                        if number % 7 == 0 { event.data = [] }
                        if number % 2 == 0 { (event.source, event.sequence) = ("shard \(number % 4)", "\(number)") }
                        return event
                    }
            )
        }
        return (directory, journal)
    }

    @Test("other readers see what a replay gives, in the types the format promises", arguments: OtherReader.allCases)
    func otherReaders(reader: OtherReader) async throws {
        let (directory, journal) = try await Self.directory()
        let events = try await journal.collect()
        let rows = try reader.rows(journal: directory.path)
        #expect(rows.count == events.count && events.count == 3743)
        #expect(rows.allSatisfy { $0.op == "put" })
        // A row has one payload, in the one column or the other.
        let seen = Dictionary(rows.map { ($0.event_id, $0.event) }) { first, _ in first }
        #expect(events.allSatisfy { seen[$0.id] == $0 })
        for row in rows where row.data != nil { #expect(row.data_bytes == nil) }
        // Order of replay as anybody can have it: by time, and by order of arrival.
        let batches = try await journal.segments().compactMap(\.batchID?.description)
        #expect(Set(rows.map(\.batch_id)) == Set(batches) && batches.count == 5)
        let order = rows.sorted { ($0.timestamp, $0.batch_id) < ($1.timestamp, $1.batch_id) }
        #expect(order.map(\.timestamp) == events.map(\.timestamp.microseconds))
        let arrival = Dictionary(rows.map { ($0.event_id, $0.batch_id) }) { first, _ in first }
        #expect(events.map { arrival[$0.id] } == order.map(\.batch_id))
    }

    @Test("other readers read the golden segments", arguments: [OtherReader.pyarrow, .polars])
    func otherReadersOfGolden(reader: OtherReader) throws {
        // DuckDB takes the first and the last moment of all for infinite.
        let rows = try reader.rows(journal: Self.folder.path)
        #expect(Set(rows.map(\.event)) == Set(Self.golden.flatMap { $0.events.map(Optional.some) }))
        #expect(Set(rows.map(\.batch_id)) == Set(Self.golden.map(\.batchID.description)))
    }
}
