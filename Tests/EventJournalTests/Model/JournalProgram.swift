import EventJournal
import ObjectStorage
import ObjectStorageTesting
import Testing

/// One random program: a few journals share a store that fails now and then, and every answer is checked.
///
/// An append that failed may have taken effect: the store is looked at, and the model believes it. Reads may fail when
/// a fault was injected, but what they answer must be right.
struct JournalProgram {
    private struct Writer {
        var journal: Journal
        var clock: FakeClock
        /// The greatest batch id it must know of: what it writes sorts behind.
        var seen: UUIDv7?
    }

    private let seed: UInt64
    private var random: SeededRandom
    private let base = MemoryObjectStore()
    private let weather: FaultyWeather
    private let store: FaultInjectingObjectStore
    private var writers: [Writer] = []
    private var model = JournalModel()
    private var nextPayload = 0

    init(seed: UInt64) {
        self.seed = seed
        random = SeededRandom(seed: seed)
        let weather = FaultyWeather(seed: ~seed, percent: [0, 5, 20][Int.random(in: 0..<3, using: &random)])
        self.weather = weather
        store = FaultInjectingObjectStore(base) { weather.faults(for: $0) }
        for _ in 0..<Int.random(in: 2...3, using: &random) { open() }
    }

    private mutating func open() {
        let clock = FakeClock(Int64.random(in: 0..<4_000_000_000, using: &random) * 1_000_000)
        let configuration = JournalConfiguration(
            groupPayloadBytes: [8, 64, 8 << 20][Int.random(in: 0..<3, using: &random)],
            parallelism: Int.random(in: 1...3, using: &random)
        )
        let journal = Journal(store: store, configuration: configuration, clock: { clock.now })
        writers.append(Writer(journal: journal, clock: clock))
    }

