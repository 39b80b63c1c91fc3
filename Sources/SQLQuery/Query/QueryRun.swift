internal import EventJournal
internal import ObjectStorage

/// One engine for one statement: it is asked what it makes of it, is told the tables, and runs it.
///
/// To start it takes longer than many a query, so the journals are opened meanwhile. It has the statement from the
/// beginning, and comes to it when it is told no more, behind ``SetupScript/lockGuard``: only a script that is written
/// once the statement is known to be a query locks the configuration.
struct QueryRun {
    /// What a run came to.
    enum Result {
        /// The rows are printed.
        case ended(SQLReport)
        /// What the statement reads is known now, and is for another engine to read.
        case known(Journals, Known)

        /// What the tables were made of, in the end.
        var report: SQLReport {
            get throws(SQLError) {
                if case .ended(let report) = self { return report }
                throw SQLError(.failed, "The journal changes too often for a query of it to begin; try again.")
            }
        }
    }

    /// What has to be known of a statement before it is run.
    struct Known {
        /// What it reads of each journal.
        var reads: [QueryReads]
        /// What its columns are, as far as it matters.
        var kinds = ColumnKinds.unknown
    }

    /// Journals that are open.
    struct Journals {
        /// With the schemas of their tables.
        var named: [(String?, Journal)]
        /// The promoted columns of each.
        var columns: [[PromotedColumn]]

        /// Whether each is a directory of this machine.
        var areHere: Bool { named.allSatisfy { $0.1.objects is LocalObjectStore } }
    }

    private let query: SQLQuery
    private let moment: Timestamp
    private let scratch: ScratchDirectory
    private let process: EngineProcess
    private let input: EngineInput
    private let answers: EngineOutput

    private static let rows = "rows"
    /// The line behind every answer.
    private static let end = "highwater-end"
    private static let mostAnswered = 64 << 20

    /// Makes ready for a run.
    ///
    /// - Parameters:
    ///   - query: The statement and how it is to be run.
    ///   - moment: What it is to take for the present.
    /// - Throws: ``SQLError``.
    init(_ query: SQLQuery, at moment: Timestamp) throws(SQLError) {
        self.query = query
        self.moment = moment
        scratch = try ScratchDirectory(in: query.options.temporaryDirectory)
        try scratch.makeDirectory(PreparedTables.folder)
        process = EngineProcess(engine: query.engine, scratch: scratch)
        input = try EngineInput()
        answers = try EngineOutput(in: scratch)
    }

    /// The file of all rows, where that is asked for.
    private var result: String? {
        query.options.format == .parquet && !query.options.explains
            ? "\(PreparedTables.folder)/result.parquet" : nil
    }

    /// Starts the engine and has it run the statement.
    ///
    /// - Parameters:
    ///   - open: Opens the journals.
    ///   - known: What an engine before this one has said.
    ///   - output: An open file that rows are printed to.
    /// - Returns: What came of it.
    /// - Throws: ``SQLError``; `JournalError` when a journal cannot be read; what `open` throws.
    func run(
        _ open: @Sendable () async throws -> Journals,
        knowing known: Known? = nil,
        printingTo output: Int32
    ) async throws -> Result {
        var arguments = ["-no-init", "-batch", "-bail", "-list", "-noheader", "-f", "/dev/stdin"]
        if result == nil {
            let verb = query.options.explains ? "EXPLAIN " : ""
            arguments += ["-c", SetupScript.lockGuard, "-c", verb + query.statement]
        }
        let told = arguments
        @Sendable func runEngine() async throws -> EngineProcess.Outcome {
            defer { answers.end() }
            return try await process.run(told, printingTo: output, input: input)
        }
        let (step, outcome) = try await beside(runEngine) {
            defer { input.close() }
            let journals = try await open()
            let places = try JournalPlace.find(journals.named.map(\.1), query.options.cache, scratch)
            if let known = known ?? evident(journals) { return try await tell(journals, places, known) }
            return try await ask(journals, places)
        }
        switch step {
        case .known(let journals, let known): return .known(journals, known)
        case .unanswered(let journals, let answer):
            _ = try Verdict(answer, of: query.statement, program: process.path, outcome: outcome)
            if known != nil { throw EngineFailure.error(outcome, []) }
            // What is wrong with one that cannot be planned shows when it runs; for one that names what there is not,
            // no columns are to be computed before.
            let isWrong = ["Binder Error", "Catalog Error"].contains { outcome.error.contains($0) }
            let text = StatementText(query.statement)
            return .known(journals, Known(reads: journals.columns.map { text.reads(of: isWrong ? [] : $0) }))
        case .told(let prepared):
            guard outcome.isSuccess else {
                throw EngineFailure.error(outcome, prepared.tables.map { ($0.root, $0.location) })
            }
            // What the files of other machines are kept by has to outlive the engine.
            withExtendedLifetime(prepared) {}
            if let result { try scratch.copy(result, to: output) }
            try prepared.formatter?.write(QueryRun.rows, of: scratch, to: output)
            return .ended(SQLReport(engineVersion: prepared.engineVersion.description, prepared.tables))
        }
    }

    private enum Step {
        case told(Prepared)
        case known(Journals, Known)
        /// The engine ended before it had said everything.
        case unanswered(Journals, EngineOutput.Text)
    }

