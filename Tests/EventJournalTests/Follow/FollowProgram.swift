import ObjectStorage
import ObjectStorageTesting
import Parquet
import Synchronization
import Testing

@testable import EventJournal

/// A monotonic clock that a test moves; waiting moves it.
final class TestTime: Sendable {
    private let elapsed = Mutex(Duration.zero)

    func pass(_ duration: Duration) { elapsed.withLock { $0 += duration } }
    var journalTime: JournalTime {
        JournalTime(
            now: { self.elapsed.withLock { $0 } },
            sleep: { duration in
                try Task.checkCancellation()
                self.pass(duration)
                await Task.yield()
            }
        )
    }
}

/// Random bits that several generators share.
private final class SharedRandom: Sendable {
    private let random: Mutex<SeededRandom>

    init(seed: UInt64) { random = Mutex(SeededRandom(seed: seed)) }

    func next() -> UInt64 { random.withLock { $0.next() } }
}

/// One random program: writers, some whose puts land late, compactions that die, vacuum, erasure, and followers that
/// crash.
///
/// A follower is what a consumer makes of it: it applies batches to a map, and keeps map and position together. A crash
/// takes it back to what it kept last.
struct FollowProgram {
    private struct Consumer {
        var events: [String: Event] = [:]
        var position: FollowPosition?
        /// The follower and the journal it runs in; `nil` after a crash.
        var iterator: Follow.Iterator?
        var kept: (events: [String: Event], position: FollowPosition?) = ([:], nil)
    }

    private let seed: UInt64
    private var random: SeededRandom
    private let store = MemoryObjectStore()
    private let time = TestTime()
    private let bits: SharedRandom
    private let clock = FakeClock(1_700_000_000_000_000)
    private var writers: [Journal] = []
    private var consumers: [Consumer] = []
    /// Encoded, and not stored yet.
    private var late: [(segment: Segment, bytes: [UInt8])] = []
    /// How many events a follower delivers at once, so that positions come to lie inside of segments.
    private let batchEvents: Int
    /// What followers are asked for, if not everything.
    private let selection: EventSelection?
    private var nextPayload = 0
    private(set) var delivered = 0
    /// What was done, for the message when something is wrong.
    private var history: [String] = []

    init(seed: UInt64) throws {
        self.seed = seed
        random = SeededRandom(seed: seed)
        selection =
            seed.isMultiple(of: 3) ? try EventSelection(where: "contains(to_string(n), '1')", select: "{m: n}") : nil
        batchEvents = [1, 2, 5, 64 << 10].randomElement(using: &random) ?? 1
        bits = SharedRandom(seed: ~seed)
        for number in 0..<3 { writers.append(open(skew: Int64(number - 1) * 2_000_000)) }
        consumers = Array(repeating: Consumer(), count: Int.random(in: 1...3, using: &random))
    }

    private func open(skew: Int64 = 0, store: (any ObjectStore)? = nil) -> Journal {
        let (clock, bits, store) = (clock, bits, store ?? self.store)
        let now: @Sendable () -> Timestamp = { Timestamp(microseconds: clock.now.microseconds + skew) }
        return Journal(
            store: store,
            configuration: JournalConfiguration(automaticCompaction: nil),
            generator: UUIDv7Generator(clock: now, random: { bits.next() }),
            time: time.journalTime,
            clock: now
        )
    }

    mutating func run(steps: Int) async throws {
        for _ in 0..<steps {
            clock.move(by: Int64.random(in: 0...5000, using: &random))
            switch Int.random(in: 0..<21, using: &random) {
            case 0..<4: try await append()
            case 4: try await change()
            case 5: try await change()
            case 6: try beLate()
            case 7: try await land()
            case 8, 9: try await compact()
            case 10: try await vacuum()
            case 20: if Int.random(in: 0..<4, using: &random) == 0 { try await erase() }
            case 11: pass(.seconds(Int64.random(in: 1...70, using: &random)))
            case 12: crash()
            default: try await follow(atMost: Int.random(in: 1...6, using: &random))
            }
        }
        while !late.isEmpty { try await land() }
        let truth = try await truth()
        for number in consumers.indices {
            try await follow(number, atMost: .max)
            let wrong = Set(truth.keys).union(consumers[number].events.keys)
                .filter { truth[$0] != consumers[number].events[$0] }
            try #require(wrong.isEmpty, "seed \(seed), follower \(number): \(explain(wrong, truth, consumers[number]))")
        }
    }

    /// For each wrong id what was expected, what is there, and what was done to it.
    private func explain(_ wrong: Set<String>, _ truth: [String: Event], _ consumer: Consumer) -> String {
        wrong.sorted()
            .map { id in
                let story = history.filter { $0.contains("\(id) ") || $0.hasPrefix("*") }.joined(separator: "\n")
                return
                    "\(id) is \(consumer.events[id]?.text ?? "gone"), should be \(truth[id]?.text ?? "gone")\n\(story)\n"
            }
            .joined()
    }

    private func truth() async throws -> [String: Event] {
        var truth: [String: Event] = [:]
        for event in try await open().collect(options: ReplayOptions(selection: selection)) { truth[event.id] = event }
        return truth
    }

    // MARK: Writing

    private mutating func event() -> Event {
        nextPayload += 1
        return Event(
            id: "id-\(Int.random(in: 0..<40, using: &random))",
            timestamp: Timestamp(microseconds: Int64.random(in: 0..<8, using: &random)),
            data: Array("{\"n\":\(nextPayload)}".utf8)
        )
    }

