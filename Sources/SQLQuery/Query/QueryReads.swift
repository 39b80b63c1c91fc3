internal import EventJournal

/// What a statement reads of the tables of one journal.
struct QueryReads: Hashable {
    /// Whether it reads what the catalog has.
    var archived: Bool
    /// Whether it reads what is in the inbox.
    var current: Bool
    /// Events outside cannot be in the answer.
    var range: EventRange
    /// Names of the promoted columns that it reads.
    var columns: Set<String> = []
    /// Whether it reads payloads.
    var payloads = true

    /// The same of all times.
    var everyTime: QueryReads {
        var reads = self
        reads.range = .all
        return reads
    }

    /// Nothing.
    static let none = QueryReads(archived: false, current: false, range: .all)
}

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
    var limits: SQLLimits
    var timeZone: String
    var scratch: String
    /// What the functions for the present moment are to return.
    var moment: Timestamp
    /// Whether it is to be told what the columns of the answer hold.
    var asksForKinds = false

    /// What comes before the rows of the answer.
    static let marker = "highwater-reads"

    private static let optimizers = [
        "expression_rewriter", "filter_pullup", "filter_pushdown", "cte_filter_pusher", "cte_inlining",
    ]

    /// Whether it is to be told which columns are read, too.
    private var asksForColumns: Bool { columns.contains { !$0.isEmpty } }

    /// The script; prints ``marker`` and then a line for each table that is read.
    var text: String {
        // With this one, scans are left with the columns that somebody needs.
        let kept = ReadsScript.optimizers + (asksForColumns ? ["unused_columns"] : [])
        let (plan, optimizers) = ("\(scratch)/plan.json", "\(scratch)/optimizers.sql")
        var lines = [
            ".output \(optimizers)",
            """
            SELECT 'SET disabled_optimizers=''' || string_agg("name", ',') || ''';' FROM duckdb_optimizers() \
            WHERE "name" NOT IN (\(kept.map(quoted).joined(separator: ",")));
            """,
            ".output",
            ".read \(optimizers)",
        ]
        if let memory = limits.memoryBytes { lines.append("SET memory_limit='\(memory)B';") }
        if let threads = limits.threads { lines.append("SET threads=\(threads);") }
        lines += [
            "SET TimeZone=\(quoted(timeZone));", "SET explain_output='\(asksForColumns ? "all" : "optimized_only")';",
        ]
        lines += ReadsScript.clock(moment)
        for (number, schema) in schemas.enumerated() { lines += ReadsScript.standIns(number, schema, columns[number]) }
        lines += [
            "SET allowed_paths=[\(quoted(plan))];", "SET enable_external_access=false;",
            "SET lock_configuration=true;",
            ".output \(plan)", "EXPLAIN (FORMAT json) FROM query(\(quoted(statement)));", ".output",
            ReadsScript.answer(plan, asksForColumns: asksForColumns),
        ]
        if asksForKinds { lines.append(ColumnKinds.query(statement)) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Makes the functions for the present moment return one that does not change.
    static func clock(_ moment: Timestamp) -> [String] {
        let now = "make_timestamptz(\(moment.microseconds))"
        return ["now", "get_current_timestamp", "transaction_timestamp"].map { "CREATE MACRO \($0)() AS \(now);" }
            + ["today", "current_date"].map { "CREATE MACRO \($0)() AS \(now)::DATE;" }
            + ["CREATE MACRO current_localtimestamp() AS \(now)::TIMESTAMP;"]
    }

    /// A condition on the parsed statement, as JSON text in `tree`: whether it asks for the present moment.
    static let usesClock = #"""
        regexp_matches(tree::VARCHAR, '"(now|today|transaction_timestamp|get_current_timestamp|current_localtimestamp|\#
        current_timestamp|current_date|localtimestamp)"', 'i')
        """#

    /// A condition on the parsed statement: whether it asks for what may have changed by the time it runs.
    static let isUnstable = #"""
        regexp_matches(tree::VARCHAR, '"(age|current_time|localtime|get_current_time|current_localtime|txid_current|\#
        current_setting|getvariable|getenv|in_search_path|current_schemas?|current_database|pg_[a-z_]*)"|\#
        "schema":"[^"]', 'i')
        """#

    /// The column that is `timestamp` in the tables, under a name that no statement has.
    private static let moment = "highwater_moment"

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

    /// Reads the plan: for each table that is scanned its name, and behind and through which moment all scans of it
    /// are, in microseconds.
    ///
    /// Conditions that are joined by AND are understood, up to the first that is none of the plain comparisons; a text
    /// with anything else in it restricts nothing.
    private static func answer(_ plan: String, asksForColumns: Bool) -> String {
        func part(_ title: String) -> String { "split_part(split_part(content, E'\\n││\(title)││\\n', 2), E'\\n┌', 1)" }
        let content = asksForColumns ? part("  Optimized Logical Plan   ") : "content"
        let physical = part("       Physical Plan       ")
        // Before the others: without it they stand for a statement of which this is not known.
        let names =
            asksForColumns
            ? """
            SELECT unnest(list_concat([concat('\(known)  ')], list_transform(list_distinct(regexp_extract_all(\(physical), \
            'highwater_c([0-9]+_[0-9db]+)_', 1)), lambda name: concat(name, '  ')))) FROM read_text(\(quoted(plan)))
              WHERE \(physical) <> '';

            """ : ""
        let literal = #"''[^'']*''::TIMESTAMP WITH TIME ZONE"#
        let one =
            "(?:optional: )?\(moment)(?: IS NOT NULL|(?:>=|>|<=|<|=)\(literal)| IN \\(\(literal)(?:, \(literal))*\\))"
        let several = "\(one)(?: AND \(one))*"
        func values(_ comparison: String) -> String {
            "moments(regexp_extract_all(plain, '\(moment)\(comparison)''([^'']*)''', 1))"
        }
        let listed = "moments(regexp_extract_all(regexp_extract(plain, ' IN \\(([^)]*)\\)', 1), '''([^'']*)''', 1))"
        return """
            CREATE MACRO moments(texts) AS list_transform(list_filter(list_transform(texts, lambda text: \
            TRY_CAST(text AS TIMESTAMPTZ)), lambda moment: isfinite(moment)), lambda moment: epoch_us(moment));
            SELECT \(quoted(marker));
            \(names)WITH plan AS (SELECT regexp_replace(\(content), '^[^\\[]*', '')::JSON AS tree FROM read_text(\(quoted(plan)))),
            scans AS (SELECT (node.value->>'$.extra_info.Table') AS "table", (node.value->'$.extra_info.Filters') AS filters
              FROM plan, json_tree(plan.tree) AS node
              WHERE node.type = 'OBJECT' AND json_exists(node.value, '$.extra_info.Table')),
            conditions AS (SELECT "table", list_filter(
              CASE json_type(filters) WHEN 'ARRAY' THEN (filters->>'$[*]') WHEN 'VARCHAR' THEN [(filters->>'$')] ELSE [] END,
              lambda text: regexp_full_match(text, '\(several)( AND \\(.*)?') AND NOT contains(text, ' OR ')) AS texts FROM scans),
            plains AS (SELECT "table", regexp_extract(texts[1], '^\(several)') AS plain FROM conditions),
            bounds AS (SELECT "table",
              list_max(list_concat(\(values(">")), list_transform(list_concat(\(values("(?:>=|=)")), [list_min(\(listed))]),
                lambda moment: moment - 1))) AS after,
              list_min(list_concat(\(values("(?:<=|=)")), [list_max(\(listed))], list_transform(\(values("<")),
                lambda moment: moment - 1))) AS through FROM plains)
            SELECT concat(regexp_extract("table", 'highwater_([0-9]+[ac])$', 1), ' ',
              coalesce((CASE WHEN count(after) = count(*) THEN min(after) END)::VARCHAR, ''), ' ',
              coalesce((CASE WHEN count(through) = count(*) THEN max(through) END)::VARCHAR, ''))
              FROM bounds WHERE contains("table", '.highwater_') GROUP BY "table";

            """
    }

    /// What stands before the numbers of columns.
    private static let known = "columns"

    /// Reads the lines behind the marker: `0a`, after, through, with a space between; `0_3` for a column that is read.
    ///
    /// - Parameters:
    ///   - lines: As the engine printed them, with nothing for none.
    ///   - columns: The promoted columns of each journal.
    ///   - isStable: Whether times and columns may be taken from them.
    /// - Returns: What is read of each journal; `nil` when the lines are anything else.
    static func reads(
        _ lines: some Sequence<Substring>,
        columns: [[PromotedColumn]],
        isStable: Bool
    ) -> [QueryReads]? {
        var reads = columns.map { columns in
            var reads = QueryReads.none
            reads.columns = Set(columns.map(\.name))
            return reads
        }
        var knowsColumns = false
        for line in lines where !line.isEmpty {
            let fields = line.split(separator: " ", omittingEmptySubsequences: false)
            if fields[0] == known {
                knowsColumns = isStable
                for index in reads.indices where knowsColumns {
                    reads[index].columns = []
                    reads[index].payloads = columns[index].isEmpty
                }
                continue
            }
            if let parts = column(fields[0]) {
                guard reads.indices.contains(parts.journal) else { return nil }
                guard knowsColumns else { continue }
                if let index = Int(parts.column) {
                    guard columns[parts.journal].indices.contains(index) else { return nil }
                    reads[parts.journal].columns.insert(columns[parts.journal][index].name)
                } else {
                    reads[parts.journal].payloads = true
                }
                continue
            }
            guard fields.count == 3, let table = fields[0].last, let number = Int(fields[0].dropLast()),
                reads.indices.contains(number), table == "a" || table == "c",
                fields[1].isEmpty || Int64(fields[1]) != nil, fields[2].isEmpty || Int64(fields[2]) != nil
            else { return nil }
            func moment(_ field: Substring) -> Timestamp? {
                isStable ? Int64(field).map(Timestamp.init(microseconds:)) : nil
            }
            let range = EventRange(after: moment(fields[1]), through: moment(fields[2]))
            let met = reads[number]
            if met.archived || met.current {
                reads[number].range.after = min(met.range.after, range.after)
                reads[number].range.through = max(met.range.through, range.through)
            } else {
                reads[number].range = range
            }
            if table == "a" { reads[number].archived = true } else { reads[number].current = true }
        }
        return reads
    }

    /// Reads `0_3`: the number of a journal, and that of a column or a letter.
    private static func column(_ text: Substring) -> (journal: Int, column: Substring)? {
        guard let bar = text.firstIndex(of: "_"), let journal = Int(text[..<bar]) else { return nil }
        return (journal, text[text.index(after: bar)...])
    }
}
