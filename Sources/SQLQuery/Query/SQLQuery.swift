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
    /// An engine that may read more files than these takes longer to be told so than another takes to start.
    package var mostAllowed = 500

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

    private func execute(
        _ open: @escaping @Sendable () async throws -> (Journal, [String: Journal]),
        _ output: Int32
    ) async throws -> SQLReport {
        try StatementText.require(statement)
        let moment = Timestamp.now
        let first = try await QueryRun(self, at: moment)
            .run(
                {
                    let (journal, others) = try await open()
                    let named = SQLQuery.named(journal, others)
                    return QueryRun.Journals(named: named, columns: try await SQLQuery.columns(of: named.map(\.1)))
                },
                printingTo: output
            )
        guard case .known(let journals, let known) = first else { return try first.report }
        return try await QueryRun(self, at: moment).run({ journals }, knowing: known, printingTo: output).report
    }

    /// The promoted columns of each journal.
    static func columns(of journals: [Journal]) async throws -> [[PromotedColumn]] {
        var columns: [[PromotedColumn]] = []
        for journal in journals { columns.append(try await journal.promotedColumns()) }
        return columns
    }

    /// The journals with the schemas of their tables.
    static func named(_ journal: Journal, _ others: [String: Journal]) -> [(String?, Journal)] {
        [(nil, journal)] + others.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
