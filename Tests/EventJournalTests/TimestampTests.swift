import EventJournal
import Foundation
import Testing

@Suite("Timestamp")
struct TimestampTests {
    @Test(
        "reads RFC 3339 and plain dates",
        arguments: [
            ("1970-01-01", 0), ("1970-01-01T00:00:00Z", 0), ("1970-01-01t00:00:01z", 1_000_000),
            ("2009-03-22T10:30:00+01:00", 1_237_714_200_000_000), ("2009-03-22 09:30:00", 1_237_714_200_000_000),
            ("2024-02-29T23:59:59.999999Z", 1_709_251_199_999_999), ("1969-12-31T23:59:59.5Z", -500_000),
            ("2024-03-01T00:00:00.1234567899Z", 1_709_251_200_123_456),
            ("2024-03-01T05:30+05:30", 1_709_251_200_000_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000_000), ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000), ("2024-03-01T00:00:00-0800", 1_709_280_000_000_000),
            ("+010000-01-01T00:00:00Z", 253_402_300_800_000_000), ("-000001-01-01", -62_198_755_200_000_000),
        ]
    )
    func reads(text: String, microseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
    }

    @Test(
        "refuses what is no moment",
        arguments: [
            "", "2024", "2024-13-01", "2024-02-30", "2023-02-29", "1900-02-29", "2024-03-01T24:00:00Z", "2024-03-01T",
            "2024-03-01T10:60:00Z", "2024-03-01T10:00:61Z", "2024-03-01T10:00:00.Z", "2024-03-01T10:00:00Zx",
            "2024-03-01T10:00:00+25:00", "2024-3-1", "yesterday", "2024-03-01T10:00:00+1", "２０２４-03-01", "2024-00-10",
        ]
    )
    func refuses(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("writes what it reads, over the whole range", arguments: [1, 2, 3] as [UInt64])
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let bits = Int.random(in: 1...63, using: &random)
            let value = Int64(truncatingIfNeeded: random.next()) >> Int64(64 - bits - 1)
            let timestamp = Timestamp(microseconds: value)
            #expect(Timestamp(rfc3339: timestamp.rfc3339) == timestamp, "seed \(seed): \(value) \(timestamp.rfc3339)")
        }
    }

    @Test("agrees with Foundation on the calendar")
    func calendar() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            // Foundation switches to the Julian calendar before 1582.
            let second = Int64.random(in: -12_000_000_000...250_000_000_000, using: &random)
            let parts = calendar.dateComponents(
                [.year, .month, .day, .hour, .minute, .second],
                from: Date(timeIntervalSince1970: Double(second))
            )
            let expected = try String(
                format: "%04d-%02d-%02dT%02d:%02d:%02d.000000Z",
                #require(parts.year),
                #require(parts.month),
                #require(parts.day),
                #require(parts.hour),
                #require(parts.minute),
                #require(parts.second)
            )
            #expect(Timestamp(microseconds: second * 1_000_000).rfc3339 == expected)
        }
    }
}
