/// What the parsed statement, as DuckDB gives it in JSON, mentions.
///
/// Names are looked for wherever they stand as texts, so that more may seem to be mentioned than is.
struct StatementTree {
    /// How many statements it has.
    let statements: Int
    private let text: StatementText

    /// Reads what `json_serialize_sql` gave for a text that could be parsed.
    init(_ json: some StringProtocol) {
        text = StatementText(json)
        statements = StatementTree.count(json)
    }

    private static let clock = [
        "now", "today", "transaction_timestamp", "get_current_timestamp", "current_localtimestamp", "current_timestamp",
        "current_date", "localtimestamp",
    ]

    private static let unstable = [
        "age", "current_time", "localtime", "get_current_time", "current_localtime", "txid_current", "current_setting",
        "getvariable", "getenv", "in_search_path", "current_schema", "current_schemas", "current_database",
    ]

    /// Whether it asks for the present moment.
    var usesClock: Bool { StatementTree.clock.contains { text.has("\"\($0)\"") } }

    /// Whether it asks for what may have changed by the time it runs.
    var isUnstable: Bool {
        StatementTree.unstable.contains { text.has("\"\($0)\"") } || text.has("\"pg_")
            || text.words(behind: "\"schema\":\"").contains { !$0.isEmpty }
    }

    /// The objects in the list that is the second level of the document.
    private static func count(_ json: some StringProtocol) -> Int {
        var (count, depth, isQuoted, isEscaped) = (0, 0, false, false)
        for byte in json.utf8 {
            if isQuoted {
                isQuoted = isEscaped || byte != UInt8(ascii: "\"")
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isQuoted = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                if depth == 3 { count += 1 }
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
        return count
    }
}
