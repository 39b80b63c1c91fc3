internal import EventJournal
internal import TextEncoding

/// What `spark_session.py` is told, as JSON.
struct SparkTask {
    /// A query and where its rows are to go.
    struct Query {
        var statement: String
        var timeZone: String
        /// A directory that does not exist; a file for a plan.
        var result: String
        var explains = false
    }

    var scratch: String
    var elsewhere: Bool
    var limits: SQLLimits
    var tables: [SetupScript.Tables]
    var queries: [Query]

    /// The task.
    var json: String {
        let master = limits.threads.map { "local[\($0)]" } ?? "local[*]"
        var fields: [JSONLine.Member] = [
            ("scratch", SparkTask.text(scratch)), ("elsewhere", String(elsewhere)), ("master", SparkTask.text(master)),
            ("tables", JSONLine.array(tables.map(SparkTask.object))),
            ("settings", JSONLine.object(settings.map { ($0.0, SparkTask.text($0.1)) })),
            ("queryingSettings", JSONLine.object(SparkTask.queryingSettings.map { ($0.0, SparkTask.text($0.1)) })),
        ]
        let queries = queries.map { query in
            JSONLine.object([
                ("statement", SparkTask.text(query.statement)), ("timeZone", SparkTask.text(query.timeZone)),
                ("result", SparkTask.text(query.result)), ("explains", String(query.explains)),
            ])
        }
        fields.append(("queries", JSONLine.array(queries)))
        return JSONLine.object(fields)
    }

    /// What is set before Spark starts, where that is on this machine.
    private var settings: [(String, String)] {
        if elsewhere { return [] }
        var settings = [
            ("spark.ui.enabled", "false"), ("spark.log.level", "OFF"), ("spark.sql.catalogImplementation", "in-memory"),
            ("spark.driver.host", "127.0.0.1"), ("spark.driver.bindAddress", "127.0.0.1"),
            ("spark.local.dir", "\(scratch)/spill"), ("spark.sql.warehouse.dir", "file:\(scratch)/warehouse"),
        ]
        if let memory = limits.memoryBytes { settings.append(("spark.driver.memory", "\(memory >> 20)m")) }
        return settings
    }

    /// What is set for the session: moments are told to the microsecond, and none is shifted for an old calendar.
    private static let queryingSettings = [
        ("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS"),
        ("spark.sql.parquet.datetimeRebaseModeInRead", "CORRECTED"),
        ("spark.sql.parquet.datetimeRebaseModeInWrite", "CORRECTED"), ("spark.sql.parquet.compression.codec", "zstd"),
    ]

    private static func object(_ tables: SetupScript.Tables) -> String {
        JSONLine.object([
            ("schema", tables.schema.map(text) ?? "null"), ("files", JSONLine.array(tables.files.map(text))),
            ("filesWithHidden", JSONLine.array(tables.filesWithHidden.map(text))),
            ("hidden", JSONLine.array(tables.hidden.map { "[\(text($0.id)),\($0.timestamp)]" })),
            ("current", tables.current.map(text) ?? "null"), ("after", tables.after.map { String($0) } ?? "null"),
            ("columns", JSONLine.array(tables.columns.map { "[\(text($0.name)),\(text($0.type.spark))]" })),
            ("through", tables.through.map { String($0) } ?? "null"),
        ])
    }

    private static func text(_ text: String) -> String { JSONString.quoted(text) }
}

extension PromotedColumn.ValueType {
    /// Spark's name for it.
    fileprivate var spark: String {
        switch self {
        case .int64: "bigint"
        case .float64: "double"
        case .boolean: "boolean"
        case .string: "string"
        case .timestamp: "timestamp"
        }
    }
}
