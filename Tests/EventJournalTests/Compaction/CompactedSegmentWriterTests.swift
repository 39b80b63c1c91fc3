import ObjectStorage
import ObjectStorageTesting
import Parquet
import Testing

@testable import EventJournal

@Suite("Compacted segment writer")
struct CompactedSegmentWriterTests {
    private static let run = UUIDv7(high: 0x0190_163D_8694_739B, low: 0xAEA5_966C_26F8_AD91)

    /// A small layout, so that few events make many row groups and objects.
    private static func layout(target: Int, group: Int = 400, events: Int = 20) -> CompactedSegmentLayout {
        var layout = CompactedSegmentLayout()
        layout.targetObjectBytes = target
        layout.rowGroupPayloadBytes = group
        layout.rowGroupEvents = events
        layout.pageBytes = 128
        return layout
    }

    /// Random rows in replay order: equal timestamps, equal batches, missing fields, payloads that are no text.
    private static func rows(_ count: Int, moments: Int64, batches: Int, _ random: inout SeededGenerator)
        -> [CompactedRow]
    {
        let names = (0..<batches).map { UUIDv7(high: 0x0190_163D_8694_7000 + UInt64($0), low: 1 << 63).description }
        return (0..<count)
            .map { number in
                let data: [UInt8] =
                    switch Int.random(in: 0..<8, using: &random) {
                    case 0: []
                    case 1: [0xFF, UInt8.random(in: 0...255, using: &random)]
                    case 2: Array(repeating: 120, count: Int.random(in: 0..<1200, using: &random))
                    default: Array("{\"number\":\(number)}".utf8)
                    }
                return CompactedRow(
                    batchID: names[Int.random(in: 0..<batches, using: &random)],
                    event: Event(
                        id: "event-\(number)",
                        timestamp: Timestamp(microseconds: Int64.random(in: -moments...moments, using: &random)),
                        key: Bool.random(using: &random) ? "key-\(number % 7)" : nil,
                        data: data,
                        source: number % 50 == 0 ? "source" : nil,
                        sequence: number % 60 == 0 ? "\(number)" : nil
                    )
                )
            }
            .enumerated()
            .sorted { left, right in
                let (a, b) = (left.element, right.element)
                if a.event.timestamp != b.event.timestamp { return a.event.timestamp < b.event.timestamp }
                return a.batchID != b.batchID ? a.batchID < b.batchID : left.offset < right.offset
            }
            .map(\.element)
    }

    private static func write(_ rows: [CompactedRow], _ writer: CompactedSegmentWriter, _ random: inout SeededGenerator)
        async throws -> [CompactedSegment]
    {
        var start = 0
        while start < rows.count {
            let end = min(rows.count, start + Int.random(in: 1...40, using: &random))
            var batchIDs = ByteArrays()
            for row in rows[start..<end] { batchIDs.append(row.batchID.utf8) }
            var batch = EventBatch(rows[start..<end].map(\.event))
            batch.batchIDs = batchIDs
            try await writer.append(batch)
            start = end
        }
        return try await writer.finish()
    }

    @Test("what is written is read back in order, and described as it is", arguments: 0..<60 as Range<UInt64>)
    func roundTrip(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let rows = Self.rows(
            Int.random(in: 1..<600, using: &random),
            moments: [0, 3, 100, 1 << 40][Int(seed % 4)],
            batches: Int.random(in: 1..<9, using: &random),
            &random
        )
        let store = MemoryObjectStore()
        let layout = Self.layout(target: [1500, 4000, 1 << 20][Int.random(in: 0..<3, using: &random)])
        let writer = try CompactedSegmentWriter(
            store: store,
            run: Self.run,
            layout: layout,
            parallelism: Int.random(in: 1...4, using: &random)
        )
        let segments = try await Self.write(rows, writer, &random)
        #expect(try await store.keys("") == segments.map(\.key))
        #expect(segments.map(\.key) == writer.keys)
        var stored: [CompactedRow] = []
        for segment in segments {
            let bytes = try await store.get(segment.key, range: nil).bytes
            let groups = try CompactedRows.read(segment.key, bytes)
            let events = groups.joined()
            #expect(segment.objectBytes == bytes.count && segment.checksum == SegmentChecksum(of: bytes))
            #expect(segment.events == events.count)
            #expect(segment.payloadBytes == events.reduce(0) { $0 + $1.event.data.count })
            #expect(segment.first == events.first?.event.timestamp.microseconds)
            #expect(segment.last == events.last?.event.timestamp.microseconds)
            #expect(segment.rowGroups.map(\.rows) == groups.map(\.count))
            let metadata = try ParquetFile(bytes: bytes).metadata
            for ((place, rows), group) in zip(zip(segment.rowGroups, groups), metadata.rowGroups) {
                #expect(place.first == rows.first?.event.timestamp.microseconds)
                #expect(place.last == rows.last?.event.timestamp.microseconds)
                #expect(place.payloadBytes == rows.reduce(0) { $0 + $1.event.data.count })
                // A reader finds each column by the lengths of those before it.
                var offset = place.offset
                for (column, chunk) in zip(place.columns, group.columns) {
                    #expect(chunk.pages == .init(offset: offset, byteCount: column.bytes))
                    #expect(column.isCompressed == (chunk.codec == .zstd))
                    offset += column.bytes
                }
                #expect(offset == place.offset + place.bytes && place.columns.count == group.columns.count)
            }
            let nulls: [SegmentColumn: Int] = [
                .eventID: 0, .timestamp: 0, .batchID: 0,
                .key: events.count { $0.event.key == nil },
                .source: events.count { $0.event.source == nil },
                .sequence: events.count { $0.event.sequence == nil },
                .data: events.count { String(validating: $0.event.data, as: UTF8.self) == nil },
                .dataBytes: events.count { String(validating: $0.event.data, as: UTF8.self) != nil },
            ]
            #expect(segment.nullCounts == nulls)
            stored += events
        }
        #expect(stored == rows)
    }

