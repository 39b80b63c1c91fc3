import Foundation
import Testing
import TextEncoding

@Suite("Bytes as text")
struct TextEncodingTests {
    @Test("Base 64 is what Foundation writes, and is read as it was written")
    func base64() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 97 &+ count) }
            let text = Data(bytes).base64EncodedString()
            #expect(Base64.encode(bytes) == text)
            let url = text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            #expect(Base64.encode(bytes, forURL: true) == url)
            #expect(Base64.decode(text) == bytes)
            #expect(Base64.decode(url) == bytes)
        }
        for text in ["A", "AB=C", "A*==", "====A"] { #expect(Base64.decode(text) == nil) }
    }

    @Test("A text behind others is encoded as one alone")
    func appending() {
        var bytes = Array("x".utf8)
        for payload in [[UInt8](), [0xFF], [1, 2], [1, 2, 3], [0, 0, 0, 0]] {
            bytes = Array("x".utf8)
            unsafe payload.withUnsafeBytes { unsafe Base64.append($0, to: &bytes) }
            #expect(String(decoding: bytes, as: UTF8.self) == "x" + Data(payload).base64EncodedString())
        }
        JSONString.append("\n", to: &bytes)
        #expect(bytes.suffix(4) == Array("\"\\n\"".utf8)[...])
    }

    @Test("A JSON string is read by Foundation as it was, wherever in it there is something to escape")
    func jsonStrings() throws {
        let odd = (0...0x80).compactMap(Unicode.Scalar.init).map { String($0) } + ["é", "\u{2028}", "🎉"]
        for one in odd {
            for text in [one, "a" + one, one + "b", "a" + one + one + "b", "\"" + one + "\\"] {
                let json = JSONString.quoted(text)
                let read = try JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
                // Foundation's `==` of texts would take equivalent ones for equal.
                #expect((read as? String).map { Array($0.utf8) } == Array(text.utf8), "\(json)")
                #expect(json.utf8.allSatisfy { $0 >= 0x20 })
            }
        }
        #expect(JSONString.quoted("") == "\"\"")
        #expect(JSONString.quoted("a\"\\\r\t\u{1}\u{1F}é") == #""a\"\\\r\t\u0001\u001fé""#)
    }

    @Test("JSON comes onto one line as it was, with spaces for line breaks, behind what is there")
    func ndjson() {
        for filler in ["", "x", "\t", "é", "\u{10FFFF}", "\u{7F}"] {
            for length in [0, 1, 3, 7, 8, 9, 15, 16, 17, 33] {
                let json = Array((filler + String(repeating: "a", count: length) + filler).utf8)
                for place in 0...json.count {
                    for (inserted, line) in [("", ""), ("\n", " "), ("\r", " "), ("\r\n", "  "), ("\u{E}", "\u{E}")] {
                        var text = json
                        text.insert(contentsOf: inserted.utf8, at: place)
                        var expected = Array("\r\n".utf8) + json
                        expected.insert(contentsOf: line.utf8, at: place + 2)
                        var bytes = Array("\r\n".utf8)
                        unsafe text.withUnsafeBytes { unsafe NDJSON.append($0, to: &bytes) }
                        #expect(bytes == expected)
                    }
                }
            }
        }
    }

    @Test("JSON on a line is read as what it was made of, and leaves out what is not there")
    func jsonLines() throws {
        let line = JSONLine.object([
            ("a\"", JSONLine.array(["1", JSONLine.object([:])])), ("none", nil),
            ("b", JSONLine.object(["y": "\n", "x": "é"])),
        ])
        #expect(line == #"{"a\"":[1,{}],"b":{"x":"é","y":"\n"}}"#)
        #expect(JSONLine.array([]) == "[]")
        #expect(try JSONValue.parse(line)["b"]?["y"]?.text == "\n")
    }

    @Test("days are those of Foundation's calendar, and come back from their numbers")
    func days() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        // Foundation has the Julian calendar before 1582.
        for days in Array(stride(from: -140_000, to: 900_000, by: 991)) + Array(-800..<800) {
            let date = CivilDate(days: days)
            let parts = calendar.dateComponents(
                [.year, .month, .day],
                from: Date(timeIntervalSince1970: Double(days) * 86_400)
            )
            #expect(date.year == parts.year && date.month == parts.month && date.day == parts.day, "\(days)")
            #expect(date.days == days)
        }
        for days in [-106_751_991, -719_529, -719_528, -719_469, -719_468, 106_751_991] {
            #expect(CivilDate(days: days).days == days)
        }
        #expect(CivilDate(days: -719_528) == CivilDate(year: 0, month: 1, day: 1))
    }
}
