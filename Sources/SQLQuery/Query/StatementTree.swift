/// What the parsed statement, as DuckDB gives it in JSON, mentions.
///
/// Names are looked for wherever they stand as texts, so that more may seem to be mentioned than is.
struct StatementTree {
    /// The JSON, in small letters.
    private let text: [UInt8]

    init(_ json: Substring) { text = json.utf8.map(StatementTree.small) }

    private static let clock = [
        "now", "today", "transaction_timestamp", "get_current_timestamp", "current_localtimestamp", "current_timestamp",
        "current_date", "localtimestamp",
    ]

    private static let unstable = [
        "age", "current_time", "localtime", "get_current_time", "current_localtime", "txid_current", "current_setting",
        "getvariable", "getenv", "in_search_path", "current_schema", "current_schemas", "current_database",
    ]

    /// Whether it asks for the present moment.
    var usesClock: Bool { StatementTree.clock.contains { has("\"\($0)\"") } }

    /// Whether it asks for what may have changed by the time it runs.
    var isUnstable: Bool {
        StatementTree.unstable.contains { has("\"\($0)\"") } || has("\"pg_")
            || places(of: "\"schema\":\"").contains { text.indices.contains($0) && text[$0] != UInt8(ascii: "\"") }
    }

    /// Whether it may read events that are not in the catalog: by their tables' names, or by a function that takes
    /// such names from texts, where the parser does not see them.
    var mayReadInbox: Bool {
        places(of: "name\":\"")
            .contains { start in
                let name = text[start...].prefix { $0 != UInt8(ascii: "\"") }
                return ["events", "current", "query"]
                    .contains { StatementTree.firstPlace(of: Array($0.utf8), in: name) != nil }
            }
    }

    /// Whether the text of a statement could ask for the present moment, in any way at all.
    static func mayUseClock(_ statement: String) -> Bool {
        let text = statement.utf8.map(small)
        return ["now", "today", "current", "local", "transaction"]
            .contains {
                firstPlace(of: Array($0.utf8), in: text[...]) != nil
            }
    }

    private func has(_ part: String) -> Bool { StatementTree.firstPlace(of: Array(part.utf8), in: text[...]) != nil }

    /// Where what stands behind each occurrence of a part begins.
    private func places(of part: String) -> [Int] {
        let part = Array(part.utf8)
        var places: [Int] = []
        var start = 0
        while let place = StatementTree.firstPlace(of: part, in: text[start...]) {
            start = place + part.count
            places.append(start)
        }
        return places
    }

    private static func firstPlace(of part: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        guard let first = part.first, text.count >= part.count else { return nil }
        var place = text.startIndex
        let last = text.endIndex - part.count
        while place <= last {
            if text[place] == first, text[place..<(place + part.count)].elementsEqual(part) { return place }
            place += 1
        }
        return nil
    }

    private static func small(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
    }
}
