import ObjectStorage
import ObjectStorageTesting
import Synchronization
import Testing

@testable import EventJournal

/// Counts requests, and lets a process die at one of them: nothing after it reaches the store.
final class Crash: Sendable {
    private let requests = Mutex(0)
    private let at: Int?
    private let isAfter: Bool

    init(at: Int?, isAfter: Bool) {
        self.at = at
        self.isAfter = isAfter
    }

    var count: Int { requests.withLock { $0 } }

    func faults() -> [Fault] {
        let number = requests.withLock { requests in
            defer { requests += 1 }
            return requests
        }
        guard let at, number >= at else { return [] }
        // Permission is not tried again.
        return [number == at && isAfter ? .errorAfter(.permissionDenied) : .errorBefore(.permissionDenied)]
    }
}

@Suite("Compaction that dies")
struct CompactionCrashTests {
    /// A journal with compacted segments, a full inbox, updates and deletes.
    private static func prepare(_ fixture: CompactionFixture) async throws -> [Event] {
        let journal = fixture.journal
        for round in 0..<2 {
            for batch in 0..<3 {
                try await journal.append(
                    (0..<20)
                        .map { number in
                            Event(
                                id: number < 2 ? "again-\(number)" : "\(round)-\(batch)-\(number)",
                                timestamp: Timestamp(microseconds: Int64((number * 7 + batch * 3 + round) % 25)),
                                data: Array("round \(round) batch \(batch) number \(number)".utf8)
                            )
                        }
                )
            }
            if round == 0 { try await journal.compact() }
        }
        try await journal.update("0-1-5", data: Array("updated".utf8))
        try await journal.update("1-1-5", data: Array("updated too".utf8))
        try await journal.delete("0-2-7")
        try await journal.delete("again-1")
        return try await journal.collect()
    }

    /// What another process finds, and what it can go on with.
    private static func check(_ fixture: CompactionFixture, _ expected: [Event], _ what: String) async throws {
        let another = fixture.another()
        #expect(try await another.collect() == expected, "\(what)")
        #expect(try await another.event("0-1-5")?.text == "updated", "\(what)")
        #expect(try await another.event("0-2-7") == nil, "\(what)")
        try await another.compact(CompactionPolicy(force: true, appliesChanges: true, isThorough: true))
        #expect(try await another.collect() == expected, "\(what)")
        // Nothing has to be cleaned by hand: vacuum finds all that nothing names.
        fixture.time.advance(by: .seconds(4000))
        let third = fixture.another()
        try await third.vacuum(
            VacuumOptions(
                retention: .zero,
                allowsShortRetention: true,
                logRetention: .seconds(86_400 * 9999)
            )
        )
        let state = try await third.compaction.listing().state
        let left = Set(try await fixture.memory.keys("segments/") + fixture.memory.keys("_index/"))
        #expect(left == Set(state.segments.map(\.key) + state.runs.map(\.path)), "\(what)")
        #expect(try await fixture.memory.keys("_inbox/").allSatisfy { !$0.hasSuffix(Segment.suffix) }, "\(what)")
        #expect(try await fixture.another().collect() == expected, "\(what)")
    }

    @Test("at any request, before its effect or after it, leaves the journal right", arguments: [false, true])
    func anywhere(isAfter: Bool) async throws {
        let dry = CompactionFixture()
        _ = try await Self.prepare(dry)
        let counter = Crash(at: nil, isAfter: false)
        let counted = dry.another { store in FaultInjectingObjectStore(store, decide: { _ in counter.faults() }) }
        try await counted.compact(CompactionPolicy(appliesChanges: true))
        try #require(counter.count > 20)
        for request in 0..<counter.count {
            let fixture = CompactionFixture()
            let expected = try await Self.prepare(fixture)
            let crash = Crash(at: request, isAfter: isAfter)
            let dying = fixture.another { store in FaultInjectingObjectStore(store, decide: { _ in crash.faults() }) }
            do {
                let report = try await dying.compact(CompactionPolicy(appliesChanges: true))
                // Only the checkpoint and what follows may fail without the compaction failing.
                #expect(!report.warnings.isEmpty, "request \(request) of \(counter.count) does not matter")
            } catch is JournalError {
                // Expected.
            }
            try await Self.check(fixture, expected, "request \(request), \(isAfter ? "after" : "before") its effect")
        }
    }

    @Test("transient errors are met by trying again, or fail without harm", arguments: 0..<40 as Range<UInt64>)
    func badWeather(seed: UInt64) async throws {
        let fixture = CompactionFixture()
        let expected = try await Self.prepare(fixture)
        let rules = [
            FaultPlan.Rule(.errorBefore(.failed), .probability(0.05)),
            FaultPlan.Rule(.errorAfter(.failed), .probability(0.05)),
        ]
        let plan = FaultPlan(seed: seed, rules: rules)
        let rough = fixture.another { FaultInjectingObjectStore($0, plan: plan) }
        for _ in 0..<3 {
            do {
                try await rough.compact(CompactionPolicy(force: true, appliesChanges: true))
            } catch let error as JournalError {
                #expect([.storage, .damagedSegment, .conflict].contains(error.code), "seed \(seed): \(error)")
            }
            #expect(try await fixture.another().collect() == expected, "seed \(seed)")
        }
        try await Self.check(fixture, expected, "seed \(seed)")
    }

    @Test("cancelled at any moment it leaves the journal right", arguments: 0..<25)
    func cancelled(step: Int) async throws {
        let fixture = CompactionFixture()
        let expected = try await Self.prepare(fixture)
        let requests = Shared(0)
        let task = Shared<Task<Void, any Error>?>(nil)
        let journal = fixture.another { store in
            FaultInjectingObjectStore(store) { _ in
                let number = requests.withLock { requests in
                    requests += 1
                    return requests
                }
                if number == step * 2 { task.withLock { $0?.cancel() } }
                return []
            }
        }
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let work = Task {
            for await _ in begun {}
            _ = try await journal.compact(CompactionPolicy(appliesChanges: true))
        }
        task.withLock { $0 = work }
        begin.finish()
        do {
            try await work.value
        } catch is CancellationError {
            // Expected, unless the last request was over.
        }
        try await Self.check(fixture, expected, "step \(step)")
    }
}
