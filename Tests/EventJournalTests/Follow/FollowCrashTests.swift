import Foundation
import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import EventJournal

/// What a consumer has written, which it cuts back to its mark when it begins, as one does with a file.
private struct Ledger {
    var lines: [String] = []
    /// How many lines there were at each position.
    var lengths: [FollowPosition: Int] = [:]

    /// A process that follows with a mark until it is caught up.
    mutating func follow(_ journal: Journal, batchEvents: Int = 2, atMost batches: Int = .max) async throws {
        let kept = try await journal.mark("m")
        lines.removeLast(lines.count - (kept.flatMap { lengths[$0.position] } ?? 0))
        var tag = kept?.entityTag
        var options = FollowOptions(untilCaughtUp: true)
        options.batchEvents = batchEvents
        let start = kept.map { FollowStart.position($0.position) } ?? .beginning
        var iterator = journal.follow(from: start, options: options).makeAsyncIterator()
        for _ in 0..<batches {
            guard let batch = try await iterator.next() else { return }
            for row in 0..<batch.count {
                let event = batch.events[row]
                lines.append("\(batch.change(at: row)) \(event.id) \(event.text)")
            }
            lengths[batch.position] = lines.count
            tag = try await journal.setMark("m", to: batch.position, ifMatches: tag).entityTag
        }
    }

    /// What whoever applies the lines has: payloads by id.
    var events: [String: String] {
        var events: [String: String] = [:]
        for line in lines {
            let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            events[words[1]] = words[0] == "delete" ? nil : words[2]
        }
        return events
    }
}

@Suite("Followers that die, and what dies around them")
struct FollowCrashTests {
    private static func append(_ journal: Journal, _ round: String, _ numbers: Range<Int>) async throws {
        try await journal.append(
            numbers.map { number in
                Event(
                    id: "\(round)\(number)",
                    timestamp: Timestamp(microseconds: Int64(number * 5 % 7)),
                    data: Array("\(round) \(number)".utf8)
                )
            }
        )
    }

    private static let thorough = CompactionPolicy(force: true, targetObjectBytes: 1200, appliesChanges: true)

    /// A follower that has been away while events were put, updated and deleted, some of it compacted and cleaned up.
    private static func prepare(_ fixture: CompactionFixture) async throws -> Ledger {
        let journal = fixture.journal
        try await append(journal, "a", 0..<9)
        try await journal.compact(thorough)
        try await append(journal, "b", 0..<6)
        var ledger = Ledger()
        // It stops inside the segment of "c".
        try await ledger.follow(fixture.another())
        try await append(journal, "c", 0..<8)
        try await ledger.follow(fixture.another(), atMost: 2)
        try await journal.update("a1", data: Array("new".utf8))
        try await journal.delete("b2")
        try await journal.delete("c0")
        try await append(journal, "d", 0..<5)
        try await journal.compact(thorough)
        try await journal.delete("d1")
        try await append(journal, "b", 1..<4)
        try await journal.compact(thorough)
        fixture.time.advance(by: .seconds(3700))
        try await fixture.another().vacuum(VacuumOptions(retention: .zero, allowsShortRetention: true))
        try await append(journal, "e", 0..<5)
        try await journal.update("d2", data: Array("newer".utf8))
        try await journal.delete("a3")
        return ledger
    }

    private static func truth(_ fixture: CompactionFixture) async throws -> [String: String] {
        var truth: [String: String] = [:]
        for event in try await fixture.another().collect() { truth[event.id] = event.text }
        return truth
    }

