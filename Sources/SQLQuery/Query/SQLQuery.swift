public import EventJournal

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
/// engine. Memory: some 100 MB for `current`, and what ``limits`` allows the engine.
public struct SQLQuery: Sendable {
    /// The statement: one query in DuckDB's dialect.
    public var statement: String
    /// What runs it.
    public var engine: DuckDB
    /// What it may take.
    public var limits: SQLLimits
    /// How rows are printed.
    public var format: SQLFormat
    /// Only events of this time are in the tables; segments outside are not opened.
    public var range: EventRange
    /// In which zone moments are printed and texts without one are read: a name of the IANA database.
    public var timeZone: String
    /// Whether the engine's plan is printed in place of the rows, which are not made then.
    public var explains = false
    /// Whether segments are left out that the statement's own conditions on `timestamp` rule out.
    ///
    /// The answer is the same either way.
    package var prunes = true
    /// Where segments of journals on other machines are kept.
    public var cache: SegmentCache
    /// Where temporary files go.
    public var temporaryDirectory: String

    /// Describes a query.
    ///
    /// Without a `cache` there is one of 10 GiB beside the temporary files.
    public init(
        _ statement: String,
        engine: DuckDB,
        limits: SQLLimits = .none,
        format: SQLFormat = .table,
        range: EventRange = .all,
        timeZone: String = "UTC",
        cache: SegmentCache? = nil,
        temporaryDirectory: String = "/tmp"
    ) {
        self.statement = statement
        self.engine = engine
        self.limits = limits
        self.format = format
        self.range = range
        self.timeZone = timeZone
        self.cache = cache ?? SegmentCache(directory: "\(temporaryDirectory)/highwater-cache")
        self.temporaryDirectory = temporaryDirectory
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
        try await limits.timed { try await execute(journal, others, output) }
    }

    private static let result = "result.parquet"

    private func execute(
        _ journal: Journal,
        _ others: [String: Journal],
        _ output: Int32
    ) async throws -> SQLReport {
        let scratch = try ScratchDirectory(in: temporaryDirectory)
        let process = EngineProcess(engine: engine, scratch: scratch)
        let named = SQLQuery.named(journal, others)
        let moment = Timestamp.now
        let checked = try await Statement.check(self, named.map(\.0), at: moment, process)
        var report = SQLReport(
            engineVersion: checked.engineVersion.description,
            archivedSegments: 0,
            archivedBytes: 0,
            skippedSegments: 0,
            fetchedBytes: 0,
            currentEvents: 0
        )
        let tables = try await prepare(named, prunes ? checked.reads : checked.reads.map(\.everyTime), scratch)
        for table in tables {
            report.archivedSegments += table.archivedSegments
            report.archivedBytes += table.archivedBytes
            report.fetchedBytes += table.fetchedBytes
            report.skippedSegments += table.skippedSegments
            report.currentEvents += table.currentEvents
        }
        var script = SetupScript(
            tables: tables.map(\.tables),
            limits: limits,
            scratch: scratch.path,
            timeZone: timeZone
        )
        if checked.usesClock { script.moment = moment }
        let writesFile = format == .parquet && !explains
        if writesFile { script.result = "\(scratch.path)/\(SQLQuery.result)" }
        let executed = script.result.map { SetupScript.copy(checked.text, to: $0) }
        try scratch.write("setup.sql", script.text + (executed ?? ""))
        var arguments =
            ["-no-init", "-batch", "-bail"] + (explains ? SQLFormat.table : format).arguments
            + ["-f", "\(scratch.path)/setup.sql"]
        if executed == nil { arguments += ["-c", (explains ? "EXPLAIN " : "") + checked.text] }
        let shown = explains ? SQLFormat.table : format
        let outcome = try await process.run(arguments, printing: shown, to: output)
        guard outcome.isSuccess else {
            throw EngineFailure.error(outcome, tables.map { ($0.root, $0.location) })
        }
        // What the files of other machines are kept by has to outlive the engine.
        withExtendedLifetime(tables) {}
        if writesFile { try scratch.copy(SQLQuery.result, to: output) }
        return report
    }

    /// The journals with the schemas of their tables.
    static func named(_ journal: Journal, _ others: [String: Journal]) -> [(String?, Journal)] {
        [(nil, journal)] + others.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Takes a snapshot of each journal and makes what is read of it files.
    func prepare(
        _ named: [(String?, Journal)],
        _ reads: [QueryReads],
        _ scratch: ScratchDirectory
    ) async throws -> [PreparedTables] {
        var tables: [PreparedTables] = []
        for (number, (name, journal)) in named.enumerated() {
            tables.append(
                try await PreparedTables.prepare(
                    journal,
                    schema: name,
                    range: range,
                    reads: reads[number],
                    number: number,
                    cache: cache,
                    scratch: scratch
                )
            )
        }
        return tables
    }
}
