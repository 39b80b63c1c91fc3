import DeltaLake
import JMESPath
import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import EventJournal

@Suite("Vacuum, erasure, reindex")
struct VacuumTests {
    private static func event(_ id: String, _ timestamp: Int64, _ text: String = "data") -> Event {
        Event(id: id, timestamp: Timestamp(microseconds: timestamp), key: "key-\(id)", data: Array("\"\(text)\"".utf8))
    }

    /// A journal that was compacted twice, the second time thoroughly.
    private static func compacted() async throws -> CompactionFixture {
        let fixture = CompactionFixture()
        for round in 0..<2 {
            try await fixture.journal.append((0..<10).map { event("\(round)-\($0)", Int64($0)) })
            try await fixture.journal.compact(CompactionPolicy(force: true, isThorough: true))
        }
        return fixture
    }

    @Test("absorbed segments go two minutes after the commit in the process that made it, and after an hour in others")
    func absorbed() async throws {
        let fixture = try await Self.compacted()
        func inbox() async throws -> Int {
            try await fixture.memory.keys("_inbox/").count { $0.hasSuffix(Segment.suffix) }
        }
        #expect(try await inbox() == 2)
        #expect(try await fixture.journal.compact().deletedObjects == 0)
        fixture.time.advance(by: .seconds(121))
        #expect(try await fixture.another().compact().deletedObjects == 0)
        #expect(try await inbox() == 2)
        #expect(try await fixture.journal.compact().deletedObjects > 0)
        #expect(try await inbox() == 0)
        // Another process, which does not know when.
        try await fixture.journal.append([Self.event("late", 3)])
        try await fixture.journal.compact()
        #expect(try await inbox() == 1)
        fixture.time.advance(by: .seconds(3500))
        _ = try await fixture.another().compact()
        #expect(try await inbox() == 1)
        fixture.time.advance(by: .seconds(200))
        _ = try await fixture.another().compact()
        #expect(try await inbox() == 0)
        #expect(try await fixture.another().collect().count == 21)
    }

    @Test("replaced parts of the index go likewise")
    func retiredIndex() async throws {
        let fixture = try await Self.compacted()
        #expect(try await fixture.memory.keys("_index/").count == 2)
        fixture.time.advance(by: .seconds(3700))
        _ = try await fixture.another().compact()
        #expect(try await fixture.memory.keys("_index/").count == 1)
        #expect(try await fixture.another().event("0-3") != nil)
    }

    @Test(
        "a process that goes on compacting forgets the parts of the index it has deleted, without reading old commits"
    )
    func forgottenIndex() async throws {
        let fixture = CompactionFixture()
        for round in 0..<12 {
            try await fixture.journal.append([Self.event("\(round)", Int64(round))])
            try await fixture.journal.compact()
            fixture.time.advance(by: .seconds(121))
        }
        let state = try await fixture.journal.compaction.catalog.current(hint: nil, mustBeNewest: true)
        // The one that the last compaction replaced, and the one before, which was not deleted when that one was
        // planned.
        let retired = RetiredDomain(state.table?.domains[RetiredDomain.name]).objects.map(\.path)
        #expect(retired.count == 1)
        #expect(Set(try await fixture.memory.keys(IndexRun.folder)) == Set(retired + state.runs.map(\.path)))
        // Nobody had to ask the store for the time, and for the commits of the last hour.
        #expect(try await !fixture.memory.exists(StoreClock.key))
        #expect(try await fixture.another().collect().count == 12)
    }

    @Test("a dry run says what would go and why, and deletes nothing; replaced segments wait for the retention")
    func retention() async throws {
        let fixture = try await Self.compacted()
        fixture.time.advance(by: .seconds(4000))
        // But for the object that is written to learn the time.
        func keys() async throws -> [String] { try await fixture.memory.keys("").filter { $0 != StoreClock.key } }
        let before = try await keys()
        let early = try await fixture.another().vacuum(VacuumOptions(isDryRun: true))
        #expect(Set(early.items.map(\.reason)) == [.absorbed, .replacedIndex])
        #expect(try await keys() == before)
        // Before tombstones expire.
        fixture.time.advance(by: .seconds(5 * 86_400))
        let options = VacuumOptions(retention: .seconds(5 * 86_400), isDryRun: true)
        let dry = try await fixture.another().vacuum(options)
        #expect(dry.isDryRun && dry.bytes > 0)
        #expect(dry.items.filter { $0.reason == .replaced }.map(\.key).allSatisfy { $0.hasPrefix("segments/") })
        #expect(dry.items.contains { $0.reason == .replaced })
        #expect(try await keys() == before)
        let report = try await fixture.another().vacuum(VacuumOptions(retention: .seconds(5 * 86_400)))
        #expect(report.items == dry.items && report.warnings.isEmpty)
        #expect(try await Set(keys()) == Set(before).subtracting(dry.items.map(\.key)))
        #expect(try await fixture.another().collect().count == 20)
        #expect(try await fixture.another().verify().isClean)
    }

