internal import EventJournal

/// Makes tables of files, and locks the engine.
///
/// The lock keeps every setting as it is.
struct SetupScript {
    /// The tables of one journal.
    struct Tables {
        /// `nil` for the journal without a prefix.
        var schema: String?
        /// Files of the catalog of which every row counts.
        var files: [String]
        /// Files with rows that do not count: those with these ids and times.
        var filesWithHidden: [String]
        var hidden: [(id: String, timestamp: Int64)]
        /// Columns behind those that every journal has.
        var columns: [PromotedColumn] = []
        /// Names of those that the files have: all that are asked for.
        var filled: Set<String> = []
        /// The file of `current` with the events of all times that the tables are of; `nil` when there is none.
        var current: String?
        /// Segments of `current`, which may have events of other times.
        var inbox: [String] = []
        /// Which time the tables are of, in microseconds since 1970; `nil` where a side is open.
        var after: Int64?
        var through: Int64?

        /// The files of what the catalog has.
        var catalogPaths: [String] { files + filesWithHidden }
        /// All files.
        var paths: [String] { catalogPaths + inbox + (current.map { [$0] } ?? []) }
    }

    var tables: [Tables]
    /// What comes first.
    var beginning: [String] = []
    /// Commands of the engine's program for how it prints rows.
    var printing: [String] = []
    /// The file, in the directory the engine works in, that rows are printed to; `nil` for where it prints anyway.
    var rows: String?

    /// The statement that writes the rows of a query into a file.
    static func copy(_ statement: String, to result: String) -> String {
        // The statement is a text here: its own semicolons and comments end nothing.
        "COPY (FROM query(\(quoted(statement)))) TO \(quoted(result)) (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false);\n"
    }

    /// Fails, and so ends an engine that was told to bail out, unless the configuration is locked.
    static let lockGuard = """
        SET VARIABLE highwater_lock = (SELECT CASE WHEN current_setting('enable_external_access') \
        OR NOT current_setting('lock_configuration') THEN error('the configuration cannot be locked') END);
        """

    /// The script.
    var text: String {
        var lines = beginning
        for tables in tables { lines += SetupScript.statements(tables) }
        lines += printing
        if let rows { lines.append(".output \(rows)") }
        lines += [
            // Both settings at once, and no commands of the shell that reach outside.
            ".safe_mode", SetupScript.lockGuard,
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Columns of which nobody has read anything by the plan fail when they are read after all: to be sure.
    private static func columns(of tables: Tables) -> String {
        tables.columns.reduce(#"event_id, "timestamp", "key", source, "sequence", data, data_bytes"#) { list, column in
            let name = identifier(column.name)
            if tables.filled.contains(column.name) { return "\(list), \(name)" }
            let message = quoted(
                "the column \(column.name) was not prepared; please report this, and name it in the query: "
            )
            return "\(list), error(\(message) || event_id)::\(column.type.sql) AS \(name)"
        }
    }

    private static func empty(_ tables: Tables) -> String {
        """
        SELECT NULL::VARCHAR AS event_id, NULL::TIMESTAMPTZ AS "timestamp", NULL::VARCHAR AS "key", \
        NULL::VARCHAR AS source, NULL::VARCHAR AS "sequence", NULL::VARCHAR AS data, NULL::BLOB AS data_bytes
        """ + tables.columns.map { ", NULL::\($0.type.sql) AS \(identifier($0.name))" }.joined() + " WHERE false"
    }

    private static func statements(_ tables: Tables) -> [String] {
        var lines: [String] = []
        let prefix = tables.schema.map { identifier($0) + "." } ?? ""
        if tables.schema != nil { lines.append("CREATE SCHEMA IF NOT EXISTS \(prefix.dropLast());") }
        let range = range(tables)
        let columns = columns(of: tables)
        var archived: [String] = []
        if !tables.files.isEmpty {
            archived.append(
                "SELECT \(columns) FROM read_parquet(\(list(tables.files)))\(range.isEmpty ? "" : " WHERE " + range)"
            )
        }
        if !tables.filesWithHidden.isEmpty {
            let rows = tables.hidden.map { "(\(quotedBytes($0.id)),make_timestamptz(\($0.timestamp)))" }
            lines.append(
                "CREATE TABLE \(prefix)highwater_hidden AS SELECT * FROM (VALUES \(rows.joined(separator: ","))) "
                    + "hidden(id, moment);"
            )
            archived.append(
                "SELECT \(columns) FROM read_parquet(\(list(tables.filesWithHidden))) ANTI JOIN \(prefix)highwater_hidden "
                    + #"ON event_id = id AND "timestamp" = moment"#
                    + (range.isEmpty ? "" : " WHERE " + range)
            )
        }
        var current = tables.current.map { ["SELECT \(columns) FROM read_parquet(\(list([$0])))"] } ?? []
        if !tables.inbox.isEmpty {
            current.append(
                "SELECT \(columns) FROM read_parquet(\(list(tables.inbox)))\(range.isEmpty ? "" : " WHERE " + range)"
            )
        }
        let empty = empty(tables)
        let views = [("archived", archived), ("current", current), ("events", archived + current)]
        for (name, parts) in views {
            let query = parts.isEmpty ? empty : parts.joined(separator: " UNION ALL ")
            lines.append("CREATE OR REPLACE VIEW \(prefix)\(name) AS \(query);")
        }
        return lines
    }

    /// The first moment that DuckDB has: 22 December of 290309 BC.
    private static let earliest: Int64 = -9_223_372_022_400_000_000

    private static func range(_ tables: Tables) -> String {
        var conditions: [String] = []
        if let after = tables.after, after >= earliest {
            conditions.append(#""timestamp" > make_timestamptz(\#(after))"#)
        }
        if let through = tables.through { conditions.append(#""timestamp" <= make_timestamptz(\#(through))"#) }
        return conditions.joined(separator: " AND ")
    }
}

/// Text as a literal of SQL.
func quoted(_ text: String) -> String { enclosed(text, "'") }

/// Text as an identifier of SQL.
func identifier(_ text: String) -> String { enclosed(text, "\"") }

/// Text between marks, with the marks in it doubled.
///
/// By Unicode scalars: with a combining mark behind it a quote is not a `Character` that equals a quote, and ends the
/// literal all the same.
private func enclosed(_ text: String, _ mark: Unicode.Scalar) -> String {
    var enclosed = String.UnicodeScalarView([mark])
    for scalar in text.unicodeScalars {
        enclosed.append(scalar)
        if scalar == mark { enclosed.append(mark) }
    }
    enclosed.append(mark)
    return String(enclosed)
}

/// Any text as a literal of SQL, NUL included, behind which the engine's program passes over the rest of a line.
private func quotedBytes(_ text: String) -> String {
    var digits = ""
    for byte in text.utf8 { digits += (byte < 16 ? "0" : "") + String(byte, radix: 16) }
    return "decode(from_hex('\(digits)'))"
}

/// Texts as a list of literals of SQL.
func list(_ texts: [String]) -> String { "[" + texts.map(quoted).joined(separator: ",") + "]" }

extension PromotedColumn.ValueType {
    /// DuckDB's name for it.
    var sql: String {
        switch self {
        case .int64: "BIGINT"
        case .float64: "DOUBLE"
        case .boolean: "BOOLEAN"
        case .string: "VARCHAR"
        case .timestamp: "TIMESTAMPTZ"
        }
    }
}
