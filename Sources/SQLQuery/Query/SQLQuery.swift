public import EventJournal
internal import ObjectStorage

/// A query over one journal or several, run by DuckDB as a child process.
///
/// Each journal is three tables with the columns `event_id`, `timestamp`, `key`, `source`, `sequence`, `data` and
/// `data_bytes` (the payload, where it is no text): `archived` is what compactions have put into the catalog, `current`
/// what has been appended since, `events` both. An event is in one of the two, as it is now: what a replay that began
/// at the same moment would deliver is in `events`, each once.
///
/// Segments of times that the statement's conditions rule out are not opened, by the plan that the engine makes of it.
///
/// All tables of a journal are of one moment, whatever writers and compactions do while the query runs. The statement
/// can read nothing but the journals' segments, and write nothing at all.
///
/// Segments of a journal on another machine come through a ``SegmentCache``, fetched side by side.
///
/// Cost: a snapshot of the journal, and the events of the inbox once more as a temporary file; the rest is up to the
/// engine. Memory: some 100 MB for `current`, and what ``SQLOptions/limits`` allow the engine.
public struct SQLQuery: Sendable {
    /// The statement: one query in DuckDB's dialect.
    public var statement: String
    /// What runs it.
    public var engine: DuckDB
    /// How it is run, and how its rows are printed.
    public var options: SQLOptions
    /// Whether segments are left out that the statement's own conditions on `timestamp` rule out.
    ///
    /// The answer is the same either way.
    package var prunes = true
    /// Describes a query.
    public init(_ statement: String, engine: DuckDB, options: SQLOptions = SQLOptions()) {
        self.statement = statement
        self.engine = engine
        self.options = options
    }

    /// Runs the query and prints its rows.
    ///
    /// Cancellation of the task ends the engine.
    ///
    /// - Parameters:
    ///   - journal: Whose tables have no prefix.
    ///   - others: Journals whose tables are in a schema of that name: `"orders"` makes `orders.events`.
    ///   - output: An open file that rows are printed to.
    /// - Returns: What the tables were made of.
    /// - Throws: ``SQLError``; `JournalError` when a journal cannot be read.
    public func run(
        on journal: Journal,
        with others: [String: Journal] = [:],
        printingTo output: Int32
    ) async throws -> SQLReport {
        try await run(printingTo: output) { (journal, others) }
    }

    /// Runs the query on journals that are opened while the engine starts, and prints its rows.
    ///
    /// Cancellation of the task ends the engine.
    ///
    /// - Parameters:
    ///   - output: An open file that rows are printed to.
    ///   - open: Opens the journal whose tables have no prefix, and those whose tables are in a schema of that name.
    /// - Returns: What the tables were made of.
    /// - Throws: ``SQLError``; `JournalError` when a journal cannot be read; what `open` throws.
    package func run(
        printingTo output: Int32,
        on open: @escaping @Sendable () async throws -> (Journal, [String: Journal])
    ) async throws -> SQLReport {
        try await options.limits.timed { try await execute(open, output) }
    }

    private static let result = "result.parquet"
    private static let rows = "rows"

    private func execute(
        _ open: @escaping @Sendable () async throws -> (Journal, [String: Journal]),
        _ output: Int32
    ) async throws -> SQLReport {
        try Statement.requireText(statement)
        let scratch = try ScratchDirectory(in: options.temporaryDirectory)
        let process = EngineProcess(engine: engine, scratch: scratch, name: "query")
        let writesFile = options.format == .parquet && !options.explains
        let shown = options.explains ? SQLFormat.table : options.format
        var arguments = ["-no-init", "-batch", "-bail"] + shown.arguments + ["-f", "/dev/stdin"]
        if !writesFile {
            // The engine has the statement from the beginning. It comes to it only when a script was read that is
            // written once the statement is known to be a query, and that locks the configuration.
            arguments += ["-c", SetupScript.lockGuard, "-c", (options.explains ? "EXPLAIN " : "") + statement]
        }
        let run = arguments
        // Starting the engine takes it longer than many a query, so this one starts while another is asked about the
        // statement.
        let input = try EngineInput()
        @Sendable func runEngine() async throws -> EngineProcess.Outcome {
            try await process.run(run, printingTo: output, input: input)
        }
        let (prepared, outcome) = try await beside(runEngine) {
            defer { input.close() }
            return try await prepare(open, scratch, input)
        }
        guard outcome.isSuccess else {
            throw EngineFailure.error(outcome, prepared.tables.map { ($0.root, $0.location) })
        }
        // What the files of other machines are kept by has to outlive the engine.
        withExtendedLifetime(prepared) {}
        if writesFile { try scratch.copy(SQLQuery.result, to: output) }
        try prepared.formatter?.write(SQLQuery.rows, of: scratch, to: output)
        return SQLReport(engineVersion: prepared.engineVersion.description, prepared.tables)
    }

    /// What the engine needs to run the statement.
    private struct Prepared {
        var engineVersion: EngineVersion
        var tables: [PreparedTables]
        var formatter: (any RowFormatter)?
    }

    /// Checks the statement, makes what it reads files, writes `setup.sql`, and has the engine read it.
    private func prepare(
        _ open: @Sendable () async throws -> (Journal, [String: Journal]),
        _ scratch: ScratchDirectory,
        _ input: EngineInput
    ) async throws -> Prepared {
        let moment = Timestamp.now
        return try await Statement.check(self, at: moment, scratch) {
            let (journal, others) = try await open()
            return SQLQuery.named(journal, others)
        } then: { checked in
            defer { input.close() }
            let prepared = try await prepare(checked, at: moment, scratch)
            options.progress?(.running)
            input.read(script: "setup.sql")
            return prepared
        }
    }

    private func prepare(
        _ checked: Statement.Checked,
        at moment: Timestamp,
        _ scratch: ScratchDirectory
    ) async throws -> Prepared {
        let statement = checked.statement
        let reads = prunes ? statement.reads : statement.reads.map(\.everyTime)
        let tables = try await PreparedTables.prepare(checked.journals, checked.columns, reads, options, scratch)
        var script = SetupScript(
            tables: tables.map(\.tables),
            limits: options.limits,
            scratch: scratch.path,
            timeZone: options.timeZone
        )
        if statement.usesClock { script.moment = moment }
        if options.format == .parquet, !options.explains { script.result = "\(scratch.path)/\(SQLQuery.result)" }
        let formatter = options.explains ? nil : options.format.formatter(statement.kinds)
        if formatter != nil { script.rows = SQLQuery.rows }
        let executed = script.result.map { SetupScript.copy(statement.text, to: $0) }
        try scratch.write("setup.sql", script.text + (executed ?? ""))
        return Prepared(engineVersion: statement.engineVersion, tables: tables, formatter: formatter)
    }

    /// The promoted columns of each journal.
    static func columns(of journals: [(String?, Journal)]) async throws -> [[PromotedColumn]] {
        var columns: [[PromotedColumn]] = []
        for (_, journal) in journals { columns.append(try await journal.promotedColumns()) }
        return columns
    }

    /// The journals with the schemas of their tables.
    static func named(_ journal: Journal, _ others: [String: Journal]) -> [(String?, Journal)] {
        [(nil, journal)] + others.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