    @Test("objects end where the timestamp changes, else where the batch does", arguments: 0..<40 as Range<UInt64>)
    func objectsEndBetweenPlaces(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let crowded = seed.isMultiple(of: 2)
        let rows = Self.rows(800, moments: crowded ? 1 : 500, batches: crowded ? 12 : 3, &random)
        let store = MemoryObjectStore()
        let layout = Self.layout(target: 3000)
        let writer = try CompactedSegmentWriter(store: store, run: Self.run, layout: layout, parallelism: 2)
        let segments = try await Self.write(rows, writer, &random)
        var stored: [[CompactedRow]] = []
        for segment in segments {
            stored.append(try await CompactedRows.read(segment.key, from: store).flatMap(\.self))
        }
        #expect(stored.count > 1)
        for (left, right) in zip(stored, stored.dropFirst()) {
            let (last, first) = (try #require(left.last), try #require(right.first))
            #expect(last.event.timestamp != first.event.timestamp || last.batchID != first.batchID)
            if !crowded { #expect(last.event.timestamp != first.event.timestamp) }
        }
    }

    @Test("one moment of one batch is one object, however large")
    func oneMoment() async throws {
        var random = SeededGenerator(seed: 1)
        let store = MemoryObjectStore()
        let writer = try CompactedSegmentWriter(
            store: store,
            run: Self.run,
            layout: Self.layout(target: 1000),
            parallelism: 2
        )
        let rows = Self.rows(500, moments: 0, batches: 1, &random)
        let segments = try await Self.write(rows, writer, &random)
        #expect(segments.count == 1 && segments[0].rowGroups.count > 4)
        #expect(try await CompactedRows.read(segments[0].key, from: store).flatMap(\.self) == rows)
    }

    @Test("a payload larger than a row group has one of its own")
    func largePayloads() async throws {
        let large = (0..<3).map { Array(repeating: UInt8(ascii: "a") + $0, count: 10 << 20) }
        let events = large.enumerated()
            .flatMap { number, data in
                [
                    Event(id: "large-\(number)", timestamp: Timestamp(microseconds: Int64(number)), data: data),
                    Event(id: "small-\(number)", timestamp: Timestamp(microseconds: Int64(number)), data: [49]),
                ]
            }
        var batchIDs = ByteArrays()
        for _ in events { batchIDs.append(Self.run.text) }
        let store = MemoryObjectStore()
        let writer = try CompactedSegmentWriter(
            store: store,
            run: Self.run,
            layout: CompactedSegmentLayout(),
            parallelism: 2
        )
        var batch = EventBatch(events)
        batch.batchIDs = batchIDs
        try await writer.append(batch)
        let segments = try await writer.finish()
        #expect(try await CompactedRows.read(segments[0].key, from: store).flatMap(\.self).map(\.event) == events)
        #expect(segments[0].rowGroups.allSatisfy { $0.payloadBytes <= 10 << 20 + 1 })
    }

    @Test("a store that fails leaves at most the objects named", arguments: 0..<12)
    func faults(request: Int) async throws {
        var random = SeededGenerator(seed: 7)
        let rows = Self.rows(400, moments: 100, batches: 3, &random)
        let memory = MemoryObjectStore()
        let rule = FaultPlan.Rule(
            request.isMultiple(of: 2) ? .errorBefore(.failed) : .errorAfter(.failed),
            on: [.beginUpload, .completeUpload, .writeUpload],
            .probability(0.1)
        )
        let store = FaultInjectingObjectStore(memory, plan: FaultPlan(seed: UInt64(request), rules: [rule]))
        let writer = try CompactedSegmentWriter(
            store: store,
            run: Self.run,
            layout: Self.layout(target: 1500),
            parallelism: 2
        )
        do {
            _ = try await Self.write(rows, writer, &random)
            #expect(store.log.isEmpty)
        } catch is ObjectStoreError {
            await writer.abort()
        }
        #expect(Set(try await memory.keys("")).isSubset(of: writer.keys))
    }
}
