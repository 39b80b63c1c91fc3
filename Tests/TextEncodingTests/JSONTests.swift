import Foundation
import ObjectStorageTesting
import Testing
import TextEncoding

/// JSON there and back, and what is refused.
@Suite struct JSONTests {
    @Test(
        "a document comes back with its members by name",
        arguments: [
            (
                #" { "b" : [ 1 , -2.50e+3 , true , false , null , "x" ] , "a" : { } } "#,
                #"{"a":{},"b":[1,-2.50e+3,true,false,null,"x"]}"#
            ),
            ("[]", "[]"), ("-0", "-0"), ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808", "9223372036854775808"),
            (
                #""\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\""#,
                #""é😀/\u0008\u000c\n\r\t\"\\""#
            ),
            (#""\u0000""#, #""\u0000""#),
        ]
    )
    func comesBack(text: String, expected: String) throws {
        let value = try JSONValue.parse(text)
        #expect(String(decoding: value.serialized, as: UTF8.self) == expected)
        #expect(try JSONValue.parse(value.serialized[...]) == value)
    }

    @Test("a string comes back wherever in it there is something to undo")
    func strings() throws {
        for piece in [#"\n"#, #"\""#, #"\\"#, #"\u00fc"#, #"\ud83c\udf89"#, "é", ""] {
            for text in [
                "", "a", "ab\(piece)c", piece + piece, "\(piece)a\(piece)", String(repeating: "x", count: 100),
            ] {
                let json = Array("[\"\(text)\(piece)\"]".utf8)
                let read = try JSONSerialization.jsonObject(with: Data(json)) as? [String]
                let ours = try JSONValue.parse(json).elements.map(\.text)
                // `==` of texts would take equivalent ones for equal.
                #expect(ours.first??.utf8.elementsEqual(read?.first?.utf8 ?? "?".utf8) == true, "\(text)")
                // A slice is read from where it begins.
                #expect(try JSONValue.parse((Array("\"\\".utf8) + json).dropFirst(2)).elements.map(\.text) == ours)
            }
        }
    }

    @Test("a byte that does not stand for itself is found wherever in a string it is")
    func specials() throws {
        for count in 0..<20 {
            for place in 0...count {
                for (scalar, isAllowed) in [
                    ("\u{1}", false), ("\u{1F}", false), (" ", true), ("\u{7F}", true), ("é", true),
                ] {
                    var text = String(repeating: "\u{21}", count: place) + scalar
                    text += String(repeating: "ÿ", count: count - place)
                    let value = try? JSONValue.parse("\"\(text)\"")
                    #expect(value == (isAllowed ? .string(text) : nil))
                }
            }
            #expect(throws: JSONValue.Failure.self) { try JSONValue.parse("\"" + String(repeating: "a", count: count)) }
        }
    }

    @Test("values are asked for by kind, and what is of another kind is none")
    func kinds() throws {
        let value = try JSONValue.parse(
            #" {"a": [1, "-2", 2.5, -1e2, 9223372036854775808, "x", "", true, null], "b": {"c": "d"}} "#
        )
        let elements = try #require(value["a"]).elements
        #expect(elements.map(\.integer) == [1, -2, nil, nil, nil, nil, nil, nil, nil])
        #expect(elements.map(\.double) == [1, nil, 2.5, -100, 9_223_372_036_854_775_808, nil, nil, nil, nil])
        #expect(elements.map(\.text) == [nil, "-2", nil, nil, nil, "x", "", nil, nil])
        #expect(value["b"]?["c"]?.text == "d" && value["b"]?.members == ["c": .string("d")])
        #expect(value["c"] == nil && value["a"]?["b"] == nil)
        #expect(value.elements.isEmpty && value["a"]?.members.isEmpty == true)
    }

    @Test(
        "what is no JSON is refused, with the place",
        arguments: [
            "", " ", "{", "[", "[1,]", "{,}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{a:1}"#, "[1 2]", "01", "1.", ".5",
            "1e", "+1", "-", "tru", "nul", "True", "NaN", #"""#, #""\x""#, #""\u12"#, #""\ud800""#, #""\ud800\u0041""#,
            #""\udc00""#, #""\u12g4""#, "\"\u{1}\"", "1 1", "{} x", #"{"a":1,"a":2}"#,
            String(repeating: "[", count: 100_000),
            String(repeating: "9", count: 65),
        ]
    )
    func refused(text: String) {
        let failure = #expect(throws: JSONValue.Failure.self) { try JSONValue.parse(text) }
        guard let failure else { return }
        #expect(0...text.utf8.count ~= failure.offset)
        #expect("\(failure)" == "it is no JSON from byte \(failure.offset) on: \(failure.reason)")
    }

    @Test("text that is no UTF-8 is refused")
    func notUTF8() {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] {
            #expect(throws: JSONValue.Failure.self) { try JSONValue.parse(bytes) }
        }
    }

    @Test("on documents with random damage we agree with Foundation, but for what we refuse on purpose")
    func agreesWithFoundation() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        let sound = Array(#"{"a":[1,2.5,-3e2,"x\n\u00e9",true,null],"b":{"c":"d","e":[]},"f":0}"#.utf8)
        var agreed = 0
        for round in 0..<3000 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = sound.randomElement(using: &random) ?? 0
            }
            let ours = try? JSONValue.parse(bytes)
            let theirs = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            // A name that stands twice is fine with Foundation.
            if ours != nil {
                #expect(theirs != nil, "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self))")
            }
            if (ours == nil) == (theirs == nil) { agreed += 1 }
        }
        #expect(agreed > 2700, "seed \(seed)")
    }
}
