import Testing

@testable import EventJournal

@Suite("Compaction planner")
struct CompactionPlannerTests {
    fileprivate static let hour: Int64 = 3_600_000_000

    /// How events arrive.
    enum Arrival: String, CaseIterable, CustomTestStringConvertible {
        case inOrder, onePercentLateByDays, allRandom, burstsWithNights, backwards, twoWritersADayApart
        case tinyCompactions, oneMoment, oneEventInTheFarFuture, lateToSingleHours

        var testDescription: String { rawValue }
        var compactions: Int { self == .tinyCompactions ? 600 : 200 }

        /// The batches of one compaction; hours are counted by `round`.
        func batches(_ round: Int, _ random: inout SeededGenerator) -> [[Int64]] {
            let hour = CompactionPlannerTests.hour
            let now = Int64(round) * hour
            let all = Int64(compactions) * hour
            let count = self == .tinyCompactions ? 8 : 1024
            func between(_ low: Int64, _ high: Int64) -> Int64 { Int64.random(in: low..<high, using: &random) }
            var events: [Int64] = []
            for number in 0..<count {
                switch self {
                case .inOrder, .tinyCompactions: events.append(now + Int64(number) * (hour / Int64(count)))
                case .onePercentLateByDays:
                    let late = number % 100 == 7
                    events.append(late ? between(now - 72 * hour, now) : now + Int64(number) * (hour / 1024))
                case .allRandom: events.append(between(0, all))
                case .burstsWithNights: events.append(now + (now / (12 * hour)) * 12 * hour + between(0, hour / 100))
                case .backwards: events.append(between(all - now - hour, all - now))
                case .twoWritersADayApart:
                    events.append(
                        number.isMultiple(of: 2) ? between(now, now + hour) : between(now - 24 * hour, now - 23 * hour)
                    )
                case .oneMoment: events.append(7)
                case .oneEventInTheFarFuture:
                    let far = round == 3 && number == 0
                    let late = number % 100 == 7
                    events.append(far ? 1 << 60 : late ? between(now - 72 * hour, now) : between(now, now + hour))
                case .lateToSingleHours:
                    let late = number < 10
                    let other = Int64(round * 7 % max(1, round)) * hour
                    events.append(late ? between(other, other + hour) : between(now, now + hour))
                }
            }
            return stride(from: 0, to: events.count, by: 128).map { Array(events[$0..<min(events.count, $0 + 128)]) }
        }

        /// What must hold at every moment, and at the end.
        var bounds: (depth: Int, small: Int, amplification: Double) {
            switch self {
            case .inOrder, .burstsWithNights, .backwards: (2, 4, 2)
            case .tinyCompactions: (2, 12, 5)
            case .onePercentLateByDays, .lateToSingleHours: (10, 16, 2.5)
            case .oneEventInTheFarFuture: (9, 16, 5)
            case .twoWritersADayApart: (4, 10, 3)
            case .allRandom, .oneMoment: (8, 8, 6)
            }
        }
    }

    @Test("depth, small segments and rewriting stay bounded", arguments: Arrival.allCases)
    func bounded(arrival: Arrival) throws {
        for seed in [UInt64(1)] {
            var random = SeededGenerator(seed: seed)
            var simulation = CompactionSimulation()
            var deepest = 0
            var most = 0
            for round in 0..<arrival.compactions {
                try simulation.arrive(arrival.batches(round, &random))
                deepest = max(deepest, simulation.depth)
                most = max(most, simulation.smallFiles)
            }
            #expect(deepest <= arrival.bounds.depth, "seed \(seed)")
            #expect(most <= arrival.bounds.small, "seed \(seed)")
            #expect(simulation.writeAmplification <= arrival.bounds.amplification, "seed \(seed)")
        }
    }

    // MARK: - Single decisions

    private static func input(_ number: Int, _ range: ClosedRange<Int64>, megabytes: Int, changes: Int = 0)
        -> CompactionInput
    {
        CompactionInput(
            key: "_inbox/\(number)",
            batchID: UUIDv7(high: UInt64(number) << 16 | 0x7000, low: 1 << 63),
            isChanges: changes > 0,
            first: range.lowerBound,
            last: range.upperBound,
            events: max(changes, 1000),
            payloadBytes: megabytes << 20
        )
    }

    private static func segment(_ name: String, _ range: ClosedRange<Int64>, megabytes: Int, changes: Bool = false)
        -> CompactionCandidate
    {
        CompactionCandidate(
            key: "segments/\(name)",
            run: name,
            first: range.lowerBound,
            last: range.upperBound,
            events: 1000,
            payloadBytes: megabytes << 20,
            objectBytes: megabytes << 18,
            hasChanges: changes
        )
    }

    /// Ten full hours.
    private static let hours = (0..<10)
        .map { segment("hour-\($0)", (Int64($0) * hour)...(Int64($0 + 1) * hour - 1), megabytes: 512) }

