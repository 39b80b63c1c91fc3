import Foundation
import ObjectStorageTesting
import Testing

@testable import DeltaLake

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
        let value = try JSONParser.parse(text)
        #expect(String(decoding: value.serialized, as: UTF8.self) == expected)
        #expect(try JSONParser.parse(value.serialized[...]) == value)
    }

    @Test(
        "what is no JSON is refused, with the place",
        arguments: [
            "", " ", "{", "[", "[1,]", "{,}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{a:1}"#, "[1 2]", "01", "1.", ".5",
            "1e", "+1", "-", "tru", "nul", "True", "NaN", #"""#, #""\x""#, #""\u12"#, #""\ud800""#, #""\ud800\u0041""#,
            #""\udc00""#, "\"\u{1}\"", "1 1", "{} x", #"{"a":1,"a":2}"#, String(repeating: "[", count: 100_000),
            String(repeating: "9", count: 65),
        ]
    )
    func refused(text: String) {
        let failure = #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(text) }
        if let failure { #expect(0...text.utf8.count ~= failure.offset) }
    }

    @Test("text that is no UTF-8 is refused")
    func notUTF8() {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] {
            #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(bytes[...]) }
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
            let ours = try? JSONParser.parse(bytes[...])
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