    private struct Prepared {
        var engineVersion: EngineVersion
        var tables: [PreparedTables]
        var formatter: (any RowFormatter)?
    }

    /// Tells the engine what to do with a statement of which everything is known, unless it is no query.
    private func tell(_ journals: Journals, _ places: [JournalPlace], _ known: Known) async throws -> Step {
        try ask(Verdict.lines(query.statement))
        // The engine says what it takes the statement for while files are made.
        @Sendable func answered() async throws -> EngineOutput.Text {
            let answer = await self.answer()
            if answer.isComplete { _ = try Verdict(answer, of: query.statement, program: process.path) }
            return answer
        }
        let (tables, answer) = try await beside(answered) { try await prepare(journals, places, known.reads) }
        guard answer.isComplete else { return .unanswered(journals, answer) }
        let verdict = try Verdict(answer, of: query.statement, program: process.path)
        var settings = settings
        settings.paths = tables.flatMap(\.tables.paths) + (result.map { ["\(scratch.path)/\($0)"] } ?? [])
        let clock = verdict.tree.usesClock ? ReadsScript.clock(moment) : []
        return .told(try finish(verdict, tables, settings.lines + clock, known.kinds))
    }

    /// Asks the engine what the statement reads, and tells it what to do where it may read all that there is.
    private func ask(_ journals: Journals, _ places: [JournalPlace]) async throws -> Step {
        let plan = ReadsScript(
            schemas: journals.named.map(\.0),
            columns: journals.columns,
            statement: query.statement,
            moment: moment,
            asksForKinds: needsKinds
        )
        var settings = settings
        settings.directories = ["\(scratch.path)/\(PreparedTables.folder)/"]
        for ((_, journal), place) in zip(journals.named, places) {
            settings.paths += place.paths(try await journal.catalogKeys())
        }
        let mayReadAll = settings.paths.count <= query.mostAllowed
        if !mayReadAll { settings.paths = [] }
        try ask(settings.lines + Verdict.lines(query.statement) + plan.lines)
        let answer = await self.answer()
        guard answer.isComplete else { return .unanswered(journals, answer) }
        let verdict = try Verdict(answer, of: query.statement, program: process.path)
        guard let reads = QueryPlan(verdict.rest).reads(journals.columns, isStable: !verdict.tree.isUnstable) else {
            return .unanswered(journals, answer)
        }
        let known = Known(
            reads: query.prunes ? reads : reads.map(\.everyTime),
            kinds: ColumnKinds(lastLineOf: verdict.rest)
        )
        guard mayReadAll else { return .known(journals, known) }
        let tables = try await prepare(journals, places, known.reads)
        // Since it was told which files there are, a compaction may have made others.
        let allowed = Set(settings.paths)
        guard tables.flatMap(\.tables.catalogPaths).allSatisfy({ allowed.contains($0) || isMade($0) }) else {
            return .known(journals, known)
        }
        return .told(try finish(verdict, tables, plan.undoing, known.kinds))
    }

    private func isMade(_ path: String) -> Bool { path.hasPrefix("\(scratch.path)/\(PreparedTables.folder)/") }

    private var needsKinds: Bool { query.options.format.needsKinds && !query.options.explains }

    private var settings: EngineSettings {
        EngineSettings(limits: query.options.limits, scratch: scratch.path, timeZone: query.options.timeZone)
    }

    /// What is known of a statement whose text tells as much as a plan would.
    private func evident(_ journals: Journals) -> Known? {
        let text = StatementText(query.statement)
        guard journals.areHere, !needsKinds, !text.mayNameMoment, journals.columns.allSatisfy(\.isEmpty)
        else { return nil }
        return Known(reads: journals.columns.map(text.reads))
    }

    private func ask(_ statements: [String]) throws {
        let lines = [".output \(EngineOutput.name)"] + statements + ["SELECT \(quoted(QueryRun.end));", ".output"]
        try scratch.write("ask.sql", lines.joined(separator: "\n") + "\n")
        input.read(script: "ask.sql")
    }

    private func answer() async -> EngineOutput.Text {
        await answers.text(throughLine: QueryRun.end, limit: QueryRun.mostAnswered)
    }

    private func prepare(
        _ journals: Journals,
        _ places: [JournalPlace],
        _ reads: [QueryReads]
    ) async throws -> [PreparedTables] {
        try await PreparedTables.prepare(journals.named, places, journals.columns, reads, query.options, scratch)
    }

    /// Has the engine make the tables, lock itself, and go on to the statement.
    private func finish(
        _ verdict: Verdict,
        _ tables: [PreparedTables],
        _ beginning: [String],
        _ kinds: ColumnKinds
    ) throws -> Prepared {
        let options = query.options
        let formatter = options.explains ? nil : options.format.formatter(kinds)
        let script = SetupScript(
            tables: tables.map(\.tables),
            beginning: beginning,
            printing: (options.explains ? .table : options.format).commands,
            rows: formatter == nil ? nil : QueryRun.rows
        )
        let executed = result.map { SetupScript.copy(query.statement, to: "\(scratch.path)/\($0)") }
        try scratch.write("setup.sql", script.text + (executed ?? ""))
        options.progress?(.running)
        input.read(script: "setup.sql")
        input.close()
        return Prepared(engineVersion: verdict.engineVersion, tables: tables, formatter: formatter)
    }
}
