import ObjectStorage
import Testing

@testable import EventJournal

@Suite("Latest per key")
struct LatestPerKeyTests {
    @Test("delivers the last event of each key in the range, in order", arguments: 0..<20 as Range<UInt64>)
    func model(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let store = MemoryObjectStore()
        let journal = Journal(store: store)
        let keys = Int.random(in: 1...40, using: &random)
        var number = 0
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            var events: [Event] = []
            for _ in 0..<Int.random(in: 1...60, using: &random) {
                let key = Int.random(in: 0...keys, using: &random)
                events.append(
                    Event(
                        id: "e\(number)",
                        timestamp: Timestamp(microseconds: Int64.random(in: 0..<50, using: &random)),
                        key: key == keys ? nil : "key-\(key)",
                        data: Array("\(number)".utf8)
                    )
                )
                number += 1
            }
            try await journal.append(events)
        }
        for _ in 0..<Int.random(in: 0...10, using: &random) {
            let id = "e\(Int.random(in: 0..<number, using: &random))"
            guard try await journal.event(id) != nil else { continue }
            if Bool.random(using: &random) {
                try await journal.update(id, data: Array("new \(id)".utf8))
            } else {
                try await journal.delete(id)
            }
        }
        for (after, through) in [(nil, nil), (10, 30), (nil, 25), (40, nil)] as [(Int64?, Int64?)] {
            let after = after.map { Timestamp(microseconds: $0) }
            let through = through.map { Timestamp(microseconds: $0) }
            let all = try await journal.replay(after: after, through: through).events.collect()
            var last: [String: Event] = [:]
            for event in all { if let key = event.key { last[key] = event } }
            let reader = Bool.random(using: &random) ? journal : Journal(store: store)
            let options = ReplayOptions(latestPerKey: true)
            let latest = try await reader.replay(after: after, through: through, options: options).events.collect()
            #expect(latest == all.filter { $0.key.flatMap { last[$0] } == $0 }, "seed \(seed)")
        }
    }

    @Test(
        "a table of keys takes at most 100 bytes a key at any moment, the list of rows included, and finds each again"
    )
    func table() {
        var table = KeyTable()
        // Below that the parts have hardly begun to fill.
        let fewest = 5000
        for round in 0..<2 {
            for number in 0..<100_000 as Range<UInt32> {
                let key = Array("key number \(number)".utf8)
                let entry = unsafe key.withUnsafeBytes { key in
                    unsafe KeyTable.Entry(
                        key: KeyFingerprint(key),
                        timestamp: Int64(round),
                        batchID: .zero,
                        segment: UInt32(round),
                        row: number
                    )
                }
                let before = table.peakByteCount
                table.insert(entry)
                if round == 0, number >= fewest, table.peakByteCount > before {
                    let bytes = table.peakByteCount + 8 * Int(number)
                    #expect(bytes <= 100 * Int(number), "\(number) keys took \(bytes) bytes")
                }
            }
            #expect(table.count == 100_000)
        }
        #expect(table.byteCount <= 92 * table.count)
        #expect(table.takeRows() == [1: Array(0..<100_000)])
        #expect(table.count == 0)
    }
}

extension AsyncSequence {
    fileprivate func collect() async throws -> [Element] {
        var all: [Element] = []
        for try await element in self { all.append(element) }
        return all
    }
}