    @Test("a process whose clock is years ahead, or behind, deletes nothing early", arguments: [3650, -3650])
    func wrongClock(days: Int) async throws {
        let fixture = CompactionFixture()
        // Also who commits may be wrong about the time.
        for (round, offset) in [0, days, 0].enumerated() {
            let journal = fixture.another(ahead: .seconds(86_400 * offset))
            try await journal.append((0..<10).map { Self.event("\(round)-\($0)", Int64($0)) })
            try await journal.compact(CompactionPolicy(force: true, isThorough: true))
        }
        func inbox() async throws -> Int {
            try await fixture.memory.keys("_inbox/").count { CatalogHint.version($0) == nil }
        }
        let wrong = Duration.seconds(86_400 * days)
        #expect(try await inbox() == 3)
        let before = try await fixture.memory.keys("segments/") + fixture.memory.keys("_index/")
        _ = try await fixture.another(ahead: wrong).compact()
        #expect(try await inbox() == 3)
        fixture.time.advance(by: .seconds(3500))
        let early = try await fixture.another(ahead: wrong).vacuum()
        #expect(early.items.isEmpty && early.warnings.isEmpty, "\(early)")
        #expect(try await fixture.memory.keys("segments/") + fixture.memory.keys("_index/") == before)
        fixture.time.advance(by: .seconds(200))
        let dry = try await fixture.another(ahead: wrong).vacuum(VacuumOptions(isDryRun: true))
        let report = try await fixture.another(ahead: wrong).vacuum()
        #expect(report.items == dry.items)
        #expect(Set(report.items.map(\.reason)) == [.absorbed, .replacedIndex])
        #expect(try await inbox() == 0)
        fixture.time.advance(by: .seconds(7 * 86_400 - 4000))
        #expect(try await fixture.another(ahead: wrong).vacuum().items.isEmpty)
        fixture.time.advance(by: .seconds(4000))
        let late = try await fixture.another(ahead: wrong).vacuum()
        // A process whose clock is ahead has forgotten removals; they are still not young.
        #expect(late.items.allSatisfy { [.replaced, .unreferenced].contains($0.reason) } && !late.items.isEmpty)
        let state = try await fixture.another().compaction.listing().state
        #expect(try await fixture.memory.keys("segments/") == state.segments.map(\.key))
        #expect(try await fixture.another().collect().count == 30)
        #expect(try await fixture.another().event("1-3") != nil)
    }

    @Test("where nothing can be written, a dry run goes by the clock of the machine")
    func dryRunWithoutWriting() async throws {
        let fixture = try await Self.compacted()
        fixture.time.advance(by: .seconds(4000))
        let rules = [FaultPlan.Rule(.errorBefore(.permissionDenied), on: [.put])]
        let journal = fixture.another { FaultInjectingObjectStore($0, plan: FaultPlan(rules: rules)) }
        let dry = try await journal.vacuum(VacuumOptions(isDryRun: true))
        #expect(dry.items.contains { $0.reason == .absorbed })
        await #expect(throws: JournalError(.storage, "")) { try await journal.vacuum() }
    }

    @Test("a retention of less than an hour is refused, unless allowed")
    func shortRetention() async throws {
        let fixture = try await Self.compacted()
        var options = VacuumOptions(retention: .seconds(3599))
        await #expect(throws: JournalError(.invalidOption, "")) { try await fixture.journal.vacuum(options) }
        options.allowsShortRetention = true
        options.retention = .zero
        fixture.time.advance(by: .seconds(1))
        let report = try await fixture.journal.vacuum(options)
        #expect(report.items.contains { $0.reason == .replaced })
        #expect(try await fixture.another().collect().count == 20)
    }

