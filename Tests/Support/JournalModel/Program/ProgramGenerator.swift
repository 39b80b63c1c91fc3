import EventJournal
import ObjectStorageTesting

/// Makes a random program from a seed.
struct ProgramGenerator {
    private var random: SeededRandom
    private let seed: UInt64
    private let ids: [String]
    private var number = 0
    private var compacts = true
    private var appended: [[Event]] = []

    /// Few, so that they meet.
    ///
    /// The last two are different bytes for what `String` takes as the same text.
    private static let ids = ["a", "b", "c", "d", "e", "f", "g", "\u{E9}", "e\u{301}"]

    /// - Parameter seed: Of all that chance decides.
    init(seed: UInt64) {
        self.seed = seed
        random = SeededRandom(seed: seed)
        // Half of the programs keep to two or three ids: there the order of operations matters most.
        let few = Bool.random(using: &random) ? Int.random(in: 2...3, using: &random) : Self.ids.count
        ids = Array(Self.ids.shuffled(using: &random).prefix(few))
    }

    /// The program.
    mutating func program() -> Program {
        let actors = Int.random(in: 2...3, using: &random)
        let (second, minute, year): (Int64, Int64, Int64) = (1_000_000, 60_000_000, 31_536_000_000_000)
        // Objects that nobody needs are deleted an hour after the time that their replacement's commit says:
        // compactors' clocks may differ by less than that. Without compactions clocks may say what they like.
        compacts = chance(80)
        let skews = compacts ? [0, 0, second, -second, 15 * minute, -15 * minute] : [0, year, -year, 15 * minute]
        var program = Program(
            seed: seed,
            clocks: (0..<actors).map { _ in pick(skews) },
            faultPercent: pick([0, 0, 0, 5, 20]),
            groupPayloadBytes: (0..<actors).map { _ in pick([8, 64, 8 << 20]) },
            parallelism: (0..<actors).map { _ in pick([1, 1, 2]) },
            compacts: compacts,
            steps: []
        )
        // One program in three has concurrent steps.
        let concurrentPercent = pick([0, 0, 40])
        for _ in 0..<Int.random(in: 4...12, using: &random) {
            if chance(concurrentPercent) {
                let lanes = (0..<Int.random(in: 2...4, using: &random))
                    .map { _ in
                        (0..<pick([1, 1, 1, 2, 3])).map { _ in operation(actors, isAlone: false) }
                    }
                program.steps.append(.together(lanes))
            } else {
                program.steps.append(.alone(operation(actors, isAlone: true)))
            }
        }
        var weaver = ColumnWeaver(seed: seed)
        weaver.weave(&program)
        return program
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func operation(_ actors: Int, isAlone: Bool) -> Operation {
        number += 1
        return Operation(
            number: number,
            actor: Int.random(in: 0..<actors, using: &random),
            action: action(isAlone: isAlone),
            diesAt: chance(3) ? Int.random(in: 0..<4, using: &random) : nil
        )
    }

    private mutating func action(isAlone: Bool) -> Operation.Action {
        switch Int.random(in: 0..<(isAlone ? 42 : 34), using: &random) {
        case 0..<6: append()
        case 6..<9: .put(event(0))
        case 9..<12: .update(id: id(), data: payload(0))
        case 12..<15: .delete(id: id())
        case 15..<17: .event(id())
        case 17..<20: replay()
        case 20: .statistics
        case 21: .verify
        case 22..<26: compacts ? .compact(policy()) : append()
        case 26..<30: follow()
        case 30: compacts ? .erase([id()], waits: chance(80)) : .event(id())
        case 31: compacts ? .reindex : append()
        case 32: compacts ? .compactIfDue(segments: pick([1, 2, 5])) : replay()
        case 33..<37: compacts ? vacuum(isAlone: isAlone) : replay()
        case 37:
            .moveClock(microseconds: pick([1000, -1000, 5_000_000, -5_000_000, 180_000_000, -180_000_000]))
        // On either side of the delays that the design leans on: 60 s, 120 s and an hour.
        case 38..<41: .wait(seconds: pick([10, 59, 61, 121, 3700]))
        default: .reopen
        }
    }

    private mutating func policy() -> CompactionPolicy {
        CompactionPolicy(
            minimumEvents: pick([1, 1, 1, 4]),
            force: Bool.random(using: &random),
            targetObjectBytes: pick([1, 2000, 128 << 20]),
            compressionLevel: 1,
            appliesChanges: Bool.random(using: &random),
            pendingChanges: pick([1, 3, 10_000]),
            isThorough: chance(20),
            maximumDepth: pick([1, 2, 6]),
            jobPayloadBytes: pick([1, 20, 8 << 30])
        )
    }

    /// Without a retention only where nobody else compacts meanwhile.
    private mutating func vacuum(isAlone: Bool) -> Operation.Action {
        let retention: Int64 = isAlone ? pick([0, 0, 3600, 604_800]) : pick([3600, 604_800])
        // Behind the clocks of all, however they differ.
        let options = VacuumOptions(
            retention: retention == 0 ? .seconds(-7200) : .seconds(retention),
            allowsShortRetention: retention == 0,
            isDryRun: chance(20)
        )
        return .vacuum(options)
    }

    private mutating func follow() -> Operation.Action {
        .follow(mark: pick(["m", "m", "n"]), batches: pick([1, 2, .max, .max]), windowBytes: pick([1, 30, 1 << 20]))
    }

    private mutating func append() -> Operation.Action {
        // A client that got no answer tries again; one in six appends is such a repetition.
        if !appended.isEmpty, chance(16) { return .append(pick(appended)) }
        let events = (0..<Int.random(in: 1...4, using: &random)).map { event($0) }
        appended.append(events)
        return .append(events)
    }

    private mutating func replay() -> Operation.Action {
        .replay(after: bound(), through: bound(), windowBytes: pick([1, 30, 1 << 20]), latestPerKey: chance(30))
    }

    private mutating func bound() -> Timestamp? {
        Bool.random(using: &random) ? nil : Timestamp(microseconds: Int64.random(in: -4...4, using: &random))
    }

    private mutating func id() -> String { pick(ids) }

    /// One in four is no UTF-8.
    private mutating func payload(_ position: Int) -> [UInt8] {
        let text = Array("o\(number).\(position)".utf8)
        return chance(25) ? [0xFF] + text : text
    }

    /// An event whose payload says where it comes from, so that no two are equal.
    private mutating func event(_ position: Int) -> Event {
        Event(
            id: id(),
            timestamp: Timestamp(microseconds: Int64.random(in: -3...3, using: &random)),
            key: pick([nil, nil, "k", "l"]),
            data: payload(position),
            source: chance(10) ? "s" : nil,
            sequence: chance(10) ? "1" : nil
        )
    }
}
