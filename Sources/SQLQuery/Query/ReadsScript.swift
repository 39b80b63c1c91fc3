internal import EventJournal

/// Asks the engine which tables a statement reads, and of which time.
///
/// The statement is planned over empty stand-ins of the tables, and the plan says what each scan of one is restricted
/// to. So it is the engine that decides what a condition on `timestamp` means, whatever form it has, wherever it stands
/// (a join, a subquery, an expression for a table) and in whichever time zone; and what it does not push down to a scan
/// restricts nothing. Of its optimizers only those run that look at the statement alone.
///
/// It is a prediction of the plan that the statement will run with, so what may differ between the two must not count:
/// the clock is made to stand still for both, and where a statement asks for something else that may change, no time is
/// taken from it.
struct ReadsScript {
    /// The schemas of the journals' tables; `nil` for the one without a prefix.
    var schemas: [String?]
    /// The promoted columns of each journal.
    var columns: [[PromotedColumn]]
    var statement: String
    /// What the functions for the present moment are to return.
    var moment: Timestamp
    /// Whether it is to be told what the columns of the answer hold.
    var asksForKinds = false

    /// The line before the plan.
    static let marker = "highwater-reads"

    private static let optimizers = [
        "expression_rewriter", "filter_pullup", "filter_pushdown", "cte_filter_pusher", "cte_inlining",
    ]

    /// Whether it is to be told which columns are read, too.
    private var asksForColumns: Bool { columns.contains { !$0.isEmpty } }

    /// Statements that print ``marker``, the plan, and a line of ``ColumnKinds`` if asked to.
    var lines: [String] {
        // With this one, scans are left with the columns that somebody needs.
        let kept = ReadsScript.optimizers + (asksForColumns ? ["unused_columns"] : [])
        var lines = [
            """
            SET VARIABLE highwater_optimizers = (SELECT string_agg("name", ',') FROM duckdb_optimizers() \
            WHERE "name" NOT IN (\(kept.map(quoted).joined(separator: ","))));
            """,
            "SET disabled_optimizers=getvariable('highwater_optimizers');",
            "SET explain_output='\(asksForColumns ? "all" : "optimized_only")';",
        ]
        if StatementText(statement).mayUseClock { lines += ReadsScript.clock(moment) }
        for (number, schema) in schemas.enumerated() { lines += ReadsScript.standIns(number, schema, columns[number]) }
        lines += [
            "SELECT \(quoted(ReadsScript.marker));",
            "EXPLAIN (FORMAT json) FROM query(\(quoted(statement)));",
            // The plan ends without a line break.
            ".print",
        ]
        if asksForKinds { lines.append(ColumnKinds.query(statement)) }
        return lines
    }

    /// Statements that leave nothing of it but the clock, and views to be replaced.
    var undoing: [String] {
        ["RESET disabled_optimizers;", "RESET explain_output;"]
            + schemas.indices.flatMap { ["DROP TABLE highwater_\($0)a;", "DROP TABLE highwater_\($0)c;"] }
    }

    /// Makes the functions for the present moment return one that does not change.
    static func clock(_ moment: Timestamp) -> [String] {
        let now = "make_timestamptz(\(moment.microseconds))"
        let values = [
            ("now", now), ("get_current_timestamp", now), ("transaction_timestamp", now), ("today", "\(now)::DATE"),
            ("current_date", "\(now)::DATE"), ("current_localtimestamp", "\(now)::TIMESTAMP"),
        ]
        return values.map { "CREATE OR REPLACE MACRO \($0)() AS \($1);" }
    }

    /// The column that is `timestamp` in the tables, under a name that no statement has.
    static let moment = "highwater_moment"

    private static func standIns(_ number: Int, _ schema: String?, _ columns: [PromotedColumn]) -> [String] {
        let prefix = schema.map { identifier($0) + "." } ?? ""
        // Under such names the plan shows where a column is read, and nothing else.
        let payload = columns.isEmpty ? "data" : "highwater_c\(number)_d_"
        let binary = columns.isEmpty ? "data_bytes" : "highwater_c\(number)_b_"
        let promoted = columns.enumerated()
            .map { index, column in (name: "highwater_c\(number)_\(index)_", column: column) }
        let types = promoted.map { ", \($0.name) \($0.column.type.sql)" }.joined()
        let names = promoted.map { ", \($0.name) AS \(identifier($0.column.name))" }.joined()
        var lines = schema == nil ? [] : ["CREATE SCHEMA \(prefix.dropLast());"]
        for (table, view) in [("a", "archived"), ("c", "current")] {
            lines += [
                """
                CREATE TABLE highwater_\(number)\(table)(event_id VARCHAR, \(moment) TIMESTAMPTZ, "key" VARCHAR, \
                source VARCHAR, "sequence" VARCHAR, \(payload) VARCHAR, \(binary) BLOB\(types));
                """,
                """
                CREATE VIEW \(prefix)\(view) AS SELECT event_id, \(moment) AS "timestamp", "key", source, "sequence", \
                \(payload) AS data, \(binary) AS data_bytes\(names) FROM main.highwater_\(number)\(table);
                """,
            ]
        }
        lines.append("CREATE VIEW \(prefix)events AS FROM \(prefix)archived UNION ALL FROM \(prefix)current;")
        return lines
    }
}
