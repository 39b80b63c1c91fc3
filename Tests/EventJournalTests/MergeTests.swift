import Parquet
import Testing

@testable import EventJournal

@Suite("Merge")
struct MergeTests {
    @Test("orders rows by timestamp, arrival and row, whatever overlaps", arguments: 0..<100 as Range<UInt64>)
    func order(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var parts: [ReplayPart] = []
        var expected: [(timestamp: Int64, rank: Int, row: Int)] = []
        let spread = [3, 50, 10_000].randomElement(using: &random) ?? 3
        for rank in 0..<Int.random(in: 0..<12, using: &random) {
            let start = Int64.random(in: 0..<200, using: &random)
            let timestamps = (0..<Int.random(in: 1..<80, using: &random))
                .map { _ in
                    start + Int64.random(in: 0..<Int64(spread), using: &random)
                }
                .sorted()
            var batches: [EventBatch] = []
            var batch = EventBatch()
            for (row, timestamp) in timestamps.enumerated() {
                expected.append((timestamp, rank, row))
                batch.append(
                    Event(
                        id: "\(rank)/\(row)",
                        timestamp: Timestamp(microseconds: timestamp),
                        key: rank % 2 == 0 ? "k\(row)" : nil,
                        data: Array("\(rank):\(row)".utf8)
                    )
                )
                if Int.random(in: 0..<10, using: &random) == 0 {
                    batches.append(batch)
                    batch = EventBatch()
                }
            }
            if !batch.isEmpty { batches.append(batch) }
            parts.append(ReplayPart(rank: rank, firstRow: 0, batches: batches))
        }
        expected.sort { ($0.timestamp, $0.rank, $0.row) < ($1.timestamp, $1.rank, $1.row) }
        parts.shuffle(using: &random)
        let merged = Merge.merge(parts)
        let events = merged.flatMap { batch in (0..<batch.count).map { batch[$0] } }
        #expect(events.map(\.id) == expected.map { "\($0.rank)/\($0.row)" }, "seed \(seed)")
        #expect(events.map(\.text) == expected.map { "\($0.rank):\($0.row)" }, "seed \(seed)")
        #expect(events.map(\.key) == expected.map { $0.rank % 2 == 0 ? "k\($0.row)" : nil }, "seed \(seed)")
        #expect(merged.allSatisfy { $0.ids.isValid() && $0.payloads.isValid() && !$0.isEmpty })
    }

    @Test("passes parts that overlap no other through untouched")
    func passThrough() {
        let parts = (0..<5)
            .map { rank in
                let batch = EventBatch(
                    (0..<3)
                        .map { row in
                            Event(
                                id: "\(rank)-\(row)",
                                timestamp: Timestamp(microseconds: Int64(rank * 10 + row)),
                                data: []
                            )
                        }
                )
                return ReplayPart(rank: rank, firstRow: 0, batches: [batch, EventBatch([batch[2]])])
            }
        #expect(Merge.merge(parts.reversed()).count == 10)
    }
}
