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
        try await options.limits.timed { try await execute(journal, others, output) }
    }

    private static let result = "result.parquet"
    private static let rows = "rows"

    private func execute(
        _ journal: Journal,
        _ others: [String: Journal],
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
            let prepared = try await prepare(SQLQuery.named(journal, others), scratch)
            options.progress?(.running)
            input.read(script: "setup.sql")
            return prepared
        }
        guard outcome.isSuccess else {
            throw EngineFailure.error(outcome, prepared.tables.map { ($0.root, $0.location) })
        }
        // What the files of other machines are kept by has to outlive the engine.
        withExtendedLifetime(prepared) {}
        if writesFile { try scratch.copy(SQLQuery.result, to: output) }
        try prepared.formatter?.write(SQLQuery.rows, of: scratch, to: output)
        return SQLReport(engineVersion: prepared.statement.engineVersion.description, prepared.tables)
    }

    /// Checks the statement, makes what it reads files, and writes `setup.sql`.
    private func prepare(
        _ named: [(String?, Journal)],
        _ scratch: ScratchDirectory
    ) async throws -> (statement: Statement, tables: [PreparedTables], formatter: (any RowFormatter)?) {
        let moment = Timestamp.now
        let (checked, columns) = try await Statement.check(self, named, at: moment, scratch)
        let reads = prunes ? checked.reads : checked.reads.map(\.everyTime)
        let tables = try await PreparedTables.prepare(named, columns, reads, options, scratch)
        var script = SetupScript(
            tables: tables.map(\.tables),
            limits: options.limits,
            scratch: scratch.path,
            timeZone: options.timeZone
        )
        if checked.usesClock { script.moment = moment }
        if options.format == .parquet, !options.explains { script.result = "\(scratch.path)/\(SQLQuery.result)" }
        let formatter = options.explains ? nil : options.format.formatter(checked.kinds)
        if formatter != nil { script.rows = SQLQuery.rows }
        let executed = script.result.map { SetupScript.copy(checked.text, to: $0) }
        try scratch.write("setup.sql", script.text + (executed ?? ""))
        return (checked, tables, formatter)
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
