import DeltaLake
import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import EventJournal

/// A journal for compaction tests, on a clock and a course of time of its own.
final class CompactionFixture: Sendable {
    let memory = MemoryObjectStore()
    let time = VirtualTime()
    /// The store, whose dates are those of ``time``.
    let store: DatedStore
    let journal: Journal

    init(_ wrap: (any ObjectStore) -> any ObjectStore = { $0 }) {
        store = DatedStore(memory, time)
        journal = CompactionFixture.journal(wrap(store), time)
    }

    /// Another process at the same store, whose wall clock may be ahead.
    func another(ahead: Duration = .zero, _ wrap: (any ObjectStore) -> any ObjectStore = { $0 }) -> Journal {
        CompactionFixture.journal(wrap(store), time, ahead: ahead)
    }

    private static func journal(_ store: any ObjectStore, _ time: VirtualTime, ahead: Duration = .zero) -> Journal {
        let microseconds = Int64(ahead / .microseconds(1))
        let clock: @Sendable () -> Timestamp = {
            Timestamp(microseconds: time.timestamp.microseconds + microseconds)
        }
        return Journal(
            store: store,
            configuration: JournalConfiguration(parallelism: 2),
            generator: UUIDv7Generator(clock: clock),
            time: time.journalTime,
            clock: clock
        )
    }
}

@Suite("Compaction")
struct CompactionTests {
    private static func event(_ id: String, _ timestamp: Int64, _ text: String) -> Event {
        Event(id: id, timestamp: Timestamp(microseconds: timestamp), key: "k-\(id)", data: Array(text.utf8))
    }

    @Test("a replay is the same before and after, byte for byte", arguments: 0..<30 as Range<UInt64>)
    func sameReplay(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let fixture = CompactionFixture()
        let journal = fixture.journal
        for round in 0..<4 {
            for batch in 0..<Int.random(in: 1..<8, using: &random) {
                let events = (0..<Int.random(in: 1..<60, using: &random))
                    .map { number in
                        var event = Self.event(
                            // Some ids come again, in the same batch, the inbox or the catalog.
                            Int.random(in: 0..<10, using: &random) == 0
                                ? "again-\(Int.random(in: 0..<9, using: &random))" : "\(round)-\(batch)-\(number)",
                            Int64.random(in: -20...20, using: &random),
                            "round \(round) batch \(batch) number \(number)"
                        )
                        if number % 7 == 0 { event.data = [0xFF, UInt8(number)] }
                        if number % 5 == 0 { event.key = nil }
                        if number % 11 == 0 { (event.source, event.sequence) = ("source", "\(number)") }
                        return event
                    }
                try await journal.append(events)
            }
            let ids = try await journal.collect().map(\.id)
            for _ in 0..<Int.random(in: 0..<6, using: &random) {
                let id = ids[Int.random(in: 0..<ids.count, using: &random)]
                guard try await journal.event(id) != nil else { continue }
                if Bool.random(using: &random) {
                    try await journal.update(id, data: Array("updated in round \(round)".utf8))
                } else {
                    try await journal.delete(id)
                }
            }
            let before = try await journal.collect()
            let policy = CompactionPolicy(
                targetObjectBytes: [2000, 8000, 128 << 20][Int.random(in: 0..<3, using: &random)],
                appliesChanges: Bool.random(using: &random)
            )
            let report = try await journal.compact(policy)
            #expect(report.warnings.isEmpty)
            #expect(try await journal.collect() == before, "seed \(seed)")
            #expect(try await fixture.another().collect() == before, "seed \(seed)")
            for event in before.prefix(5) { #expect(try await fixture.another().event(event.id) == event) }
            if Bool.random(using: &random) { fixture.time.advance(by: .seconds(130)) }
        }
        let report = try await journal.compact(CompactionPolicy(appliesChanges: true, isThorough: true))
        let events = try await journal.collect()
        #expect(try await fixture.another().statistics().events == events.count)
        _ = report
        let verified = try await fixture.another().verify()
        #expect(verified.damaged.isEmpty && verified.events == events.count)
    }

    @Test(
        "bounds of time in the log are milliseconds that hold, also before 1970",
        arguments: [0, 1, 999, 1000, 1_234_567]
    )
    func bounds(offset: Int64) async throws {
        for start in [-86_400_000_000, 1_709_251_200_000_000] as [Int64] {
            let fixture = CompactionFixture()
            let (low, high) = (start + offset, start + offset + 7001)
            try await fixture.journal.append([Self.event("a", low, "first"), Self.event("b", high, "last")])
            try await fixture.journal.compact()
            let table = try #require(try await fixture.another().compaction.listing().state.table)
            let stats = try DeltaStatistics(json: try #require(table.files.values.first?.stats))
            func bound(_ value: DeltaStatistics.Value?) throws -> Int64 {
                guard case .text(let text)? = value else { throw JournalError(.damagedCatalog, "no bound") }
                #expect(text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(text)")
                return try #require(Timestamp(rfc3339: text)).microseconds
            }
            let (minimum, maximum) = (
                try bound(stats.minValues["timestamp"]), try bound(stats.maxValues["timestamp"])
            )
            #expect(minimum <= low && low - minimum < 1000 && maximum >= high && maximum - high < 1000)
        }
    }
}
