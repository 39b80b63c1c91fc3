import JMESPath
import Testing

@testable import EventImport

@Suite("Lines become events")
struct LineParserTests {
    @Test("id, timestamp and key come from their fields, the payload is the line", arguments: bothWays)
    func takesFields(indexed: Bool) throws {
        let mapping = FieldMapping(
            id: try JMESPathExpression("sha"),
            timestamp: try JMESPathExpression("meta.created_at"),
            key: try JMESPathExpression("area")
        )
        let first = #"{"sha":"abc","meta":{"x":1,"created_at":"2024-03-01T00:00:00.641588Z"},"area":"core"}"#
        let second = #" { "area" : null , "meta" : {"created_at": 1.5} , "sha" : 12345678901234567890123 } "#
        let parsed = try parser(mapping).parse(LineBlock("\(first)\n\(second)\n"), indexed: indexed)
        #expect(parsed.complaints == [])
        #expect(parsed.idTexts == ["abc", "12345678901234567890123"])
        #expect(parsed.timestamps == [1_709_251_200_641_588, 1_500_000])
        #expect(parsed.keyTexts == ["core", nil])
        #expect(parsed.payloadTexts == [first, second])
        #expect(parsed.lineIndexes == [0, 1])
    }

    @Test("escapes in names and values are undone", arguments: bothWays)
    func unescapes(indexed: Bool) throws {
        let mapping = FieldMapping(id: try JMESPathExpression(#""a.b\n""#), key: try JMESPathExpression("k"))
        let line = #"{"a.b\u000A":"\"\\\/\b\f\n\r\t\u00e9\u20AC\ud834\udd1e","k":"plain"}"#
        let parsed = try parser(mapping).parse(LineBlock(line), indexed: indexed)
        #expect(parsed.idTexts == ["\"\\/\u{8}\u{c}\n\r\té€𝄞"])
        #expect(parsed.keyTexts == ["plain"])
        #expect(parsed.payloadTexts == [line])
    }

    @Test(
        "a path leads through objects and arrays",
        arguments: [
            ("a.b.c", #"{"a":{"b":{"c":"x"}}}"#, "x"),
            ("a[1].b", #"{"a":[{"b":"n"},{"b":"x"}]}"#, "x"),
            ("a[2]", #"{"a":[[1,2,3],{"z":[9]},"x",4]}"#, "x"),
            ("[0]", #"["x"]"#, "x"),
            ("[1][0]", #"[[1],["x"]]"#, "x"),
            (#""a.b""#, #"{"a":{"b":1},"a.b":"x"}"#, "x"),
            ("b", #"{"a":{"b":1},"c":[{"b":2}],"b":"x"}"#, "x"),
            ("b", #"{"b":"y","b":{},"b":"x"}"#, "x"),
            ("a.b", #"{"a":{"b":1,"b":2},"a":{"b":"y","c":0,"b":"x"}}"#, "x"),
            ("a.b", #"{"a":1,"a":{"b":"x"}}"#, "x"),
            ("a[1]", #"{"a":["y","y"],"a":[0,"x"]}"#, "x"),
            ("a", #"{"a":{"b":[1]},"\u0061":"x"}"#, "x"),
            ("k", #"{"kk":1,"K":2,"k":"x"}"#, "x"),
        ]
    )
    func followsPaths(path: String, line: String, id: String) throws {
        for indexed in bothWays {
            let parsed = try parser(.id(path)).parse(LineBlock(line), indexed: indexed)
            #expect(parsed.idTexts == [id], "indexed: \(indexed)")
        }
    }

    @Test(
        "a path that leads nowhere finds nothing",
        arguments: [
            ("a.b", #"{"a":[{"b":1}]}"#),
            ("a[0]", #"{"a":{"0":1}}"#),
            ("a.b", #"{"a":"b"}"#),
            ("a.b", #"{"a":{"b":"first a"},"a":1}"#),
            ("a.b", #"{"a":{"b":"first a"},"a":{"c":1}}"#),
            ("a[1]", #"{"a":[1,2],"a":[3]}"#),
            ("a[3]", #"{"a":[1,2,3]}"#),
            ("a.b", #"{"a":{},"b":1}"#),
            ("b", #"{"a":{"b":1}}"#),
        ]
    )
    func findsNothing(path: String, line: String) throws {
        for indexed in bothWays {
            let parsed = try parser(.id(path)).parse(LineBlock(line), indexed: indexed)
            #expect(parsed.complaints == ["1: no field `\(path)`"], "indexed: \(indexed)")
        }
    }

    @Test("two fields may share a path or its beginning")
    func sharesPaths() throws {
        let mapping = FieldMapping(
            id: try JMESPathExpression("a.b"),
            timestamp: try JMESPathExpression("a.t"),
            key: try JMESPathExpression("a.b")
        )
        for indexed in bothWays {
            let parsed = try parser(mapping).parse(LineBlock(#"{"a":{"t":1,"b":"x\ty"}}"#), indexed: indexed)
            #expect(parsed.idTexts == ["x\ty"])
            #expect(parsed.keyTexts == ["x\ty"])
            #expect(parsed.timestamps == [1_000_000])
        }
    }

    @Test("blank lines, carriage returns and a missing last line feed do not matter", arguments: bothWays)
    func toleratesLineEnds(indexed: Bool) throws {
        let text = "\n\r\n{\"id\":1}\r\n \t \n{\"id\":2}\n\n{\"id\":3}\r"
        let parsed = try parser(.id).parse(LineBlock(text), indexed: indexed)
        #expect(parsed.idTexts == ["1", "2", "3"])
        #expect(
            parsed.payloadTexts == [#"{"id":1}"#, #"{"id":2}"#, "{\"id\":3}\r"].map { $0.replacing("\r", with: "") }
        )
        #expect((0..<3).map(parsed.lineNumber(ofEvent:)) == [3, 5, 7])
        #expect(parsed.rejected.isEmpty)
    }

    @Test("without a mapping any JSON value is a payload", arguments: bothWays)
    func takesAnyValue(indexed: Bool) throws {
        let lines = ["1", "-0.0e+7", "\"x\"", "null", "true", "false", "[]", "{}", "[1,[2,{\"a\":[]}]]", "1e999"]
        let parsed = try parser(.none).parse(LineBlock(lines.joined(separator: "\n")), indexed: indexed)
        #expect(parsed.complaints == [])
        #expect(parsed.payloadTexts == lines)
        #expect(parsed.ids == nil)
        #expect(parsed.timestamps == nil)
        #expect(parsed.keys == nil)
    }

    @Test(
        "keys may be numbers, true and false",
        arguments: [(#""""#, ""), ("12", "12"), ("1.50", "1.50"), ("true", "true"), ("false", "false")]
    )
    func takesKeys(value: String, key: String) throws {
        let parsed = try parser(FieldMapping(key: try JMESPathExpression("k"))).parse(LineBlock(#"{"k":\#(value)}"#))
        #expect(parsed.keyTexts == [key])
    }

    @Test("a column never holds part of a rejected line")
    func dropsRejectedLines() throws {
        let mapping = FieldMapping(
            id: try JMESPathExpression("id"),
            timestamp: try JMESPathExpression("t"),
            key: try JMESPathExpression("k")
        )
        let text = """
            {"id":"a","t":1,"k":"x"}
            {"id":"b","t":"no","k":"y"}
            {"id":"c","t":3,"k":[]}
            {"id":"d\\n","t":4}
            {"id":"e\\n","t":4
            {"id":"f\\t","t":5,"k":"\\u0041"}
            """
        for indexed in bothWays {
            let parsed = try parser(mapping).parse(LineBlock(text), indexed: indexed)
            #expect(parsed.idTexts == ["a", "d\n", "f\t"])
            #expect(parsed.timestamps == [1_000_000, 4_000_000, 5_000_000])
            #expect(parsed.keyTexts == ["x", nil, "A"])
            #expect(parsed.lineIndexes == [0, 3, 5])
            #expect(parsed.rejected.map { parsed.lineNumber(of: $0) } == [2, 3, 5])
        }
    }

    @Test("a fault in one batch of lines does not touch the next one")
    func keepsFaultsApart() throws {
        let filler = String(repeating: "x", count: 1000)
        let lines = (0..<2000).map { $0 % 700 == 3 ? "{\"id\":\"\($0)" : "{\"id\":\"\($0)\",\"f\":\"\(filler)\"}" }
        let parsed = try parser(.id).parse(LineBlock(lines.joined(separator: "\n")))
        #expect(parsed.complaints == [4, 704, 1404].map { "\($0):7: unterminated string" })
        #expect(parsed.idTexts == (0..<2000).filter { $0 % 700 != 3 }.map(String.init))
    }

    @Test("a line longer than a batch is parsed as well")
    func parsesLongLines() throws {
        let long = #"{"a":["# + String(repeating: #"{"b":"c\n"},"#, count: 100_000) + #"0],"id":"long"}"#
        let parsed = try parser(.id).parse(LineBlock("{\"id\":1}\n\(long)\n{\"id\":2}\n"))
        #expect(parsed.idTexts == ["1", "long", "2"])
        #expect(parsed.payloadTexts[1].utf8.count == long.utf8.count)
    }

    @Test("one parser takes block after block")
    func parsesManyBlocks() throws {
        let parser = try parser(.id)
        #expect(parser.parse(LineBlock("")).count == 0)
        #expect(parser.parse(LineBlock(#"{"id":"\u0041"}"#)).idTexts == ["A"])
        #expect(parser.parse(LineBlock("{")).count == 0)
        #expect(parser.parse(LineBlock(#"{"id":"b"}"#)).idTexts == ["b"])
    }
}
