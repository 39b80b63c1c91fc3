internal import EventJournal

/// Moments as flash-flood writes them: `%Y-%m-%dT%H%M%S.%fZ` in the words of Python's `strftime`, UTC.
enum FloodTime {
    /// The first moment that can be written: year 1, where Python's calendar begins.
    static let first: Int64 = -62_135_596_800_000_000
    /// The last one: a microsecond before the year 10000.
    static let last: Int64 = 253_402_300_799_999_999

    /// Reads `2024-03-01T102030.123456Z`; the fraction has one to six digits, the year one to four.
    ///
    /// Python writes years before 1000 without their zeros.
    ///
    /// - Returns: Microseconds since 1970, or `nil` when the text is something else.
    static func parse(_ text: ArraySlice<UInt8>) -> Int64? {
        guard let dash = text.firstIndex(of: UInt8(ascii: "-")), (1...4).contains(dash - text.startIndex),
            text.last == UInt8(ascii: "Z")
        else { return nil }
        var whole = [UInt8](repeating: UInt8(ascii: "0"), count: 4 - (dash - text.startIndex))
        whole.reserveCapacity(32)
        whole += text
        // YYYY-MM-DDTHHMMSS.f…Z becomes what RFC 3339 has.
        guard (20...25).contains(whole.count), whole[10] == UInt8(ascii: "T"), whole[17] == UInt8(ascii: ".") else {
            return nil
        }
        whole.insert(UInt8(ascii: ":"), at: 15)
        whole.insert(UInt8(ascii: ":"), at: 13)
        return unsafe whole.withUnsafeBytes { unsafe Timestamp.parse($0) }
    }

    static func parse(_ text: some StringProtocol) -> Int64? { parse(Array(text.utf8)[...]) }

    /// Writes a moment from ``first`` to ``last``: 25 bytes.
    static func append(_ microseconds: Int64, to bytes: inout [UInt8]) {
        let start = bytes.count
        Timestamp(microseconds: microseconds).append(to: &bytes)
        bytes.remove(at: start + 16)
        bytes.remove(at: start + 13)
    }

    static func text(_ microseconds: Int64) -> String {
        var bytes: [UInt8] = []
        append(microseconds, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