    @Test("too little is refused in words, unless forced")
    func tooLittle() {
        let inbox = [Self.input(1, 0...9, megabytes: 1)]
        var policy = CompactionPolicy(minimumEvents: 1001)
        let refused = CompactionPlanner(policy: policy).plan(catalog: [], inbox: inbox)
        #expect(refused.jobs.isEmpty)
        #expect(refused.refusal?.contains("1000 events") == true && refused.refusal?.contains("1001") == true)
        policy.force = true
        #expect(CompactionPlanner(policy: policy).plan(catalog: [], inbox: inbox).jobs.map(\.inbox) == [["_inbox/1"]])
        policy = CompactionPolicy(minimumPayloadBytes: 2 << 20)
        #expect(CompactionPlanner(policy: policy).plan(catalog: [], inbox: inbox).refusal != nil)
        // An empty inbox is too little where something is asked for, and else nothing to do.
        #expect(CompactionPlanner(policy: policy).plan(catalog: [], inbox: []).refusal?.contains("0 events") == true)
        #expect(CompactionPlanner(policy: .defaults).plan(catalog: [], inbox: []) == CompactionPlan())
        policy.force = true
        #expect(CompactionPlanner(policy: policy).plan(catalog: [], inbox: []) == CompactionPlan())
    }

    @Test("a large inbox is absorbed in the order of arrival, so much at once")
    func largeInbox() {
        let inbox = [3, 1, 4, 2].map { Self.input($0, 0...9, megabytes: 100) }
        let policy = CompactionPolicy(jobPayloadBytes: 250 << 20)
        let plan = CompactionPlanner(policy: policy).plan(catalog: [], inbox: inbox)
        #expect(plan.jobs.map(\.inbox) == [["_inbox/1", "_inbox/2"]])
    }

    @Test("late events leave full segments alone, and new ones have objects of their own")
    func lateEvents() throws {
        let inbox = [Self.input(1, Self.hour...(11 * Self.hour), megabytes: 100)]
        let plan = CompactionPlanner(policy: .defaults).plan(catalog: Self.hours, inbox: inbox)
        let job = try #require(plan.jobs.first)
        #expect(plan.jobs.count == 1 && job.catalog.isEmpty)
        #expect(job.sections == [(10 * Self.hour)...Int64.max])
    }

    @Test("what is small at the end is combined with what comes in order")
    func smallEnd() throws {
        let end = Self.segment("end", (10 * Self.hour)...(11 * Self.hour - 1), megabytes: 40)
        let inbox = [Self.input(1, (11 * Self.hour)...(12 * Self.hour), megabytes: 400)]
        let plan = CompactionPlanner(policy: .defaults).plan(catalog: Self.hours + [end], inbox: inbox)
        #expect(plan.jobs.map(\.catalog) == [["segments/end"]])
        #expect(plan.jobs.first?.sections == [(10 * Self.hour)...Int64.max])
    }

    @Test("changes wait until they are many or asked for, then only segments they may concern are rewritten")
    func changes() throws {
        var catalog = Self.hours
        for hour in [2, 7] { catalog[hour].hasChanges = true }
        let change = Self.input(1, (2 * Self.hour)...(8 * Self.hour), megabytes: 0, changes: 20)
        let put = Self.input(2, (10 * Self.hour)...(11 * Self.hour), megabytes: 300)
        let waiting = CompactionPlanner(policy: .defaults).plan(catalog: catalog, inbox: [change, put])
        #expect(waiting.jobs.map(\.inbox) == [["_inbox/2"]])
        #expect(waiting.jobs.map(\.catalog) == [[]] && waiting.jobs.first?.appliesChanges == false)
        #expect(CompactionPlanner(policy: .defaults).plan(catalog: catalog, inbox: [change]).jobs.isEmpty)
        for policy in [CompactionPolicy(appliesChanges: true), CompactionPolicy(pendingChanges: 1000)] {
            let plan = CompactionPlanner(policy: policy).plan(catalog: catalog, inbox: [change, put])
            let job = try #require(plan.jobs.first)
            #expect(job.inbox == ["_inbox/1", "_inbox/2"] && job.appliesChanges)
            #expect(job.catalog == ["segments/hour-2", "segments/hour-7"])
            // Each is rewritten apart: together they would be one that lies across the others.
            #expect(
                job.sections == [
                    (2 * Self.hour)...(3 * Self.hour - 1), (7 * Self.hour)...(8 * Self.hour - 1),
                    (10 * Self.hour)...Int64.max,
                ]
            )
        }
    }

    @Test("thorough merges all that overlaps and combines all that is small")
    func thorough() {
        let late = Self.segment("late", 0...(3 * Self.hour), megabytes: 2)
        let small = (10..<12)
            .map {
                Self.segment("small-\($0)", (Int64($0) * Self.hour)...(Int64($0 + 1) * Self.hour - 1), megabytes: 1)
            }
        let catalog = Self.hours + [late] + small
        #expect(CompactionPlanner(policy: .defaults).plan(catalog: catalog, inbox: []).jobs.isEmpty)
        let plan = CompactionPlanner(policy: CompactionPolicy(isThorough: true)).plan(catalog: catalog, inbox: [])
        #expect(
            plan.jobs.map { Set($0.catalog) } == [
                ["segments/late", "segments/hour-0", "segments/hour-1", "segments/hour-2", "segments/hour-3"],
                ["segments/small-10", "segments/small-11"],
            ]
        )
    }

    @Test("segments of one run do not overlap, even where all have one moment")
    func oneRun() {
        let segments = (0..<20)
            .map { number in
                var segment = Self.segment("\(number)", 5...5, megabytes: 512)
                segment.run = "run"
                return segment
            }
        #expect(CompactionPlanner(policy: .defaults).plan(catalog: segments, inbox: []).jobs.isEmpty)
    }
}