    @Test("a follower that dies at any request, before its effect or after it, goes on as if it had not")
    func follower() async throws {
        let fixture = CompactionFixture()
        var expected = try await Self.prepare(fixture)
        let begun = expected.lines
        let counter = Crash(at: nil, isAfter: false)
        try await expected.follow(
            fixture.another { store in FaultInjectingObjectStore(store, decide: { _ in counter.faults() }) }
        )
        #expect(expected.events == (try await Self.truth(fixture)))
        #expect(expected.lines.prefix(begun.count) == begun[...])
        try #require(counter.count > 30)
        for request in 0..<counter.count {
            for isAfter in [false, true] {
                let fixture = CompactionFixture()
                var ledger = try await Self.prepare(fixture)
                let crash = Crash(at: request, isAfter: isAfter)
                let dying = fixture.another { store in
                    FaultInjectingObjectStore(store, decide: { _ in crash.faults() })
                }
                await #expect(throws: JournalError.self) { try await ledger.follow(dying) }
                try await ledger.follow(fixture.another())
                #expect(
                    ledger.lines == expected.lines,
                    "request \(request), \(isAfter ? "after" : "before") its effect"
                )
            }
        }
    }

    @Test("a compactor that dies at any request misleads no follower", arguments: [false, true])
    func compactor(isAfter: Bool) async throws {
        let dry = CompactionFixture()
        _ = try await Self.prepare(dry)
        let counter = Crash(at: nil, isAfter: false)
        try await dry.another { store in FaultInjectingObjectStore(store, decide: { _ in counter.faults() }) }
            .compact(Self.thorough)
        try #require(counter.count > 20)
        for request in 0..<counter.count {
            let fixture = CompactionFixture()
            var ledger = try await Self.prepare(fixture)
            var other = Ledger()
            let crash = Crash(at: request, isAfter: isAfter)
            let dying = fixture.another { store in
                FaultInjectingObjectStore(store, decide: { _ in crash.faults() })
            }
            try await ledger.follow(fixture.another(), atMost: request % 7)
            _ = try? await dying.compact(Self.thorough)
            try await ledger.follow(fixture.another(), atMost: request % 5)
            try await Self.append(fixture.journal, "f", 0..<3)
            try await fixture.another().compact(Self.thorough)
            fixture.time.advance(by: .seconds(3700))
            try await fixture.another().vacuum(VacuumOptions(retention: .zero, allowsShortRetention: true))
            try await ledger.follow(fixture.another())
            let truth = try await Self.truth(fixture)
            #expect(ledger.events == truth, "request \(request)")
            // One that begins only now, with a mark of its own in a journal of its own.
            try await fixture.another().deleteMark("m")
            try await other.follow(fixture.another())
            #expect(other.events == truth, "request \(request)")
        }
    }

    @Test("several writers, compactors and followers at once, in as many processes", .timeLimit(.minutes(5)))
    func everybody() async throws {
        let store = MemoryObjectStore()
        func process() -> Journal {
            Journal(store: store, configuration: JournalConfiguration(automaticCompaction: nil))
        }
        let writing = Shared(3)
        let ledgers = Shared<[[String: String]]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<3 {
                group.addTask {
                    let journal = process()
                    for round in 0..<40 {
                        let name = "w\(writer)-\(round)-"
                        try await Self.append(journal, name, 0..<4)
                        try await journal.update(name + "1", data: Array("new \(name)".utf8))
                        if round.isMultiple(of: 3) { try await journal.delete(name + "2") }
                    }
                    writing.withLock { $0 -= 1 }
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    let journal = process()
                    while writing.withLock({ $0 }) > 0 {
                        do {
                            try await journal.compact(Self.thorough)
                        } catch let error as JournalError where error.code == .conflict {
                            continue
                        }
                    }
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    var events: [String: String] = [:]
                    var position: FollowPosition?
                    repeat {
                        // A new process each time, so that it resumes wherever the one before has come to.
                        let start = position.map { FollowStart.position($0) } ?? .beginning
                        var options = FollowOptions(untilCaughtUp: true)
                        options.batchEvents = 5
                        var iterator = process().follow(from: start, options: options).makeAsyncIterator()
                        for _ in 0..<9 {
                            guard let batch = try await iterator.next() else { break }
                            for row in 0..<batch.count {
                                let event = batch.events[row]
                                if batch.change(at: row) == .delete {
                                    events[event.id] = nil
                                } else {
                                    #expect(events.updateValue(event.text, forKey: event.id) != event.text)
                                }
                            }
                            position = batch.position
                        }
                    } while writing.withLock({ $0 }) > 0
                    let start = position.map { FollowStart.position($0) } ?? .beginning
                    let rest = process().follow(from: start, options: FollowOptions(untilCaughtUp: true))
                    for try await batch in rest {
                        for row in 0..<batch.count {
                            let event = batch.events[row]
                            events[event.id] = batch.change(at: row) == .delete ? nil : event.text
                        }
                    }
                    ledgers.withLock { $0.append(events) }
                }
            }
            try await group.waitForAll()
        }
        var truth: [String: String] = [:]
        for event in try await process().collect() { truth[event.id] = event.text }
        #expect(truth.count == 3 * (40 * 4 - 14))
        for events in ledgers.withLock({ $0 }) { #expect(events == truth) }
    }
}
