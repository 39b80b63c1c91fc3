import EventJournal
import ObjectStorageTesting

/// Runs one program and checks every step.
struct ProgramRun {
    private let program: Program
    private let surroundings: ModelActor.Surroundings
    private var actors: [ModelActor]
    private var history: History
    private var causality: Causality

    init(_ program: Program) {
        self.program = program
        surroundings = ModelActor.Surroundings(program)
        actors = program.clocks.indices.map { [surroundings] in ModelActor($0, surroundings) }
        history = History(surroundings.log)
        causality = Causality(actors: program.clocks.count + 1)
    }

    /// Runs the program, lets the weather clear, and looks at everything.
    ///
    /// - Returns: What is wrong, or `nil`.
    static func violation(of program: Program) async -> Violation? {
        var run = ProgramRun(program)
        do {
            try await run.run()
            return nil
        } catch let violation as Violation {
            return violation
        } catch {
            return Violation("\(error)")
        }
    }

    private mutating func run() async throws {
        for step in program.steps { try await perform(step.operations) }
        surroundings.weather.clear()
        try await lookAtEverything()
    }

    private mutating func perform(_ operations: [Operation]) async throws {
        for actor in actors { actor.clock.move(by: 700) }
        let (start, before) = (history.count, surroundings.weather.tally)
        let inbox = history.segments.map(\.batchID)
        let outcomes = await outcomes(operations)
        let segments = try history.update()
        let after = surroundings.weather.tally
        let round = Round(
            operations: operations,
            outcomes: outcomes,
            segments: segments,
            truths: (start...history.count).map { history.truth(at: $0) },
            weather: Weather.Tally(
                hurtful: after.hurtful - before.hurtful,
                truncated: after.truncated - before.truncated
            )
        )
        // A write that looks up first has listed the inbox before it stores anything.
        if operations.count == 1, operations[0].looksUpFirst, !segments.isEmpty {
            causality.learn(operations[0].actor, inbox)
        }
        try round.checkSegments(causality)
        try round.checkOutcomes()
        learn(round)
    }

    private func outcomes(_ operations: [Operation]) async -> [Outcome] {
        if operations.count == 1 { return [await actors[operations[0].actor].perform(operations[0])] }
        return await withTaskGroup(of: (Int, Outcome).self) { group in
            for (index, operation) in operations.enumerated() {
                let actor = actors[operation.actor]
                group.addTask { (index, await actor.perform(operation)) }
            }
            var outcomes = [Outcome](repeating: .done, count: operations.count)
            for await (index, outcome) in group { outcomes[index] = outcome }
            return outcomes
        }
    }

    /// Takes note of what each actor has seen, and replaces the dead.
    private mutating func learn(_ round: Round) {
        for segment in round.segments { causality.learn(segment.actor, [segment.batchID]) }
        for (operation, outcome) in zip(round.operations, round.outcomes) {
            if operation.reads, !outcome.isFailure {
                // What came during the step may have come behind its listing.
                let seen = history.segments.prefix(history.segments.count - round.segments.count)
                causality.learn(operation.actor, seen.map(\.batchID))
            }
            if case .reopen = operation.action { reopen(operation.actor) }
        }
        for actor in actors.indices where actors[actor].process.isDead { reopen(actor) }
        for actor in actors { actor.process.survive() }
    }

    private mutating func reopen(_ actor: Int) {
        actors[actor].reopen()
        causality.forget(actor)
    }

    /// Every actor, and one that has seen nothing yet, must now tell the truth, and tell it twice.
    private mutating func lookAtEverything() async throws {
        actors.append(ModelActor(actors.count, surroundings))
        var number = 1_000_000
        for actor in actors.indices {
            var random = SeededRandom(seed: program.seed &+ UInt64(actor))
            let bound = Timestamp(microseconds: Int64.random(in: -3...3, using: &random))
            var actions: [Operation.Action] = [
                .replay(after: nil, through: nil, windowBytes: 1 << 20),
                .replay(after: nil, through: bound, windowBytes: 1),
                .replay(after: bound, through: nil, windowBytes: 30),
                .statistics, .verify, .event("never written"),
            ]
            actions += history.ids.map { .event($0) }
            for action in actions {
                number += 1
                try await perform([Operation(number: number, actor: actor, action: action)])
            }
        }
    }
}

extension Operation {
    /// Whether it lists the inbox when it succeeds.
    fileprivate var reads: Bool {
        switch action {
        case .event, .replay, .statistics, .verify, .put: true
        case .append, .moveClock, .reopen: false
        }
    }

    /// Whether it lists the inbox before it writes.
    fileprivate var looksUpFirst: Bool {
        if case .put = action { true } else { false }
    }
}

extension History {
    /// Every id that was ever written.
    fileprivate var ids: [String] {
        var ids: [ID: String] = [:]
        for row in segments.flatMap(\.rows) { ids[ID(row.event.id)] = row.event.id }
        return ids.values.sorted()
    }
}
