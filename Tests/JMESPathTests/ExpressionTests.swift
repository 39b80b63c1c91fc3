import JMESPath
import Testing

struct ExpressionTests {
    @Test(
        "numbers keep their value and come out in one form",
        arguments: [
            ("-0", "0"), ("-0.0", "-0.0"), ("1e2", "100.0"), ("1.50", "1.5"), ("1E400", "1e999"), ("0.0001", "0.0001"),
            ("0.00001", "1e-05"), ("1e16", "1e+16"), ("123456789012345680.0", "1.2345678901234568e+17"),
            ("9007199254740993", "9007199254740993"), ("18446744073709551616", "18446744073709551616"),
            ("-9223372036854775808", "-9223372036854775808"), ("0.1", "0.1"), ("5e-324", "5e-324"), ("10.0", "10.0"),
            ("1000000000000000.5", "1000000000000000.5"), ("0.30000000000000004", "0.30000000000000004"),
        ]
    )
    func numbers(text: String, expected: String) throws {
        #expect(try evaluate("a", "{\"a\":\(text)}") == expected)
        #expect(try evaluate("to_string(a)", "{\"a\":\(text)}") == "\"\(expected)\"")
        #expect(try evaluate("[0].a", "[{\"a\":\(text)}]") == expected)
    }

    @Test(
        "integers beyond doubles are compared and added exactly",
        arguments: [
            ("`9007199254740993` == `9007199254740992`", "false"),
            ("`9007199254740993` > `9007199254740992.0`", "true"),
            ("`18446744073709551617` > `18446744073709551616`", "true"),
            ("sum(`[9223372036854775807, 1]`)", "9223372036854775808"),
            ("abs(`-9223372036854775808`)", "9223372036854775808"), ("ceil(`1e20`)", "100000000000000000000"),
            ("to_number('007')", "7"), ("to_number(' 1.5 ')", "1.5"), ("avg(`[1, 2]`)", "1.5"), ("sum(`[]`)", "0"),
        ]
    )
    func integers(expression: String, expected: String) throws {
        #expect(try evaluate(expression, "null") == expected)
    }

    @Test(
        "errors have their kind and point at the column",
        arguments: [
            ("a.b[", JMESPathError.Kind.syntax, 4), ("ä = `1`", .syntax, 0), ("\"ä\" = `1`", .syntax, 4),
            ("a | nope(b)", .unknownFunction, 4), ("a | abs(b, c)", .invalidArity, 4), ("a[1:2:0]", .invalidValue, 6),
            ("@event.nope", .unknownName, 7), ("@other", .syntax, 0), ("a && 'open", .syntax, 5), ("a b", .syntax, 2),
        ]
    )
    func errors(text: String, kind: JMESPathError.Kind, column: Int) throws {
        let error = #expect(throws: JMESPathError.self) { try JMESPathExpression(text) }
        #expect(error?.kind == kind)
        #expect(error?.column == column)
        #expect(error?.caret.split(separator: "\n").last == "\(String(repeating: " ", count: column))^")
    }

    @Test("an argument of a wrong type is an error at its column, and names both types")
    func types() throws {
        let error = #expect(throws: JMESPathError.self) { try evaluate("a.length(b)", "{\"a\":{\"b\":1}}") }
        #expect(error?.kind == .invalidType)
        #expect(error?.column == 9)
        #expect(error?.message.contains("a number") == true)
    }

    @Test(
        "documents that are not JSON are errors with a place",
        arguments: [
            ("{\"a\":1", 6), ("", 0), ("[1,]", 3), ("{\"a\":01}", 5), ("\"\\ud800\"", 1), ("1 2", 2), ("nul", 0),
        ]
    )
    func notJSON(document: String, place: Int) throws {
        let error = #expect(throws: JMESPathError.self) { try evaluate("a", document) }
        #expect(error?.kind == .notJSON)
        #expect(error?.column == place)
    }

    @Test("the envelope is reachable and cannot collide with the payload")
    func envelope() throws {
        let id: StaticString = "e-1"
        let text = unsafe UnsafeRawBufferPointer(start: id.utf8Start, count: id.utf8CodeUnitCount)
        let envelope = unsafe JMESPathEnvelope(id: text, timestamp: 1_709_287_230_123_456)
        let document = "{\"event\":{\"id\":\"other\"},\"id\":\"e-1\"}"
        let cases = [
            ("@event.id", "\"e-1\""), ("@.event.id", "\"other\""), ("@event.key", "null"), ("@event.id == id", "true"),
            ("@event.timestamp", "\"2024-03-01T10:00:30.123456Z\""),
            ("[@event.timestamp > '2024-03-01', @event.timestamp > '2024-03-02']", "[true,false]"),
            (
                "@event | [id, timestamp, key]", "[\"e-1\",\"2024-03-01T10:00:30.123456Z\",null]"
            ),
            ("event | @event.id", "\"e-1\""),
        ]
        for (expression, expected) in cases {
            #expect(try evaluate(expression, document, envelope: envelope) == expected, "\(expression)")
        }
        #expect(try evaluate("@event", document) == "null")
    }

    @Test("of members of one name the last counts, at the place of the first")
    func duplicates() throws {
        let document = #"{"a":1,"b":2,"\u0061":{"x":1,"x":3}}"#
        #expect(try evaluate("@", document) == #"{"a":{"x":3},"b":2}"#)
        #expect(try evaluate("a.x", document) == "3")
        #expect(try evaluate("[keys(@), values(a), length(a)]", document) == #"[["a","b"],[3],1]"#)
        #expect(try evaluate("a.x", #"{"a":{"x":1},"a":2}"#) == "null")
    }

    @Test("deep nesting is refused at the stated depth, and everything below works")
    func depth() throws {
        for (open, middle, close) in [
            ("(", "a", ")"), ("[", "a", "]"), ("!", "a", ""), ("abs(", "a", ")"), ("a[?", "b", "]"),
        ] {
            let fits = JMESPathExpression.maximumDepth - 2
            _ = try JMESPathExpression(Self.nested(open, middle, close, fits))
            let error = #expect(throws: JMESPathError.self) {
                try JMESPathExpression(Self.nested(open, middle, close, 100_000))
            }
            #expect(error?.kind == .tooDeep)
        }
        let deepest = Self.nested("[", "a", "]", JMESPathExpression.maximumDepth - 2)
        #expect(try evaluate(deepest, "{\"a\":7}").contains("[7]"))
        let limit = JMESPathEvaluator.maximumDocumentDepth
        let document = Self.nested("[", "", "]", limit)
        #expect(try evaluate("@", document) == document)
        #expect(try evaluate("@ == @", document) == "true")
        for depth in [limit + 1, 1_000_000] {
            let error = #expect(throws: JMESPathError.self) { try evaluate("@", Self.nested("[", "", "]", depth)) }
            #expect(error?.kind == .notJSON)
        }
    }

    private static func nested(_ open: String, _ middle: String, _ close: String, _ depth: Int) -> String {
        String(repeating: open, count: depth) + middle + String(repeating: close, count: depth)
    }
}
