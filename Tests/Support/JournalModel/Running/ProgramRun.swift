import EventJournal
import ObjectStorage
import ObjectStorageTesting

/// Runs one program and checks every step.
struct ProgramRun {
    private let program: Program
    private let surroundings: ModelActor.Surroundings
    private var actors: [ModelActor]
    private var history: History
    private var causality: Causality
    /// What is on the store.
    private var objects: [ObjectMetadata] = []

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
        } catch {
            var violation = error as? Violation ?? Violation("\(error)")
            violation.history = "\(run.history)"
            return violation
        }
    }

    private mutating func run() async throws {
        for step in program.steps { try await perform(step.lanes) }
        surroundings.weather.clear()
        try await lookAtEverything()
    }

    private mutating func perform(_ lanes: [[Operation]]) async throws {
        surroundings.time.pass(microseconds: 700)
        let (begin, before, objectsBefore) = (history.count, surroundings.weather.tally, objects)
        let performances = await performances(lanes)
        let known = history.segments.count
        let segments = try history.update()
        let after = surroundings.weather.tally
        objects = try await surroundings.base.listAll().collect(upTo: .max)
        let round = Round(
            performances: performances,
            segments: segments,
            begin: begin,
            truths: (begin...history.count).map { history.truth(at: $0) },
            columns: (begin...history.count).map { history.columns(at: $0) },
            weather: Weather.Tally(
                hurtful: after.hurtful - before.hurtful,
                truncated: after.truncated - before.truncated
            ),
            hasCommit: history.hasCommit(begin...history.count),
            waiting: history.waiting,
            allSegments: history.segments,
            catalog: history.catalog,
            objectsBefore: objectsBefore,
            objects: objects,
            now: (ModelClock.start + surroundings.time.microseconds) / 1000
        )
        try round.checkObjects()
        try round.checkSegments(causality, after: history.segments[..<known])
        try round.checkCommits()
        try round.checkColumns()
        try round.checkOutcomes()
        try await checkFiles(round, since: begin)
        try await checkErasures(round)
        learn(round)
    }

    /// Whether promoted columns have what the payloads beside them say, in each file that has come into the catalog.
    private func checkFiles(_ round: Round, since moment: Int) async throws {
        let definitions = round.columns.reduce(into: Set<String>()) { $0.formUnion($1.live + $1.removed) }
        for file in history.added(from: moment) where round.catalog.files.contains(file.path) {
            let columns = try StoredColumns(try await surroundings.base.get(file.path, range: nil).bytes)
            try require(
                columns.names == file.filled,
                "\(file.path) has the columns \(columns.names.sorted()), and its commit says \(file.filled.sorted())"
            )
            try columns.check(Array(definitions), file.path)
            try columns.checkStatistics(file.statistics, file.path)
        }
    }

    /// Whether an erasure that says it is complete has left no row of its events.
    private func checkErasures(_ round: Round) async throws {
        guard round.performances.count == 1, let performance = round.performances.first,
            case (.erase(let ids, _), .erased(let report)) = (performance.operation.action, performance.outcome),
            report.isComplete
        else { return }
        let wanted = Set(ids.map(ID.init))
        for object in objects where object.key.hasSuffix(".parquet") && !object.key.hasPrefix("_") {
            let bytes = try await surroundings.base.get(object.key, range: nil).bytes
            let rows = try StoredIDs(bytes)
            try require(
                rows.ids.isDisjoint(with: wanted),
                "erased \(ids), and \(object.key) has them",
                at: performance.operation
            )
        }
        let left = history.segments.filter { segment in objects.contains { $0.key == segment.key } }
        for row in left.flatMap(\.rows) where row.change != .delete && wanted.contains(ID(row.event.id)) {
            throw Violation("erased \(ids), and \(row.event.short) is in the inbox", at: performance.operation)
        }
    }

    /// Carries the operations out, each lane in a task of its own.
    private func performances(_ lanes: [[Operation]]) async -> [Performance] {
        await withTaskGroup(of: [Performance].self) { group in
            for lane in lanes {
                let (actors, log) = (actors, surroundings.log)
                group.addTask {
                    var performances: [Performance] = []
                    for operation in lane {
                        let begin = log.count
                        let outcome = await actors[operation.actor].perform(operation)
                        performances.append(Performance(operation: operation, outcome: outcome, begin: begin))
                    }
                    return performances
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// Takes note of what each actor has seen, and replaces the dead.
    private mutating func learn(_ round: Round) {
        for segment in round.segments { causality.learn(segment.actor, [segment.batchID]) }
        for performance in round.performances {
            let operation = performance.operation
            if operation.lists, performance.hasListed {
                let seen = history.segments.filter { $0.entry < performance.begin }
                causality.learn(operation.actor, seen.map(\.batchID))
            }
            switch operation.action {
            case .wait(let seconds): surroundings.time.pass(microseconds: seconds * 1_000_000)
            case .reopen: reopen(operation.actor)
            default: break
            }
        }
        for actor in actors.indices where actors[actor].process.isDead { reopen(actor) }
        for actor in actors { actor.process.survive() }
    }

    private mutating func reopen(_ actor: Int) {
        actors[actor].reopen()
        causality.forget(actor)
    }

    /// Every actor, and one that has seen nothing yet, must now tell the truth; and once more when everything is
    /// compacted.
    private mutating func lookAtEverything() async throws {
        actors.append(ModelActor(actors.count, surroundings))
        var number = 1_000_000
        try await compareAll(&number)
        guard program.compacts else { return }
        if history.hasColumns {
            number += 1
            try await perform([[Operation(number: number, actor: Int(program.seed % 2), action: .fillColumns)]])
        }
        var policy = CompactionPolicy(force: true, compressionLevel: 1, appliesChanges: true)
        policy.isThorough = program.seed % 2 == 0
        // Then what nobody needs can go, however little time has passed.
        let vacuum = VacuumOptions(retention: .seconds(-7200), allowsShortRetention: true)
        for action in [.compact(policy), .vacuum(vacuum)] as [Operation.Action] {
            number += 1
            try await perform([[Operation(number: number, actor: Int(program.seed % 2), action: action)]])
        }
        try await compareAll(&number)
    }

    private mutating func compareAll(_ number: inout Int) async throws {
        for actor in actors.indices {
            var random = SeededRandom(seed: program.seed &+ UInt64(actor))
            let bound = Timestamp(microseconds: Int64.random(in: -3...3, using: &random))
            var actions: [Operation.Action] = [
                .replay(after: nil, through: nil, windowBytes: 1 << 20, latestPerKey: false),
                .replay(after: nil, through: bound, windowBytes: 1, latestPerKey: false),
                .replay(after: bound, through: nil, windowBytes: 30, latestPerKey: true),
                .statistics, .verify, .event("never written"),
            ]
            if history.hasColumns {
                actions += [.columns, .tables(after: nil, through: nil, wholeBytes: actor % 2 == 0 ? 1 : .max)]
            }
            if actor % 2 == 0 {
                let marks = ["m", "n", "fresh-\(number)"]
                actions += marks.map { .follow(mark: $0, batches: .max, windowBytes: 1) }
            }
            actions += history.ids.map { .event($0) }
            for action in actions {
                number += 1
                try await perform([[Operation(number: number, actor: actor, action: action)]])
            }
        }
    }
}

extension Performance {
    /// Whether it must have listed the inbox, being one that does.
    fileprivate var hasListed: Bool {
        guard case .failed(let error) = outcome else { return true }
        return error.code == .eventExists || error.code == .eventNotFound
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
