import CChecksum
import CloudSupport
import Foundation
import Testing

@Suite("Bytes and texts as clouds write them")
struct TextTests {
    @Test("CRC-32C of the vectors of RFC 3720, with and without the processor's instruction")
    func checksumVectors() {
        let vectors: [([UInt8], UInt32)] = [
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Array(0..<32), 0x46DD_794E), (Array((0..<32).reversed()), 0x113F_DB5C),
            (Array("123456789".utf8), 0xE306_9283),
            ([], 0),
        ]
        for (bytes, wanted) in vectors {
            #expect(CRC32C(of: bytes).value == wanted)
            #expect(portable(bytes) == wanted)
        }
        #expect(CRC32C(of: Array("123456789".utf8)).base64 == "4waSgw==")
    }

    private func portable(_ bytes: [UInt8]) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe hw_crc32c_portable(0, $0.baseAddress, $0.count) }
    }

    @Test("A checksum is put together from those of parts", arguments: [0, 1, 7, 8, 1000, 70_001])
    func checksumParts(cut: Int) {
        let bytes = (0..<70_001).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 7) }
        var whole = CRC32C(of: bytes[..<cut])
        whole.add(CRC32C(of: bytes[cut...]), count: UInt64(bytes.count - cut))
        #expect(whole == CRC32C(of: bytes))
        #expect(portable(bytes) == whole.value)
    }

    @Test(
        "Times are those of Foundation",
        arguments: [0, 1_440_938_160, 951_782_400, 4_102_444_799, -86_401, 1_709_164_800]
    )
    func times(second: Int64) throws {
        let time = second * 1_000_000
        let date = Date(timeIntervalSince1970: TimeInterval(second))
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        #expect(UTCTime.http(time) == formatter.string(from: date))
        #expect(UTCTime.parseHTTP(UTCTime.http(time)) == time)
        #expect(UTCTime.parseISO(UTCTime.extended(time)) == time)
        #expect(UTCTime.extended(time) == ISO8601DateFormatter().string(from: date))
    }

    @Test("Fractions and offsets of times count")
    func fractions() {
        #expect(
            UTCTime.parseISO("2009-10-12T17:50:30.123Z")
                == UTCTime.parseISO("2009-10-12T17:50:30Z").map { $0 + 123_000 }
        )
        #expect(UTCTime.parseISO("2009-10-12T19:50:30+02:00") == UTCTime.parseISO("2009-10-12T17:50:30Z"))
        for text in ["", "2009-10-12", "2009-13-12T17:50:30Z", "2009-10-12T17:50:30", "x009-10-12T17:50:30Z"] {
            #expect(UTCTime.parseISO(text) == nil)
        }
        #expect(UTCTime.parseHTTP("Sun, 30 Foo 2015 12:36:00 GMT") == nil)
    }

    @Test("Percent-encoding is undone, and refuses what is none")
    func percent() {
        let text = "a b/ü+%🎉~-._"
        #expect(PercentEncoding.encode(text) == "a%20b%2F%C3%BC%2B%25%F0%9F%8E%89~-._")
        #expect(PercentEncoding.decode(PercentEncoding.encode(text, keepsSlash: true)) == text)
        #expect(PercentEncoding.decode("a+b%2B", plusIsSpace: true) == "a b+")
        for bad in ["%", "%2", "%zz", "%FF"] { #expect(PercentEncoding.decode(bad) == nil) }
    }

    @Test("XML is read with its references, and refused when it is not well-formed")
    func xml() throws {
        let text = """
            <?xml version="1.0"?><!-- x > y --><s:Root xmlns:s="u>v"><a>1 &lt;&#x1F389;&#65;</a><b/><a><![CDATA[<&>]]></a></s:Root>
            """
        let root = try XMLElement.parse(Array(text.utf8))
        #expect(root.name == "Root")
        #expect(root.all("a").map(\.text) == ["1 <🎉A", "<&>"])
        #expect(root["b"] == "")
        #expect(try XMLElement.parse(Array("<k>\(XMLElement.escape("a<b>&\"c\r"))</k>".utf8)).text == "a<b>&\"c\r")
        for bad in [
            "", "<a>", "<a></b>", "<a>&x;</a>", "<!DOCTYPE a [<!ENTITY x \"y\">]><a/>", "<a", "</a>", "<>", "<a>&</a>",
        ] {
            #expect(throws: XMLReader.Failure.self) { try XMLElement.parse(Array(bad.utf8)) }
        }
        let deep = String(repeating: "<a>", count: 100_000)
        #expect(throws: XMLReader.Failure.self) { try XMLElement.parse(Array(deep.utf8)) }
    }
}
