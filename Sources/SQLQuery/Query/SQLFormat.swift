/// How rows are printed.
public enum SQLFormat: String, Sendable, Hashable, CaseIterable {
    /// An aligned table for people.
    case table
    /// Comma-separated values with a header line (RFC 4180); nothing for null.
    case csv
    /// One JSON array of objects.
    case json
    /// A JSON object a line.
    case ndjson
    /// A table of Markdown.
    case markdown
    /// A Parquet file, compressed by zstd.
    case parquet

    /// The options of DuckDB's program for it.
    var arguments: [String] {
        switch self {
        case .table: ["-box"]
        case .csv: ["-csv", "-nullvalue", ""]
        case .json: ["-json"]
        case .ndjson: ["-jsonlines"]
        case .markdown: ["-markdown"]
        // What the engine prints itself is nothing then.
        case .parquet: []
        }
    }
}
