import Foundation
import Testing

@testable import EventImport

@Suite("Times of events")
struct TimestampFieldTests {
    private func read(_ text: String, isNumber: Bool, _ unit: TimestampUnit) -> TimestampField.Result {
        unsafe Array(text.utf8).withUnsafeBytes { unsafe TimestampField.read($0, isNumber: isNumber, unit: unit) }
    }

    @Test(
        "texts of RFC 3339",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01", 0), ("1969-12-31T23:59:59.999999Z", -1),
            ("2024-03-01T00:00:00.641588Z", 1_709_251_200_641_588),
            ("2024-03-01 00:00:00.641588", 1_709_251_200_641_588),
            ("2024-03-01t01:30:00.641588999+01:30", 1_709_251_200_641_588),
            ("2024-02-29T22:30:00.6-01:30", 1_709_251_200_600_000), ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000), ("9999-12-31T23:59:59z", 253_402_300_799_000_000),
            ("2000-02-29", 951_782_400_000_000),
        ] as [(String, Int64)]
    )
    func readsText(text: String, microseconds: Int64) {
        #expect(read(text, isNumber: false, .automatic) == .value(microseconds))
        #expect(read(text, isNumber: false, .rfc3339) == .value(microseconds))
    }

    @Test(
        "texts that are not",
        arguments: [
            "", "2024", "2024-1-1", "2024-13-01", "2024-00-01", "2024-02-30", "2023-02-29", "1900-02-29", "2024-01-00",
            "2024-01-01T", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:61Z",
            "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+", "2024-01-01T00:00:00+25:00", "2024-01-01T00:00:00Zx",
            "2024-01-01x00:00:00Z", " 2024-01-01", "1700000000", "٢٠٢٤-01-01",
        ]
    )
    func refusesText(text: String) {
        #expect(read(text, isNumber: false, .automatic) == .fault(.notRFC3339))
    }

    @Test("all days of 400 years, as Foundation has them")
    func agreesWithFoundation() throws {
        let formatter = ISO8601DateFormatter()
        for day in stride(from: -60_000, to: 90_000, by: 7) {
            let text = formatter.string(from: Date(timeIntervalSince1970: Double(day) * 86_400 + 3_661))
            #expect(
                read(text, isNumber: false, .rfc3339) == .value((Int64(day) * 86_400 + 3_661) * 1_000_000),
                "\(text)"
            )
        }
    }

    @Test(
        "numbers, exact to the microsecond",
        arguments: [
            ("0", .automatic, 0), ("-0", .seconds, 0), ("1709251200.641588", .automatic, 1_709_251_200_641_588),
            ("1709251200.6415889", .seconds, 1_709_251_200_641_588), ("-0.0000001", .seconds, -1),
            ("-1.5", .seconds, -1_500_000), ("1.7092512e9", .seconds, 1_709_251_200_000_000),
            ("17092512E+2", .seconds, 1_709_251_200_000_000), ("1709251200641", .milliseconds, 1_709_251_200_641_000),
            ("1709251200641.588", .milliseconds, 1_709_251_200_641_588),
            ("1709251200641588", .microseconds, 1_709_251_200_641_588),
            ("1709251200641588999", .nanoseconds, 1_709_251_200_641_588), ("-1", .nanoseconds, -1),
            ("9223372036854775807", .microseconds, .max), ("9223372036854775807000", .nanoseconds, .max),
            ("0.00000000000000000000000000001e30", .seconds, 10_000_000), ("0e999999999999", .seconds, 0),
            ("1e-999999999999", .seconds, 0),
        ] as [(String, TimestampUnit, Int64)]
    )
    func readsNumbers(text: String, unit: TimestampUnit, microseconds: Int64) {
        #expect(read(text, isNumber: true, unit) == .value(microseconds))
        if unit != .automatic { #expect(read(text, isNumber: false, unit) == .value(microseconds)) }
    }

    @Test("numbers that will not do")
    func refusesNumbers() {
        #expect(read("253402300799.9", isNumber: true, .automatic) == .value(253_402_300_799_900_000))
        #expect(read("253402300800", isNumber: true, .automatic) == .fault(.notSeconds))
        #expect(read("1e400", isNumber: true, .automatic) == .fault(.notSeconds))
        #expect(read("9223372036854775808", isNumber: true, .microseconds) == .fault(.outOfRange))
        #expect(read("-9223372036854775808", isNumber: true, .microseconds) == .fault(.outOfRange))
        #expect(read("1e30", isNumber: true, .seconds) == .fault(.outOfRange))
        #expect(read("1", isNumber: true, .rfc3339) == .fault(.wrongKind))
        for text in ["", "x", "1x", "-", "1.", ".5", "1e", "0x1", " 1", "2024-01-01"] {
            #expect(read(text, isNumber: false, .seconds) == .fault(.notNumber), "\(text)")
        }
    }
}