    private mutating func batch() -> [Event] {
        let count = Int.random(in: 1...6, using: &random)
        return (0..<count).map { _ in event() }
    }

    private mutating func append() async throws {
        let events = batch()
        history += events.map { "append \($0.id) \($0.timestamp.microseconds) \($0.text)" }
        try await writers[Int.random(in: 0..<3, using: &random)].append(events)
    }

    private mutating func change() async throws {
        let writer = writers[Int.random(in: 0..<3, using: &random)]
        let event = event()
        do {
            if Bool.random(using: &random) {
                try await writer.update(event.id, data: event.data)
                history.append("update \(event.id) \(event.text)")
            } else {
                try await writer.delete(event.id)
                history.append("delete \(event.id) ")
            }
        } catch let error as JournalError where error.code == .eventNotFound {}
    }

    private mutating func beLate() throws {
        let journal = writers[Int.random(in: 0..<3, using: &random)]
        var events = EventBatch(batch()).firstOfEachID().batch
        if Int.random(in: 0..<4, using: &random) == 0, case .some = late.first { events = events.selecting([0]) }
        late.append(try journal.writer.encode(events, batchID: journal.generator.next()))
    }

    private mutating func land() async throws {
        if late.isEmpty { return }
        let item = late.remove(at: Int.random(in: 0..<late.count, using: &random))
        try await Journal.store(item, in: store)
        let ids = try await open().reader.ids(of: item.segment)
        history += (0..<ids.count).map { "* land \(item.segment.arrival): \(ids.text(at: $0) ?? "") " }
    }

    // MARK: Compacting

    private mutating func compact() async throws {
        var policy = CompactionPolicy(
            targetObjectBytes: Int.random(in: 300...3000, using: &random),
            appliesChanges: Bool.random(using: &random),
            isThorough: Int.random(in: 0..<4, using: &random) == 0,
            maximumDepth: Int.random(in: 1...4, using: &random),
            jobPayloadBytes: Int.random(in: 1...200, using: &random)
        )
        policy.force = true
        guard Bool.random(using: &random) else {
            let report = try await writers[Int.random(in: 0..<3, using: &random)].compact(policy)
            history.append("* compact: \(report)")
            return
        }
        let crash = Crash(at: Int.random(in: 0..<60, using: &random), isAfter: Bool.random(using: &random))
        let dying = open(store: FaultInjectingObjectStore(store, decide: { _ in crash.faults() }))
        do {
            history.append("* compact: \(try await dying.compact(policy))")
        } catch is JournalError {
            history.append("* compact dies")
        }
    }

    /// Removes what compactions left, after as long a time as they have to let pass.
    private mutating func vacuum() async throws {
        pass(.seconds(3700))
        let options = VacuumOptions(retention: .zero, allowsShortRetention: true)
        let report = try await writers[Int.random(in: 0..<3, using: &random)].vacuum(options)
        history.append("* vacuum: \(report.items.count)")
    }

    private mutating func erase() async throws {
        let event = event()
        _ = try await writers[Int.random(in: 0..<3, using: &random)].erase(ids: [event.id])
        history.append("erase \(event.id) ")
    }

    /// Lets time pass, by every clock.
    private func pass(_ duration: Duration) {
        time.pass(duration)
        clock.move(by: Int64(duration / .microseconds(1)))
    }

    // MARK: Following

    private mutating func crash() {
        let number = Int.random(in: 0..<consumers.count, using: &random)
        history.append("* crash \(number)")
        consumers[number].iterator = nil
        consumers[number].events = consumers[number].kept.events
        consumers[number].position = consumers[number].kept.position
    }

    private mutating func follow(atMost batches: Int) async throws {
        try await follow(Int.random(in: 0..<consumers.count, using: &random), atMost: batches)
    }

    private mutating func follow(_ number: Int, atMost batches: Int) async throws {
        var consumer = consumers[number]
        var options = FollowOptions(untilCaughtUp: true)
        options.batchEvents = batchEvents
        options.selection = selection
        let start = consumer.position.map { FollowStart.position($0) } ?? .beginning
        var iterator = consumer.iterator ?? open().follow(from: start, options: options).makeAsyncIterator()
        for _ in 0..<batches {
            guard let batch = try await iterator.next() else { break }
            history.append("* batch for \(number): \(batch.position)")
            for row in 0..<batch.count { try apply(batch, row, &consumer.events, number) }
            delivered += batch.count
            consumer.position = try FollowPosition(json: batch.position.json)
            #expect(consumer.position == batch.position, "seed \(seed)")
            if Bool.random(using: &random) { consumer.kept = (consumer.events, consumer.position) }
        }
        consumer.iterator = iterator
        consumers[number] = consumer
    }

    private mutating func apply(
        _ batch: FollowBatch,
        _ row: Int,
        _ events: inout [String: Event],
        _ number: Int
    ) throws {
        let event = batch.events[row]
        history.append("\(number) gets \(batch.change(at: row)) \(event.id) \(event.text)")
        switch batch.change(at: row) {
        case .put:
            let isNew = events[event.id] == nil
            try #require(isNew, "seed \(seed): again \(explain([event.id], events, Consumer(events: events)))")
            events[event.id] = event
        case .update: events[event.id] = event
        case .delete: events[event.id] = nil
        }
    }
}
