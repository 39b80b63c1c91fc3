/// How rows are printed.
public enum SQLFormat: String, Sendable, Hashable, CaseIterable {
    /// An aligned table for people.
    case table
    /// Comma-separated values with a header line (RFC 4180); nothing for null.
    case csv
    /// One JSON array of objects; NaN and the infinities are null.
    case json
    /// A JSON object a line, likewise.
    case ndjson
    /// A table of Markdown; a line break in a cell is `<br>`.
    case markdown
    /// A Parquet file, compressed by zstd.
    case parquet

    /// Whether printing depends on what is in the columns.
    var needsKinds: Bool { [.json, .ndjson, .markdown].contains(self) }

    /// What makes this format of what DuckDB's program prints; `nil` when that is it already.
    func formatter(_ kinds: ColumnKinds) -> (any RowFormatter)? {
        switch self {
        case .markdown: MarkdownTable(kinds)
        case .json, .ndjson: kinds.arePlain ? nil : JSONNumbers(kinds)
        case .table, .csv, .parquet: nil
        }
    }

    /// The commands of DuckDB's program for it, where that prints lists without a header.
    var commands: [String] {
        switch self {
        case .table: [".mode box", ".headers on"]
        case .csv: [".mode csv", ".headers on", #".separator "," "\n""#, #".nullvalue """#]
        case .json: [".mode json"]
        case .ndjson: [".mode jsonlines"]
        // What the engine calls Markdown has rows of several lines where a cell has.
        case .markdown: [".mode csv", ".headers on", #".separator "," "\n""#, ".nullvalue NULL"]
        // What the engine prints itself is nothing then.
        case .parquet: []
        }
    }

    /// The options of DuckDB's program for it.
    var arguments: [String] {
        switch self {
        case .table: ["-box"]
        case .csv: ["-csv", "-nullvalue", ""]
        case .json: ["-json"]
        case .ndjson: ["-jsonlines"]
        // What the engine calls Markdown has rows of several lines where a cell has.
        case .markdown: ["-csv", "-nullvalue", "NULL"]
        // What the engine prints itself is nothing then.
        case .parquet: []
        }
    }
}
