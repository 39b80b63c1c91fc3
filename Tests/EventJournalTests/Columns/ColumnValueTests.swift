import Parquet
import Testing

@testable import EventJournal

@Suite("Values of columns") struct ColumnValueTests {
    /// What a column makes of a payload: its value as text, `nil` for null, and whether a value did not fit.
    private static func value(_ definition: String, _ payloads: [String]) throws -> [(text: String?, isMisfit: Bool)] {
        let evaluator = try ColumnEvaluator([try PromotedColumn(definition: definition)])
        return try payloads.map { payload in
            let batch = EventBatch([Event(id: "a", timestamp: Timestamp(microseconds: 0), data: Array(payload.utf8))])
            let values = try #require(try evaluator.evaluate(batch).first)
            return (texts(values.column).first ?? nil, values.misfits == 1)
        }
    }

    static func texts(_ column: ColumnData) -> [String?] {
        let all: [String] =
            switch column.values {
            case .int64(let values): values.map { "\($0)" }
            case .double(let values): values.map { "\($0)" }
            case .boolean(let values): values.map { "\($0)" }
            case .bytes(let values): (0..<values.count).map { values.text(at: $0) ?? "?" }
            default: []
            }
        guard let levels = column.definitionLevels else { return all }
        var next = all.makeIterator()
        return levels.map { $0 == 0 ? nil : next.next() }
    }

    @Test(
        "a value that fits is taken, however it is written",
        arguments: [
            ("a=v:int64", "7", "7"), ("a=v:int64", "-0", "0"), ("a=v:int64", "7.0", "7"), ("a=v:int64", "12e2", "1200"),
            ("a=v:int64", "1200e-2", "12"), ("a=v:int64", "9223372036854775807", "9223372036854775807"),
            ("a=v:int64", "-9223372036854775808", "-9223372036854775808"), ("a=v:float64", "7", "7.0"),
            ("a=v:float64", "0.1", "0.1"), ("a=v:float64", "1e-7", "1e-07"), ("a=v:float64", "-1.5E3", "-1500.0"),
            ("a=v:float64", "1.7976931348623157e308", "1.7976931348623157e+308"),
            ("a=v:float64", "123456789012345678901234567890", "1.2345678901234568e+29"),
            ("a=v:boolean", "true", "true"),
            ("a=v:boolean", "false", "false"), ("a=v:string", #""a""#, "a"), ("a=v:string", #""""#, ""),
            ("a=v:string", #""q\" \\ \u00e9 \ud83d\ude00 ,]}""#, "q\" \\ é 😀 ,]}"), ("a=v:string", #""李雷""#, "李雷"),
            ("a=v:timestamp", #""1970-01-01T00:00:01.5+00:00""#, "1500000"),
            ("a=v:timestamp", #""1969-12-31T23:59:59Z""#, "-1000000"),
            ("a=v:timestamp", #""1970-01-02""#, "86400000000"),
            ("a=length(v):int64", "[1,2,3]", "3"), ("a=v[-1]:int64", "[1,2]", "2"),
            ("a=v.x || v.y:string", #"{"y":"z"}"#, "z"),
        ]
    )
    func fits(definition: String, value: String, text: String) throws {
        let result = try #require(try Self.value(definition, [#"{"u":[{"v":1}],"v":\#(value),"w":"]"}"#]).first)
        #expect(result.text == text && !result.isMisfit)
    }

    @Test(
        "one that does not is null, and counted",
        arguments: [
            ("a=v:int64", "7.5"), ("a=v:int64", "9223372036854775808"), ("a=v:int64", #""7""#), ("a=v:int64", "true"),
            ("a=v:int64", "[7]"), ("a=v:int64", "1e30"), ("a=v:float64", "1e999"), ("a=v:float64", #""1.5""#),
            ("a=v:boolean", "1"), ("a=v:boolean", #""true""#), ("a=v:string", "7"), ("a=v:string", #"{"a":"b"}"#),
            ("a=v:timestamp", #""yesterday""#), ("a=v:timestamp", "1700000000"), ("a=v:timestamp", #""2024-02-30""#),
            ("a=length(v):int64", "7"),
        ]
    )
    func misfits(definition: String, value: String) throws {
        let result = try #require(try Self.value(definition, [#"{"v":\#(value)}"#]).first)
        #expect(result.text == nil && result.isMisfit)
    }

    @Test("where there is no value there is null, and nothing to be counted")
    func nulls() throws {
        let payloads = ["{}", #"{"v":null}"#, "null", "7", "[]", "", "no JSON", "{\"v\":", "{\"v\":1}{"]
        for definition in ["a=v:int64", "a=v.w:string", "a=v || w:string"] {
            for (result, payload) in zip(try Self.value(definition, payloads), payloads) {
                #expect(result.text == nil && !result.isMisfit, "\(definition) of \(payload)")
            }
        }
    }

    @Test("columns of all kinds are found at once, in batches of many buffers, with what surrounds a payload")
    func together() throws {
        let definitions = [
            "n=n:int64", "s=o.s:string", "len=length(l):int64", "k=@event.key:string", "first=l[0]:float64",
            "again=n:string",
        ]
        let evaluator = try ColumnEvaluator(try definitions.map(PromotedColumn.init(definition:)))
        var batch = EventBatch()
        var expected: [[String?]] = definitions.map { _ in [] }
        for number in 0..<200 {
            let list = Array(repeating: "\(number).5", count: number % 4).joined(separator: ",")
            let isBroken = number % 9 == 4
            let payload = isBroken ? "broken" : #"{"o":{"s":"s\#(number)"},"l":[\#(list)],"n":\#(number)}"#
            // Each with a buffer of its own, as small appends make them.
            let one = EventBatch([
                Event(
                    id: "\(number)",
                    timestamp: Timestamp(microseconds: 0),
                    key: "k\(number)",
                    data: Array(payload.utf8)
                )
            ])
            batch.append(contentsOf: one)
            let values: [String?] = [
                "\(number)", "s\(number)", "\(number % 4)", "k\(number)", number % 4 == 0 ? nil : "\(number).5", nil,
            ]
            for column in definitions.indices { expected[column].append(isBroken ? nil : values[column]) }
        }
        #expect(batch.payloads.buffers.count > 100)
        let values = try evaluator.evaluate(batch)
        #expect(values.map { Self.texts($0.column) } == expected)
        #expect(values.map(\.misfits) == [0, 0, 0, 0, 0, expected[0].count { $0 != nil }])
        let summary = values[0].summary
        #expect(summary.bounds == .integers(0, 199) && summary.nulls == expected[0].count { $0 == nil })
        #expect(values[1].summary.bounds == .texts(Array("s0".utf8), Array("s99".utf8)))
    }
}
