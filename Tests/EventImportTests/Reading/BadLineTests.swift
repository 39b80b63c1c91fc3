import JMESPath
import Testing

@testable import EventImport

@Suite("Bad lines are rejected with a reason")
struct BadLineTests {
    @Test(
        "what is not JSON",
        arguments: [
            (#"{"id":"a"#, "2:7: unterminated string"),
            (#"{"id":1"#, "2:8: line ends before its value does"),
            (#"{"id":"#, "2:7: line ends before its value does"),
            (#"{"id""#, "2:6: line ends before its value does"),
            ("{", "2:2: line ends before its value does"),
            ("[1,", "2:4: line ends before its value does"),
            (#"{"id":1}}"#, "2:9: more than one value on the line"),
            (#"{"id":1} {"id":2}"#, "2:10: more than one value on the line"),
            (#"{"id":1,}"#, "2:9: expected the name of a member in double quotes, found `}`"),
            (#"{id:1}"#, "2:2: expected the name of a member in double quotes, found `i`"),
            (#"{\"id\":1}"#, "2:2: expected the name of a member in double quotes, found `\\`"),
            (#"{"id" 1}"#, "2:7: expected `:` after the name of a member, found `1`"),
            (#"{"id":1 "k":2}"#, "2:9: expected `,` or `}` in an object, found `\"`"),
            (#"{"id":1]"#, "2:8: expected `,` or `}` in an object, found `]`"),
            (#"{"é":1 "k":2}"#, "2:8: expected `,` or `}` in an object, found `\"`"),
            ("[1 2]", "2:4: expected `,` or `]` in an array, found `2`"),
            ("[1,]", "2:4: expected a value, found `]`"),
            ("[,1]", "2:2: expected a value, found `,`"),
            ("]", "2:1: expected a value, found `]`"),
            ("hello", "2:1: expected a value, found `h`"),
            ("'a'", "2:1: expected a value, found `'`"),
            ("\u{FEFF}{}", "2:1: expected a value, found `\u{FEFF}`"),
            ("\u{0}", "2:1: expected a value"),
            ("\u{c}1", "2:1: expected a value"),
            (#""a"\"#, "2:4: unknown escape sequence"),
            (#""a""b""#, "2:4: more than one value on the line"),
            (#""a"b"#, "2:4: more than one value on the line"),
            ("tru", "2:1: unknown word (JSON has true, false and null)"),
            ("[true1]", "2:2: unknown word (JSON has true, false and null)"),
            ("nul\u{0}", "2:1: unknown word (JSON has true, false and null)"),
            ("[nullnull]", "2:2: unknown word (JSON has true, false and null)"),
            ("01", "2:1: malformed number"),
            ("-", "2:1: malformed number"),
            ("1.", "2:1: malformed number"),
            ("[1.e1]", "2:2: malformed number"),
            ("1e", "2:1: malformed number"),
            ("1e+", "2:1: malformed number"),
            ("0x10", "2:1: malformed number"),
            ("1a", "2:1: malformed number"),
            (#"1"a""#, "2:1: malformed number"),
            ("+1", "2:1: expected a value, found `+`"),
            (".5", "2:1: expected a value, found `.`"),
            ("NaN", "2:1: expected a value, found `N`"),
            (#"["a\qb"]"#, "2:4: unknown escape sequence"),
            (#"["\u12G4"]"#, "2:3: unknown escape sequence"),
            (#"["\u12"]"#, "2:3: unknown escape sequence"),
            (#"["\ud800"]"#, "2:3: half of a surrogate pair, which is no character"),
            (#"["\udc00x"]"#, "2:3: half of a surrogate pair, which is no character"),
            (#"["\ud800\u0041"]"#, "2:3: half of a surrogate pair, which is no character"),
            ("[\"a\tb\"]", "2:4: control character inside a string"),
            ("[\"a\u{1}b\"]", "2:4: control character inside a string"),
        ]
    )
    func rejectsWhatIsNotJSON(line: String, complaint: String) throws {
        for indexed in bothWays {
            for text in ["{\"id\":1}\n\(line)\n{\"id\":3}\n", "\n\(line)", "\n\(line)\r\n"] {
                let parsed = try parser(.none).parse(LineBlock(text), indexed: indexed)
                #expect(parsed.complaints == [complaint], "indexed: \(indexed)")
                #expect(parsed.rejected.map { Array(parsed.bytes(of: $0)) } == [Array(line.utf8)])
                #expect(parsed.count == (text.contains("3}") ? 2 : 0))
            }
        }
    }

    @Test(
        "bytes that are not UTF-8",
        arguments: [
            ([0xFF] as [UInt8], 1), ([0x22, 0xC3, 0x22], 2), ([0x22, 0xC0, 0x80, 0x22], 2),
            ([0x22, 0xE2, 0x82, 0x22], 2), ([0x22, 0xED, 0xA0, 0x80, 0x22], 2), ([0x22, 0xC3, 0xA9, 0x80, 0x22], 3),
            ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 2), ([0x22, 0xF0, 0x8F, 0xBF, 0xBF, 0x22], 2), ([0x22, 0xE2], 2),
        ]
    )
    func rejectsWhatIsNotUTF8(line: [UInt8], column: Int) throws {
        for indexed in bothWays {
            let parsed = try parser(.none).parse(LineBlock([0x31, 0x0A] + line + [0x0A, 0x32]), indexed: indexed)
            #expect(parsed.complaints == ["2:\(column): not valid UTF-8"])
            #expect(parsed.payloadTexts == ["1", "2"])
        }
    }

    @Test(
        "fields that will not do",
        arguments: [
            (#"{"t":1}"#, "1: no field `id`"),
            (#"{"id":null,"t":1}"#, "1: field `id` is null"),
            (#"{"id":true,"t":1}"#, "1: field `id` is true, but an id is a string or a number"),
            (#"{"id":{"a":1},"t":1}"#, "1: field `id` is an object, but an id is a string or a number"),
            (#"{"id":"","t":1}"#, "1: id is empty"),
            (#"{"id":"12345678901","t":1}"#, "1: id is longer than 10 bytes"),
            (#"{"id":12345678901,"t":1}"#, "1: id is longer than 10 bytes"),
            (#"{"id":"1"}"#, "1: no field `t`"),
            (#"{"id":"1","t":[]}"#, "1: field `t` is an array, but a timestamp is a string or a number"),
            (#"{"id":"1","t":"yesterday"}"#, "1: timestamp `yesterday` is not RFC 3339"),
            (#"{"id":"1","t":"a\u001b[31m"}"#, "1: timestamp `a\u{FFFD}[31m` is not RFC 3339"),
            (#"{"id":"1","t":"2024-02-30"}"#, "1: timestamp `2024-02-30` is not RFC 3339"),
            (
                #"{"id":"1","t":1709251200641}"#,
                "1: timestamp 1709251200641 is past the year 9999 as seconds; "
                    + "say whether it is milliseconds, microseconds or nanoseconds"
            ),
            (#"{"id":"1","t":1,"k":{}}"#, "1: field `k` is an object, but a key is a string, a number, true or false"),
            (#"{"id":"1","t":1,"k":"12345678901"}"#, "1: key is longer than 10 bytes"),
            ("[1]", "1: not a JSON object"),
            ("\"x\"", "1: not a JSON object"),
        ]
    )
    func rejectsFields(line: String, complaint: String) throws {
        let mapping = FieldMapping(
            id: try JMESPathExpression("id"),
            timestamp: try JMESPathExpression("t"),
            key: try JMESPathExpression("k")
        )
        let parsed = try parser(mapping, limits: LineLimits(fieldLength: 10)).parse(LineBlock(line))
        #expect(parsed.complaints == [complaint])
        #expect(parsed.count == 0)
    }

    @Test("nesting has a limit", arguments: bothWays)
    func limitsDepth(indexed: Bool) throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        let parser = try parser(.none, limits: LineLimits(depth: 100))
        let parsed = parser.parse(LineBlock("\(nested(100))\n\(nested(101))\n\(nested(100_000))\n1"), indexed: indexed)
        #expect(parsed.count == 2)
        #expect(parsed.complaints == ["2:101: nested deeper than 100 levels", "3:101: nested deeper than 100 levels"])
    }

    @Test("lines have a limit", arguments: bothWays)
    func limitsLength(indexed: Bool) throws {
        let parser = try parser(.none, limits: LineLimits(lineLength: 8))
        let parsed = parser.parse(LineBlock("[123456]\r\n[1234567]\n\"\u{0}aaaaaaaaa\n1"), indexed: indexed)
        #expect(parsed.payloadTexts == ["[123456]", "1"])
        #expect(
            parsed.complaints == ["2:9: line of 9 bytes is longer than 8", "3:9: line of 11 bytes is longer than 8"]
        )
    }
}