    /// Runs the program, then lets the weather clear and compares everything.
    mutating func run() async throws {
        for _ in 0..<Int.random(in: 2...6, using: &random) {
            let writer = Int.random(in: 0..<writers.count, using: &random)
            writers[writer].clock.move(by: Int64.random(in: -3_000_000...3_000_000, using: &random))
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<4: try await append(writer)
            case 4: try await put(writer)
            case 5, 6: try await meet()
            case 7, 8: try await replay(writer)
            case 9: try await lookUp(writer)
            case 10: try await count(writer)
            default: open()
            }
        }
        store.isEnabled = false
        open()
        for writer in writers.indices {
            try await replay(writer)
            try await lookUp(writer)
            try await count(writer)
        }
    }

    private var hint: Comment { "seed \(seed)" }

    // MARK: - Writing

    private mutating func event(id: String? = nil) -> Event {
        nextPayload += 1
        let text = Array("payload \(nextPayload)".utf8)
        return Event(
            id: id ?? "id-\(Int.random(in: 0..<12, using: &random))",
            timestamp: Timestamp(microseconds: Int64.random(in: -3...3, using: &random)),
            key: Bool.random(using: &random) ? "key" : nil,
            // One payload in four is no UTF-8.
            data: Int.random(in: 0..<4, using: &random) == 0 ? [0xFF] + text : text
        )
    }

    private mutating func batch() -> [Event] {
        (0..<Int.random(in: 1...4, using: &random)).map { _ in event() }
    }

    /// The events of a batch that are to be stored: the first of each id.
    private static func unique(_ batch: [Event]) -> [Event] {
        var ids: Set<String> = []
        return batch.filter { ids.insert($0.id).inserted }
    }

    private mutating func append(_ writer: Int) async throws {
        let batch = batch()
        let unique = Self.unique(batch)
        let faults = weather.hurtful
        var succeeded = false
        do {
            let receipt = try await writers[writer].journal.append(batch)
            #expect(
                receipt == AppendReceipt(appended: unique.count, alreadyThere: batch.count - unique.count),
                hint
            )
            succeeded = true
        } catch let error as JournalError where error.code == .storage {
            #expect(weather.hurtful > faults, "\(error), \(hint)")
        }
        let segments = try await model.update(from: base)
        // What lies there is the batch, ordered by time, in one segment; or nothing when the append failed.
        let expected = unique.enumerated()
            .sorted { ($0.element.timestamp, $0.offset) < ($1.element.timestamp, $1.offset) }
            .map(\.element)
        if succeeded || !segments.isEmpty {
            #expect(segments.map { $0.map(\.event) } == [expected], hint)
        }
        sortsBehindWhatWasSeen(segments, writer)
    }

    private mutating func put(_ writer: Int) async throws {
        let event = event()
        let (faults, truncated) = (weather.hurtful, weather.truncated)
        let isThere = model.winners[event.id] != nil
        do {
            let stored = try await writers[writer].journal
                .put(event.data, id: event.id, at: event.timestamp, key: event.key)
            #expect(stored == event, hint)
            // What cannot be read cannot be seen to be there; the first write counts all the same.
            #expect(!isThere || weather.truncated > truncated, hint)
            #expect(try await model.update(from: base).map { $0.map(\.event) } == [[event]], hint)
        } catch let error as JournalError where error.code == .eventExists {
            #expect(isThere, hint)
            #expect(try await model.update(from: base).isEmpty, hint)
        } catch let error as JournalError {
            #expect(weather.hurtful > faults, "\(error), \(hint)")
            let segments = try await model.update(from: base)
            #expect(segments.isEmpty || segments.map { $0.map(\.event) } == [[event]], hint)
        }
    }

    private func sortsBehindWhatWasSeen(_ segments: [[StoredRow]], _ writer: Int) {
        guard let seen = writers[writer].seen else { return }
        for segment in segments { #expect(segment[0].batchID > seen, hint) }
    }

    /// Several appends and a replay at the same time.
    private mutating func meet() async throws {
        let calls = (0..<Int.random(in: 2...5, using: &random))
            .map { _ in
                (writers[Int.random(in: 0..<writers.count, using: &random)].journal, batch())
            }
        let before = model.winners
        let faults = weather.hurtful
        let reader = writers[0].journal
        let (outcomes, replayed) = try await withThrowingTaskGroup(of: (Int, Bool).self) { group in
            for (number, (journal, batch)) in calls.enumerated() {
                group.addTask {
                    do {
                        try await journal.append(batch)
                        return (number, true)
                    } catch is JournalError {
                        return (number, false)
                    }
                }
            }
            let replayed = try await Self.answer { try await reader.collect() }
            var outcomes = [Bool](repeating: false, count: calls.count)
            for try await (number, succeeded) in group { outcomes[number] = succeeded }
            return (outcomes, replayed)
        }
        let segments = try await model.update(from: base)
        // Each batch is there whole, in one segment, or not at all; and it is there if that was acknowledged.
        var left = segments.map { Set($0.map(\.event)) }
        for ((_, batch), succeeded) in zip(calls, outcomes) {
            let unique = Set(Self.unique(batch))
            let home = left.firstIndex { $0.isSuperset(of: unique) }
            #expect(home != nil || !succeeded, hint)
            if let home { left[home].subtract(unique) }
            #expect(succeeded || weather.hurtful > faults, hint)
        }
        #expect(left.allSatisfy { $0.isEmpty }, hint)
        // The replay has what was there before, each id once, in order, and nothing that never was.
        guard let replayed else {
            #expect(weather.hurtful > faults, hint)
            return
        }
        let ids = Set(replayed.map(\.id))
        #expect(ids.count == replayed.count && ids.isSuperset(of: before.keys), hint)
        #expect(Set(replayed).isSubset(of: Set(model.rows.map(\.event))), hint)
        #expect(zip(replayed, replayed.dropFirst()).allSatisfy { $0.timestamp <= $1.timestamp }, hint)
    }

    // MARK: - Reading

    /// What a read answers, or `nil` when it failed as reads may fail.
    private static func answer<Value>(_ read: () async throws -> Value) async throws -> Value? {
        do {
            return try await read()
        } catch let error as JournalError where [.storage, .damagedSegment].contains(error.code) {
            return nil
        }
    }

    /// Reads, and makes sure that it failed for a reason if it did.
    private mutating func read<Value>(_ writer: Int, _ body: (Journal) async throws -> Value) async throws -> Value? {
        let faults = weather.hurtful
        let journal = writers[writer].journal
        guard let value = try await Self.answer({ try await body(journal) }) else {
            #expect(weather.hurtful > faults && store.isEnabled, "a read failed without a fault, \(hint)")
            return nil
        }
        writers[writer].seen = model.rows.map(\.batchID).max()
        return value
    }

    private mutating func replay(_ writer: Int) async throws {
        func bound() -> Timestamp? {
            Bool.random(using: &random) ? nil : Timestamp(microseconds: Int64.random(in: -4...4, using: &random))
        }
        let (after, through) = (bound(), bound())
        var options = ReplayOptions()
        // Far below what is sensible, so that windows end between any two events.
        options.windowBytes = [1, 30, 1 << 20][Int.random(in: 0..<3, using: &random)]
        let events = try await read(writer) { journal in
            try await journal.collect(after: after, through: through, options: options)
        }
        guard let events else { return }
        #expect(events == model.replay(after: after, through: through), hint)
    }

    private mutating func lookUp(_ writer: Int) async throws {
        let winners = model.winners
        let id = "id-\(Int.random(in: 0..<13, using: &random))"
        guard let event = try await read(writer, { [try await $0.event(id)] }) else { return }
        #expect(event[0] == winners[id]?.event, hint)
    }

    private mutating func count(_ writer: Int) async throws {
        let isWhole = !store.isEnabled
        let (events, rows) = (model.winners.count, model.rows)
        if let statistics = try await read(writer, { try await $0.statistics() }) {
            #expect(!isWhole || statistics.damagedSegments == 0, hint)
            if statistics.damagedSegments == 0 {
                #expect(statistics.events == events && statistics.duplicates == rows.count - events, hint)
                #expect(statistics.payloadBytes == rows.reduce(0) { $0 + $1.event.data.count }, hint)
                #expect(statistics.first == rows.map(\.event.timestamp).min(), hint)
                #expect(statistics.last == rows.map(\.event.timestamp).max(), hint)
            }
        }
        if let report = try await read(writer, { try await $0.verify() }) {
            #expect(report.isClean || !isWhole, hint)
            if report.isClean {
                #expect(report.events == events && report.duplicates == rows.count - events, hint)
                #expect(report.soundSegments == Set(rows.map(\.batchID)).count, hint)
            }
        }
    }
}
