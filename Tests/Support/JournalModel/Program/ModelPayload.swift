import EventJournal
import ObjectStorageTesting

/// A value of a promoted column.
enum ColumnValue: Hashable, Sendable {
    /// Of `int64`, and of `timestamp` in microseconds.
    case integer(Int64)
    case number(Double)
    case boolean(Bool)
    case text([UInt8])

    static func text(_ text: String) -> ColumnValue { .text(Array(text.utf8)) }
}

/// JSON payloads of which it is known, without anybody reading JSON, what a promoted column has for them.
///
/// A payload says by digits which value each of its members has: in `{"at":"o12.3/40…","n":1.5,…}` the first member has
/// its fifth value and the second its first.
enum ModelPayload {
    /// What a member may have.
    private struct Choice {
        /// What stands in the payload; `nil` when the member is not there.
        var json: String?
        /// What a column of a type has for it; null where nothing is said.
        var values: [PromotedColumn.ValueType: ColumnValue] = [:]
    }

    private static let members: [(name: String, choices: [Choice])] = [
        (
            "n",
            [
                Choice(json: "5", values: [.int64: .integer(5), .float64: .number(5)]),
                Choice(json: "-9223372036854775808", values: [.int64: .integer(.min), .float64: .number(-0x1p63)]),
                Choice(json: "9223372036854775808", values: [.float64: .number(0x1p63)]),
                Choice(json: "1e3", values: [.int64: .integer(1000), .float64: .number(1000)]),
                Choice(json: "1.5", values: [.float64: .number(1.5)]),
                Choice(json: "-2.0", values: [.int64: .integer(-2), .float64: .number(-2)]),
                Choice(json: "\"5\"", values: [.string: .text("5")]),
                Choice(json: "null"), Choice(json: nil), Choice(json: "[5]"),
            ]
        ),
        (
            "deep",
            [
                Choice(json: "{\"a\":0,\"b\":true}", values: [.boolean: .boolean(true)]),
                Choice(json: "{\"b\":false}", values: [.boolean: .boolean(false)]),
                Choice(json: "{\"b\":\"true\"}"), Choice(json: "{\"b\":null}"), Choice(json: "[true]"),
                Choice(json: nil),
            ]
        ),
        (
            "s",
            [
                Choice(json: "\"\"", values: [.string: .text("")]),
                Choice(json: "\"\u{E9},\\n\\\"]\"", values: [.string: .text("\u{E9},\n\"]")]),
                Choice(json: "\"\\ud83c\\udf89\"", values: [.string: .text("\u{1F389}")]),
                // Statistics have no text as long as that.
                Choice(
                    json: "\"" + String(repeating: "z", count: 70) + "\"",
                    values: [.string: .text(String(repeating: "z", count: 70))]
                ),
                Choice(json: "{\"s\":\"s\"}"), Choice(json: nil),
            ]
        ),
        (
            "t",
            [
                Choice(json: "\"2001-09-09T01:46:40Z\"", values: [.timestamp: .integer(1_000_000_000_000_000)]),
                Choice(
                    json: "\"2001-09-09T03:46:40.000001+02:00\"",
                    values: [.timestamp: .integer(1_000_000_000_000_001)]
                ),
                Choice(json: "\"1969-12-31T23:59:59.999999Z\"", values: [.timestamp: .integer(-1)]),
                Choice(json: "\"yesterday\""), Choice(json: "0"), Choice(json: nil),
            ]
        ),
        (
            "l",
            [
                Choice(json: "[]", values: [.int64: .integer(0)]),
                Choice(json: "[[1,2],{}]", values: [.int64: .integer(2)]),
                Choice(json: "\"ab\"", values: [.int64: .integer(2)]),
                Choice(json: "1"), Choice(json: nil),
            ]
        ),
    ]

    /// The columns that programs add: definitions, and the member that each looks at.
    ///
    /// The last two are not what their names stand for when they come second.
    private static let columns = [
        "whole=data.n:int64": 0, "real=n:float64": 0, "truth=data.deep.b:boolean": 1, "word=s:string": 2,
        "moment=data.t:timestamp": 3, "size=length(l):int64": 4, "word=data.n:string": 0, "WHOLE=n:int64": 0,
    ]

    /// The definitions of the columns, in one order.
    static let definitions = columns.keys.sorted()

    /// A payload that begins as another one and has random members.
    static func json(_ text: String, _ random: inout SeededRandom) -> [UInt8] {
        var digits = ""
        var json = ""
        for (name, choices) in members {
            let number = Int.random(in: choices.indices, using: &random)
            digits += "\(number)"
            if let value = choices[number].json { json += ",\"\(name)\":\(value)" }
        }
        return Array("{\"at\":\"\(text)/\(digits)\"\(json)}".utf8)
    }

    /// What tells a payload from others: of JSON what its member `at` says.
    static func short(_ data: [UInt8]) -> String {
        let text = String(decoding: data, as: UTF8.self)
        guard text.hasPrefix("{\"at\":\"") else { return data.count > 40 ? "\(data.count) bytes" : text }
        return String(text.dropFirst(7).prefix { $0 != "\"" })
    }

    /// What a column must have for a payload; `nil` for null.
    static func value(of definition: String, in data: [UInt8]) -> ColumnValue? {
        guard data.starts(with: "{\"at\":\"".utf8), let member = columns[definition],
            let type = definition.split(separator: ":").last.flatMap({ PromotedColumn.ValueType(name: $0) })
        else { return nil }
        let digits = Array(short(data).drop { $0 != "/" }.dropFirst())
        return digits[member].wholeNumberValue.flatMap { members[member].choices[$0].values[type] }
    }
}
