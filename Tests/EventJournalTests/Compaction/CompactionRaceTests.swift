import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import EventJournal

@Suite("Compactions that race")
struct CompactionRaceTests {
    @Test("two compactors, three writers and a reader at once lose nothing", arguments: 0..<6 as Range<UInt64>)
    func race(seed: UInt64) async throws {
        let fixture = CompactionFixture()
        let yields = FaultPlan(
            seed: seed,
            rules: [
                .init(.yieldBefore(Int(seed) * 3 + 1), .probability(0.5)), .init(.yieldAfter(7), .probability(0.3)),
            ]
        )
        let wrap: (any ObjectStore) -> any ObjectStore = { FaultInjectingObjectStore($0, plan: yields) }
        let expected = Shared<[String: String]>([:])
        let writersLeft = Shared(3)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<3 {
                let journal = fixture.another(wrap)
                group.addTask {
                    var random = SeededGenerator(seed: seed * 10 + UInt64(writer))
                    var mine: [String] = []
                    for round in 0..<20 {
                        let events = (0..<Int.random(in: 1..<6, using: &random))
                            .map { number in
                                Event(
                                    id: "w\(writer)-\(round)-\(number)",
                                    timestamp: Timestamp(microseconds: Int64.random(in: 0..<40, using: &random)),
                                    data: Array("first".utf8)
                                )
                            }
                        try await journal.append(events)
                        mine += events.map(\.id)
                        expected.withLock { expected in for event in events { expected[event.id] = "first" } }
                        let id = mine[Int.random(in: 0..<mine.count, using: &random)]
                        if round % 3 == 1 {
                            try await journal.update(id, data: Array("round \(round)".utf8))
                            expected.withLock { $0[id] = "round \(round)" }
                        } else if round % 5 == 2 {
                            // From the beginning of the call on it may be gone.
                            expected.withLock { $0[id] = nil }
                            try await journal.delete(id)
                            mine.removeAll { $0 == id }
                            if mine.isEmpty { continue }
                        }
                        await Task.yield()
                    }
                    writersLeft.withLock { $0 -= 1 }
                }
            }
            for compactor in 0..<2 {
                let journal = fixture.another(wrap)
                group.addTask {
                    while writersLeft.withLock({ $0 > 0 }) {
                        do {
                            let policy = CompactionPolicy(
                                force: true,
                                appliesChanges: compactor == 0,
                                isThorough: compactor == 1
                            )
                            try await journal.compact(policy)
                            fixture.time.advance(by: .seconds(5))
                        } catch let error as JournalError where error.code == .conflict {
                            continue
                        }
                    }
                }
            }
            let reader = fixture.another(wrap)
            group.addTask {
                while writersLeft.withLock({ $0 > 0 }) {
                    let before = expected.withLock { Set($0.keys) }
                    let ids = try await reader.collect().map(\.id)
                    #expect(Set(ids).count == ids.count, "seed \(seed): an event twice")
                    // What is there before and after must be there between.
                    let after = expected.withLock { Set($0.keys) }
                    let missing = before.intersection(after).subtracting(ids)
                    #expect(missing.isEmpty, "seed \(seed): \(missing) are missing")
                }
            }
            try await group.waitForAll()
        }
        let events = try await fixture.another().collect()
        #expect(Dictionary(uniqueKeysWithValues: events.map { ($0.id, $0.text) }) == expected.withLock { $0 })
        try await fixture.another().compact(CompactionPolicy(force: true, appliesChanges: true, isThorough: true))
        #expect(try await fixture.another().collect() == events, "seed \(seed)")
        #expect(try await fixture.another().verify().isClean)
    }

    @Test("who comes second deletes what it wrote, and plans again")
    func loser() async throws {
        let fixture = CompactionFixture()
        try await fixture.journal.append([Event(id: "a", timestamp: 1, data: [49])])
        let rival = fixture.another()
        let isFirst = Shared(true)
        // The rival commits just before the other one does.
        let slow = fixture.another { store in
            RacingStore(base: store) { key in
                guard key.hasPrefix("_delta_log/"),
                    isFirst.withLock({ first in
                        defer { first = false }
                        return first
                    })
                else {
                    return
                }
                try await rival.compact()
            }
        }
        let report = try await slow.compact(CompactionPolicy(force: true))
        #expect(report.commits == 0)
        let state = try await fixture.another().compaction.listing().state
        #expect(state.version == 0 && state.segments.count == 1)
        #expect(try await fixture.memory.keys("segments/") == state.segments.map(\.key))
        #expect(try await fixture.memory.keys("_index/") == state.runs.map(\.path))
    }
}

/// Does something before each put.
struct RacingStore: ForwardingObjectStore {
    let base: any ObjectStore
    let beforePut: @Sendable (String) async throws -> Void

    func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        try await beforePut(key)
        return try await base.put(key, bytes, mode: mode)
    }
}
