public import EventJournal
internal import ObjectStorage
internal import Subprocess

/// A query over one journal or several, run by Spark.
///
/// The tables are those of ``SQLQuery``, of one moment too, and so are formats and errors; the dialect is Spark's. Rows
/// are printed by DuckDB's program, which reads them from the files that Spark leaves.
///
/// Spark is not locked up as DuckDB is: a statement has to be a query and cannot name files, but functions such as
/// `reflect` reach what this user reaches. Run nobody else's statements by it.
///
/// Cost: that of starting Spark, some seconds; a snapshot of the journal, and the events of the inbox once more as a
/// temporary file; the rows once more as files.
public struct SparkQuery: Sendable {
    /// The statement: one query in Spark's dialect.
    public var statement: String
    /// What runs it.
    public var engine: Spark
    /// What prints the rows.
    public var printer: DuckDB
    /// How it is run, and how its rows are printed.
    ///
    /// Memory and threads count for Spark on this machine; temporary files are not bounded.
    public var options: SQLOptions

    /// Describes a query.
    public init(_ statement: String, engine: Spark, printer: DuckDB, options: SQLOptions = SQLOptions()) {
        self.statement = statement
        self.engine = engine
        self.printer = printer
        self.options = options
    }

    /// Runs the query and prints its rows.
    ///
    /// Cancellation of the task ends Spark, where it runs on this machine.
    ///
    /// - Parameters:
    ///   - journal: Whose tables have no prefix.
    ///   - others: Journals whose tables are in a schema of that name; only for Spark on this machine.
    ///   - output: An open file that rows are printed to.
    /// - Returns: What the tables were made of.
    /// - Throws: ``SQLError``; `JournalError` when a journal cannot be read.
    public func run(
        on journal: Journal,
        with others: [String: Journal] = [:],
        printingTo output: Int32
    ) async throws -> SQLReport {
        try await options.limits.timed {
            let scratch = try ScratchDirectory(in: options.temporaryDirectory)
            let result = "\(scratch.path)/\(options.explains ? "plan" : "rows")"
            let query = SparkTask.Query(
                statement: statement,
                timeZone: options.timeZone,
                result: result,
                explains: options.explains
            )
            let report = try await execute([query], journal, others, scratch)
            if options.explains {
                try scratch.copy("plan", to: output)
            } else {
                let rows = RowPrinter(
                    engine: printer,
                    scratch: scratch,
                    format: options.format,
                    timeZone: options.timeZone
                )
                try await rows.write("rows", to: output)
            }
            return report
        }
    }

    /// Runs several statements on the same snapshot in one session.
    ///
    /// The rows of each are left as a directory of Parquet files.
    ///
    /// - Parameters:
    ///   - statements: What to run, in which time zone, and a path where nothing is.
    ///   - journal: Whose tables have no prefix.
    ///   - others: Journals with a name.
    /// - Throws: ``SQLError``; `JournalError` when a journal cannot be read.
    package func write(
        _ statements: [(statement: String, timeZone: String, path: String)],
        on journal: Journal,
        with others: [String: Journal] = [:]
    ) async throws {
        let scratch = try ScratchDirectory(in: options.temporaryDirectory)
        let queries = statements.map {
            SparkTask.Query(statement: $0.statement, timeZone: $0.timeZone, result: $0.path)
        }
        _ = try await execute(queries, journal, others, scratch)
    }

    /// A statement without what may follow it; for tests.
    package static func statement(in text: String) throws -> String { try SparkStatement(text).text }

