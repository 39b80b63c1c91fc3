import EventJournal
import ObjectStorage
import ObjectStorageTesting
import Testing

/// A random program of one journal in the hands of three processes, beside a model of what must come of it.
///
/// The processes take turns, so what must come is certain: each has a store, a journal and a memory of its own. A
/// follower looks in now and then, and must have at last what a replay has.
struct JournalProgram {
    private let seed: UInt64
    private var random: SeededRandom
    private let open: @Sendable () throws -> any ObjectStore
    private var journals: [Journal] = []
    /// What must be there.
    private var model: [String: Event] = [:]
    private var followed: [String: Event] = [:]
    private var position = FollowStart.beginning
    private var appends = 0

    init(seed: UInt64, _ open: @escaping @Sendable () throws -> any ObjectStore) throws {
        self.seed = seed
        self.open = open
        random = SeededRandom(seed: seed)
        for _ in 0..<3 { journals.append(try fresh()) }
    }

    private func fresh() throws -> Journal {
        var configuration = JournalConfiguration.defaults
        configuration.automaticCompaction = nil
        configuration.groupPayloadBytes = 1 << 20
        return Journal(store: try open(), configuration: configuration)
    }

    private mutating func number(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

    /// Runs so many steps, and compares in the end with everybody.
    mutating func run(steps: Int) async throws {
        for step in 0..<steps {
            try await perform(step)
            if step % 10 == 9 { try await compare(journals[number(journals.count)]) }
            if step % 6 == 5 { try await follow() }
        }
        try await follow()
        #expect(followed == model, "the follower, seed \(seed)")
        for journal in journals + [try fresh()] { try await compare(journal) }
        #expect(try await fresh().verify().isClean)
    }

    private mutating func perform(_ step: Int) async throws {
        let journal = journals[number(journals.count)]
        let id = "e\(number(30))"
        switch number(20) {
        case 0..<7:
            // Appends of two processes within a millisecond have no order that anybody promises.
            try await Task.sleep(for: .milliseconds(2))
            let events = (0..<(1 + number(12))).map { _ in makeEvent("e\(number(30))") }
            try await journal.append(events)
            for event in events where model[event.id] == nil { model[event.id] = event }
        case 7..<10:
            try await Task.sleep(for: .milliseconds(2))
            let event = makeEvent(id)
            do {
                try await journal.put(event.data, id: id, at: event.timestamp, key: event.key)
                #expect(model[id] == nil, "\(id) was taken, seed \(seed), step \(step)")
                model[id] = event
            } catch let error as JournalError where error.code == .eventExists {
                #expect(model[id] != nil, "\(id) was free, seed \(seed), step \(step)")
            }
        case 10..<13:
            let data = makeEvent(id).data
            do {
                let event = try await journal.update(id, data: data)
                model[id]?.data = data
                #expect(event == model[id], "seed \(seed), step \(step)")
            } catch let error as JournalError where error.code == .eventNotFound {
                #expect(model[id] == nil, "\(id) is there, seed \(seed), step \(step)")
            }
        case 13..<15:
            do {
                let event = try await journal.delete(id)
                #expect(event == model.removeValue(forKey: id), "seed \(seed), step \(step)")
            } catch let error as JournalError where error.code == .eventNotFound {
                #expect(model[id] == nil, "\(id) is there, seed \(seed), step \(step)")
            }
        case 15..<17:
            var policy = CompactionPolicy(force: true)
            policy.appliesChanges = number(2) == 0
            policy.isThorough = number(2) == 0
            try await journal.compact(policy)
        case 17: #expect(try await journal.event(id) == model[id], "seed \(seed), step \(step)")
        case 18: journals[number(journals.count)] = try fresh()
        default: try await journal.vacuum(VacuumOptions(retention: .seconds(7200)))
        }
    }

    private mutating func makeEvent(_ id: String) -> Event {
        appends += 1
        let padding = number(40) == 0 ? 20_000 : number(300)
        let state = random.next()
        let noise = (0..<padding).map { UInt8(truncatingIfNeeded: UInt64($0) &* (state | 1) >> 5) }
        return Event(
            id: id,
            timestamp: Timestamp(microseconds: Int64(number(1000)) * 1_000_000),
            key: number(3) == 0 ? nil : "k\(number(4))",
            data: Array("{\"n\":\(appends)}".utf8) + noise
        )
    }

    private mutating func follow() async throws {
        let journal = journals[number(journals.count)]
        for try await batch in journal.follow(from: position, options: FollowOptions(untilCaughtUp: true)) {
            for row in 0..<batch.count {
                let event = batch.events[row]
                followed[event.id] = batch.change(at: row) == .delete ? nil : event
            }
            position = .position(batch.position)
        }
    }

    private func compare(_ journal: Journal) async throws {
        var events: [Event] = []
        for try await batch in journal.replay() { events += (0..<batch.count).map { batch[$0] } }
        #expect(events.map(\.timestamp) == events.map(\.timestamp).sorted(), "seed \(seed)")
        #expect(events.count == model.count, "seed \(seed)")
        #expect(Dictionary(events.map { ($0.id, $0) }) { first, _ in first } == model, "seed \(seed)")
        #expect(try await journal.statistics().events == model.count, "seed \(seed)")
        let (after, through) = (Timestamp(microseconds: 200_000_000), Timestamp(microseconds: 600_000_000))
        var part: [Event] = []
        for try await batch in journal.replay(after: after, through: through) {
            part += (0..<batch.count).map { batch[$0] }
        }
        #expect(part == events.filter { $0.timestamp > after && $0.timestamp <= through }, "seed \(seed)")
    }
}