    @Test(
        "a log retention of less than an hour is refused, unless allowed: followers and readers need the last commits"
    )
    func shortLogRetention() async throws {
        let fixture = try await Self.compacted()
        fixture.time.advance(by: .seconds(2 * 86_400))
        let before = try await fixture.memory.keys("")
        for seconds in [3599, 0, -1] {
            for isDryRun in [false, true] {
                let options = VacuumOptions(logRetention: .seconds(seconds), isDryRun: isDryRun)
                let error = await #expect(throws: JournalError(.invalidOption, "")) {
                    try await fixture.journal.vacuum(options)
                }
                #expect(
                    error?.message.contains("A log retention of \(seconds) seconds is shorter than an hour") == true
                )
            }
        }
        #expect(try await fixture.memory.keys("") == before)
        let allowed = VacuumOptions(allowsShortRetention: true, logRetention: .seconds(3599))
        let report = try await fixture.another().vacuum(allowed)
        #expect(report.items.contains { $0.key.hasPrefix("_delta_log/") })
        #expect(try await fixture.another().collect().count == 20)
    }

    @Test("what nothing names stays while it is young: a compaction may be about to")
    func unreferenced() async throws {
        let fixture = try await Self.compacted()
        _ = try await fixture.store
            .put("segments/0190163d-8694-739b-aea5-966c26f8ad91-0000.parquet", [1], mode: .ifAbsent)
        fixture.time.advance(by: .seconds(86_400 * 6))
        #expect(try await fixture.another().vacuum().items.allSatisfy { $0.reason != .unreferenced })
        fixture.time.advance(by: .seconds(86_400 * 2))
        let report = try await fixture.another().vacuum()
        #expect(report.items.contains { $0.key.contains("0190163d-8694") && $0.reason == .unreferenced })
        #expect(try await fixture.another().collect().count == 20)
    }

    @Test("the log is cut behind a checkpoint")
    func log() async throws {
        let fixture = CompactionFixture()
        for round in 0..<5 {
            try await fixture.journal.append([Self.event("\(round)", Int64(round))])
            try await fixture.journal.compact(CompactionPolicy(force: true))
        }
        let before = try await fixture.memory.keys("_delta_log/").count
        fixture.time.advance(by: .seconds(86_400 * 29))
        _ = try await fixture.another().vacuum()
        #expect(try await fixture.memory.keys("_delta_log/").count == before)
        fixture.time.advance(by: .seconds(86_400 * 2))
        _ = try await fixture.another().vacuum()
        #expect(try await fixture.memory.keys("_delta_log/").count < before)
        #expect(try await fixture.another().collect().count == 5)
    }

    // MARK: - Erasure

    @Test(
        "an erased event is in no object any more, and the report says where it was",
        arguments: ["id", "key", "where"]
    )
    func erase(by way: String) async throws {
        let fixture = try await Self.compacted()
        let journal = fixture.another()
        let secret = "only this event says so"
        try await journal.append([Self.event("victim", 5, secret), Self.event("bystander", 5)])
        try await journal.compact(CompactionPolicy(force: true, isThorough: true))
        try await journal.append([Self.event("newcomer", 6)])
        try await journal.update("victim", data: Array("\"updated \(secret)\"".utf8))
        let before = try await journal.collect()
        let report =
            switch way {
            case "key": try await journal.erase(keys: ["key-victim"])
            case "where": try await journal.erase(where: JMESPathExpression("contains(@, '\(secret)')"))
            default: try await journal.erase(ids: ["victim", "nobody"])
            }
        #expect(report.erased == ["victim"] && report.notFound == (way == "id" ? ["nobody"] : []))
        #expect(report.isComplete && report.warnings.isEmpty, "\(report.warnings)")
        // As it was appended, compacted, compacted again, updated.
        #expect(report.holders.count >= 3)
        #expect(report.holders.allSatisfy { $0.deleted != nil && $0.rows > 0 && $0.bytes > 0 })
        #expect(report.holders.contains { !$0.replacedBy.isEmpty })
        let completed = try #require(report.completed)
        #expect(report.holders.allSatisfy { ($0.deleted ?? .max) <= completed })
        #expect(try await fixture.another().collect() == before.filter { $0.id != "victim" })
        #expect(try await fixture.another().event("victim") == nil)
        for key in try await fixture.memory.keys("") where key.hasSuffix(".parquet") && !key.hasPrefix("_delta_log") {
            #expect(!report.holders.map(\.key).contains(key))
            if key.hasPrefix("segments/") {
                let rows = try await CompactedRows.read(key, from: fixture.memory).flatMap(\.self)
                #expect(!rows.contains { $0.event.id == "victim" })
            }
        }
        #expect(try await fixture.another().verify().isClean)
    }

    @Test("erasing by a condition says how many payloads it could not look into")
    func eraseByCondition() async throws {
        let fixture = try await Self.compacted()
        try await fixture.another()
            .append([
                Event(id: "binary", timestamp: 9, data: [0xFF]),
                Event(id: "json", timestamp: 9, data: Array("{}".utf8)),
            ])
        let report = try await fixture.another().erase(where: JMESPathExpression("@ == `{}`"))
        #expect(report.erased == ["json"] && report.isComplete)
        #expect(report.warnings.count == 1 && report.warnings[0].hasPrefix("1 payload"), "\(report.warnings)")
        #expect(try await fixture.another().event("binary") != nil)
    }

    @Test("erasing without waiting says that copies are left; the same again later deletes them")
    func eraseWithoutWaiting() async throws {
        let fixture = try await Self.compacted()
        let passed = fixture.time.journalTime.now
        var began = passed()
        let report = try await fixture.another().erase(ids: ["0-4"], options: ErasureOptions(waits: false))
        #expect(!report.isComplete && !report.warnings.isEmpty && report.erased == ["0-4"])
        #expect(report.holders.contains { $0.deleted == nil })
        #expect(passed() - began < .seconds(5))
        began = passed()
        let again = try await fixture.another().erase(ids: ["0-4"])
        #expect(again.isComplete && again.erased.isEmpty && again.notFound == ["0-4"])
        #expect(Set(again.holders.map(\.key)) == Set(report.holders.map(\.key)))
        #expect(passed() - began > .seconds(120), "readers may rely on objects for two minutes")
        began = passed()
        let third = try await fixture.another().erase(ids: ["0-4"])
        #expect(third.isComplete && third.holders.isEmpty)
        #expect(passed() - began < .seconds(5))
    }

    @Test("what was taken out of use an hour ago by the store's dates is erased at once, and nothing sooner")
    func eraseLater() async throws {
        let fixture = try await Self.compacted()
        let unwaited = ErasureOptions(waits: false)
        let first = try await fixture.another().erase(ids: ["0-4"], options: unwaited)
        #expect(first.holders.contains { $0.deleted == nil })
        fixture.time.advance(by: .seconds(3500))
        // A process whose clock is ahead deletes nothing early.
        let early = try await fixture.another(ahead: .seconds(7200)).erase(ids: ["0-4"], options: unwaited)
        #expect(!early.isComplete && early.holders.allSatisfy { $0.deleted == nil } && !early.holders.isEmpty)
        fixture.time.advance(by: .seconds(200))
        // Meanwhile something else is erased: what held it until now waits, the rest does not.
        let other = try await fixture.another().erase(ids: ["0-4", "1-5"], options: unwaited)
        #expect(!other.isComplete && other.erased == ["1-5"])
        let kept = Set(other.holders.filter { $0.deleted == nil }.map(\.key))
        #expect(!kept.isEmpty && kept.isDisjoint(with: early.holders.map(\.key)))
        #expect(Set(early.holders.map(\.key)).isSubset(of: other.holders.map(\.key)))
        #expect(try await fixture.memory.keys("").filter { !$0.hasPrefix("_delta_log") }.contains { kept.contains($0) })
        fixture.time.advance(by: .seconds(3700))
        let began = fixture.time.journalTime.now()
        let last = try await fixture.another().erase(ids: ["0-4", "1-5"], options: unwaited)
        #expect(last.isComplete && last.warnings.isEmpty && Set(last.holders.map(\.key)) == kept)
        #expect(fixture.time.journalTime.now() - began < .seconds(5))
        #expect(try await fixture.another().collect().count == 18)
        #expect(try await fixture.another().verify().isClean)
    }

    // MARK: - Reindex

    @Test("reindex makes a damaged or lost index good")
    func reindex() async throws {
        let fixture = try await Self.compacted()
        for key in try await fixture.memory.keys("_index/") { try await fixture.memory.delete(key) }
        await #expect(throws: JournalError.self) { try await fixture.another().event("0-3") }
        #expect(try await fixture.another().reindex() == 20)
        #expect(try await fixture.another().event("0-3")?.id == "0-3")
        #expect(try await fixture.another().collect().count == 20)
        #expect(try await CompactionFixture().journal.reindex() == 0)
    }
}