    private func execute(
        _ queries: [SparkTask.Query],
        _ journal: Journal,
        _ others: [String: Journal],
        _ scratch: ScratchDirectory
    ) async throws -> SQLReport {
        if engine.runsElsewhere, options.limits.memoryBytes != nil || options.limits.threads != nil {
            throw SQLError(
                .refused,
                "Memory and threads of a Spark that runs elsewhere are its own configuration: leave these limits out."
            )
        }
        let statements = try queries.map { try SparkStatement($0.statement) }
        let named = SQLQuery.named(journal, others)
        if engine.runsElsewhere {
            for (_, journal) in named where !(journal.objects is LocalObjectStore) {
                throw SQLError(
                    .refused,
                    "\(journal.location) is no directory, and a Spark that runs elsewhere is handed paths. Take Spark on this "
                        + "machine, or register the table there: highwater ddl --engine spark."
                )
            }
        }
        let needsCurrent = statements.contains(where: \.needsCurrent)
        // What Spark will read of them nobody knows before.
        let columns = try await SQLQuery.columns(of: named.map(\.1))
        let reads = columns.map { columns in
            QueryReads(archived: true, current: needsCurrent, range: .all, columns: Set(columns.map(\.name)))
        }
        try scratch.makeDirectory(PreparedTables.folder)
        let places = try JournalPlace.find(named.map(\.1), options.cache, scratch)
        let tables = try await PreparedTables.prepare(
            named,
            places,
            columns,
            reads,
            options,
            scratch,
            handsOverInbox: false
        )
        if engine.runsElsewhere, let lacking = tables.first(where: { $0.computedSegments > 0 }) {
            throw SQLError(
                .refused,
                "\(lacking.computedSegments) segments of \(lacking.location) lack a column that was added, and a Spark that runs "
                    + "elsewhere is handed segments as they are. Fill them first: highwater columns fill."
            )
        }
        let task = SparkTask(
            scratch: scratch.path,
            elsewhere: engine.runsElsewhere,
            limits: options.limits,
            tables: tables.map(\.tables),
            queries: zip(queries, statements)
                .map { query, statement in
                    var query = query
                    query.statement = statement.text
                    return query
                }
        )
        try scratch.write("task.json", task.json)
        try scratch.write("spark_session.py", String(decoding: PackageResources.spark_session_py, as: UTF8.self))
        let process = EngineProcess(path: engine.path, environment: environment, scratch: scratch)
        // Spark itself prints to the file of what is not asked for.
        let silence = try scratch.create("output")
        options.progress?(.running)
        let outcome = try await process.run(
            ["\(scratch.path)/spark_session.py", "\(scratch.path)/task.json"],
            printingTo: silence.descriptor
        )
        // What the files of other machines are kept by has to outlive the engine.
        withExtendedLifetime(tables) {}
        guard outcome.isSuccess else { throw failure(outcome, statements, scratch) }
        guard let version = try? scratch.read("version", limit: 100) else { throw notSpark }
        return SQLReport(engineVersion: version, tables)
    }

    /// Spark is configured by variables: `JAVA_HOME`, `SPARK_CONF_DIR`, `AWS_PROFILE` and many more.
    private var environment: Environment {
        if engine.runsElsewhere { return .inherit }
        return .inherit.updating(["SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": engine.path, "SPARK_REMOTE": nil])
    }

    private var notSpark: SQLError {
        SQLError(.engine, "\(engine.path) is neither a Python nor spark-submit: it does not run a script of Python.")
    }

    private func failure(
        _ outcome: EngineProcess.Outcome,
        _ statements: [SparkStatement],
        _ scratch: ScratchDirectory
    ) -> SQLError {
        let told = (try? scratch.read("failure", limit: 64 << 10)) ?? ""
        let lines = told.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3 else {
            if (try? scratch.read("begun", limit: 1)) == nil { return notSpark }
            let said = outcome.error.split(separator: "\n").last.map(String.init) ?? "nothing"
            return SQLError(.failed, "\(engine.path) ended with \(outcome.status). The last it said: \(said)")
        }
        var message = String(lines[2])
        if let place = Int(lines[1]), let statement = statements.first, statements.count == 1 {
            message = Caret.message(message, in: statement.text, at: place)
        }
        switch lines[0] {
        case "engine": return SQLError(.engine, message)
        case "statement": return SQLError(.statement, message)
        case "refused": return SQLError(.refused, message)
        case "moved": return SQLError(.moved, message)
        case "limit":
            return SQLError(.limit, message + "\nAllow the query more memory, or narrow it.")
        default: return SQLError(.failed, message)
        }
    }
}
