import JMESPath
import Testing

@testable import EventImport

@Suite("Expressions make fields of lines")
struct LineExpressionTests {
    @Test("any expression may give id, time and key, beside plain paths", arguments: bothWays)
    func mixes(indexed: Bool) throws {
        let mapping = FieldMapping(
            id: try JMESPathExpression("join('-', [shop, to_string(order)])"),
            timestamp: try JMESPathExpression("meta.at"),
            key: try JMESPathExpression("user.name || guest")
        )
        let text = """
            {"shop":"a","order":1,"meta":{"at":1},"user":{"name":"tab\\there \\u00e9"}}

            {"shop":"b\\"","order":22,"meta":{"at":2},"guest":7.50}
            {"shop":"c","order":3,"meta":{"at":"2024-03-01T00:00:00Z"},"user":null}
            """
        let parsed = try parser(mapping).parse(LineBlock(text), indexed: indexed)
        #expect(parsed.complaints == [])
        #expect(parsed.idTexts == ["a-1", "b\"-22", "c-3"])
        #expect(parsed.timestamps == [1_000_000, 2_000_000, 1_709_251_200_000_000])
        #expect(parsed.keyTexts == ["tab\there é", "7.5", nil])
        #expect(parsed.payloadTexts == text.split(separator: "\n").map(String.init))
    }

    @Test("a time may be calculated")
    func calculatesTimes() throws {
        let mapping = FieldMapping(timestamp: try JMESPathExpression("max([created, updated])"))
        let parsed = try parser(mapping).parse(LineBlock(#"{"created":1.25,"updated":3.5}"#))
        #expect(parsed.timestamps == [3_500_000])
    }

    @Test("a line of which nothing comes is rejected with the reason, and columns stay whole", arguments: bothWays)
    func rejects(indexed: Bool) throws {
        let mapping = FieldMapping(
            id: try JMESPathExpression("a || b"),
            timestamp: try JMESPathExpression("t"),
            key: try JMESPathExpression("length(k)")
        )
        let long = String(repeating: "x", count: 2000)
        let huge = String(repeating: "\\n", count: 50_000)
        let text = """
            {"a":"1","t":1,"k":"xyz"}
            {"t":1,"k":"x"}
            {"a":{},"t":1,"k":"x"}
            {"a":"2","t":1,"k":5}
            {"a":"3","t":"no","k":"x"}
            {"a":"4","t":1,"k":"x"
            {"a":"\(long)","t":1,"k":"x"}
            {"a":"\(huge)","t":1,"k":"x"}
            {"b":"5","t":2,"k":"\\u0041"}
            """
        let parsed = try parser(mapping).parse(LineBlock(text), indexed: indexed)
        #expect(
            parsed.complaints == [
                "2: expression `a || b` is null",
                "3: expression `a || b` is null",
                "4: expression `length(k)`: length() takes an array, an object or a string as argument 1; "
                    + "this is a number",
                "5: timestamp `no` is not RFC 3339",
                "6:23: line ends before its value does",
                "7: id is longer than 1024 bytes",
                "8: id is longer than 1024 bytes",
            ]
        )
        #expect(parsed.idTexts == ["1", "5"])
        #expect(parsed.timestamps == [1_000_000, 2_000_000])
        #expect(parsed.keyTexts == ["3", "1"])
    }

    @Test("an expression and the path that it amounts to find the same", arguments: 0..<10 as Range<UInt64>)
    func agrees(seed: UInt64) throws {
        var random = RandomJSON(seed: 3000 + seed)
        let lines = (0..<300)
            .map { _ in
                let names = ["a", "a", "b", "c"]
                func members(_ random: inout RandomJSON) -> [(name: String, value: String)] {
                    (0..<Int.random(in: 0..<4, using: &random.generator))
                        .map { _ in
                            let name = names.randomElement(using: &random.generator) ?? "a"
                            return (name, random.value(depth: 3))
                        }
                }
                var outer = members(&random)
                for place in outer.indices where Bool.random(using: &random.generator) {
                    outer[place].value = random.object(members: members(&random))
                }
                return random.object(members: outer)
            }
        let block = LineBlock(lines.joined(separator: "\n"))
        for path in ["a", "a.b", "a.a", "b[1]", "c[0].a"] {
            let plain = FieldMapping(key: try JMESPathExpression(path))
            let other = FieldMapping(key: try JMESPathExpression("[\(path)] | [0]"))
            #expect(plain.key?.plainPath != nil)
            #expect(other.key?.plainPath == nil)
            for indexed in bothWays {
                let fast = try parser(plain).parse(block, indexed: indexed)
                let slow = try parser(other).parse(block, indexed: indexed)
                #expect(fast.lineIndexes == slow.lineIndexes, "seed \(3000 + seed), \(path)")
                // Numbers are written anew where they are evaluated.
                for (left, right) in zip(fast.keyTexts, slow.keyTexts) where left != right {
                    #expect(left.flatMap(Double.init) == right.flatMap(Double.init), "seed \(3000 + seed), \(path)")
                    #expect(left.flatMap(Double.init) != nil, "seed \(3000 + seed), \(path)")
                }
            }
        }
    }
}
