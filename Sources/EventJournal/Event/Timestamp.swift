internal import TextEncoding

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A moment, in microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// The range is that of `Int64`, about 292,000 years to either side; text has four-digit years where they suffice and
/// a sign with as many digits as needed elsewhere.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since 1970 UTC; negative before.
    public var microseconds: Int64

    /// The moment so many microseconds after 1970 UTC.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// The system clock's moment.
    public static var now: Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// The earliest moment there is.
    public static let min = Timestamp(microseconds: .min)
    /// The latest moment there is.
    public static let max = Timestamp(microseconds: .max)

    /// Earlier before later.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }
}

extension Timestamp {
    /// Reads an RFC 3339 date-time, or a date alone (its first moment in UTC).
    ///
    /// Accepted are `2024-03-01`, `2024-03-01T10:20:30Z`, `2024-03-01 10:20:30.123456789+01:00`; `T` and `Z` in either
    /// case, no offset meaning UTC, any number of digits in the fraction (what is finer than a microsecond is cut off),
    /// a leap second (`:60`) as the second after it, and years with a sign and more digits.
    ///
    /// - Returns: `nil` when the text is none of these or names no real day or time.
    /// - Complexity: O(n), without allocation.
    public init?(rfc3339 text: some StringProtocol) {
        var text = String(text)
        let parsed: Int64? = text.withUTF8 { unsafe Timestamp.parse(UnsafeRawBufferPointer($0)) }
        guard let parsed else { return nil }
        self.init(microseconds: parsed)
    }

    /// The same over bytes, for loops over many.
    public static func parse(_ text: UnsafeRawBufferPointer) -> Int64? {
        var scanner = unsafe Scanner(text: text)
        guard let year = scanner.year(), scanner.take("-"), let month = scanner.digits(2), scanner.take("-"),
            let day = scanner.digits(2), (1...12).contains(month), day >= 1, day <= daysIn(month: month, year: year)
        else { return nil }
        var seconds = CivilDate(year: year, month: month, day: day).days * 86_400
        var fraction = 0
        if !scanner.isAtEnd {
            guard scanner.take("T") || scanner.take("t") || scanner.take(" "),
                let hour = scanner.digits(2), scanner.take(":"), let minute = scanner.digits(2), hour < 24, minute < 60
            else { return nil }
            var second = 0
            if scanner.take(":") {
                guard let value = scanner.digits(2), value <= 60 else { return nil }
                second = value
                if scanner.take(".") || scanner.take(",") {
                    guard let value = scanner.fraction() else { return nil }
                    fraction = value
                }
            }
            guard let offset = scanner.offset(), scanner.isAtEnd else { return nil }
            seconds += hour * 3600 + minute * 60 + second - offset
        }
        let (scaled, overflow) = Int64(seconds).multipliedReportingOverflow(by: 1_000_000)
        let (sum, carry) = scaled.addingReportingOverflow(Int64(fraction))
        return overflow || carry ? nil : sum
    }

    /// RFC 3339 in UTC with six digits of fraction: `2024-03-01T10:20:30.123456Z`.
    public var rfc3339: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes ``rfc3339`` at the end of a buffer, without allocation beyond the buffer's growth.
    public func append(to bytes: inout [UInt8]) {
        let (day, time) = Timestamp.floorDivide(microseconds, 86_400_000_000)
        let date = CivilDate(days: Int(day))
        if (0...9999).contains(date.year) {
            bytes.append(decimal: date.year, width: 4)
        } else {
            bytes.append(UInt8(ascii: date.year < 0 ? "-" : "+"))
            bytes.append(decimal: abs(date.year), width: 6)
        }
        bytes.append(UInt8(ascii: "-"))
        bytes.append(decimal: date.month, width: 2)
        bytes.append(UInt8(ascii: "-"))
        bytes.append(decimal: date.day, width: 2)
        bytes.append(UInt8(ascii: "T"))
        let seconds = Int(time / 1_000_000)
        bytes.append(decimal: seconds / 3600, width: 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(decimal: seconds / 60 % 60, width: 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(decimal: seconds % 60, width: 2)
        bytes.append(UInt8(ascii: "."))
        bytes.append(decimal: Int(time % 1_000_000), width: 6)
        bytes.append(UInt8(ascii: "Z"))
    }

    private static func floorDivide(_ value: Int64, _ by: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: by)
        return remainder < 0 ? (quotient - 1, remainder + by) : (quotient, remainder)
    }

    private static func daysIn(month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Takes an RFC 3339 text apart, left to right.
///
/// Every access is checked against the length; the text outlives the scanner, which never leaves `Timestamp.parse`.
@safe private struct Scanner {
    let text: UnsafeRawBufferPointer
    var position = 0

    init(text: UnsafeRawBufferPointer) { unsafe self.text = text }

    var isAtEnd: Bool { unsafe position == text.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard unsafe position < text.count, unsafe text[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func digit() -> Int? {
        guard unsafe position < text.count else { return nil }
        let value = unsafe Int(text[position]) - 48
        guard (0...9).contains(value) else { return nil }
        position += 1
        return value
    }

    mutating func digits(_ count: Int) -> Int? {
        var value = 0
        for _ in 0..<count {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// Four digits, or a sign and four to seven.
    mutating func year() -> Int? {
        let negative = take("-")
        guard negative || take("+") else { return digits(4) }
        guard var value = digits(4) else { return nil }
        for _ in 0..<3 {
            guard let digit = digit() else { break }
            value = value * 10 + digit
        }
        return negative ? -value : value
    }

    /// At least one digit; the first six count.
    mutating func fraction() -> Int? {
        guard var value = digit() else { return nil }
        var scale = 1
        while let digit = digit() {
            if scale < 6 {
                value = value * 10 + digit
                scale += 1
            }
        }
        while scale < 6 {
            value *= 10
            scale += 1
        }
        return value
    }

    /// Seconds east of UTC; 0 when there is no offset.
    mutating func offset() -> Int? {
        if isAtEnd || take("Z") || take("z") { return 0 }
        let west = take("-")
        guard west || take("+"), let hours = digits(2) else { return nil }
        _ = take(":")
        guard let minutes = digits(2), hours < 24, minutes < 60 else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return west ? -seconds : seconds
    }
}

extension [UInt8] {
    /// Appends a number with leading zeros up to `width`.
    fileprivate mutating func append(decimal value: Int, width: Int) {
        var divisor = 1
        for _ in 1..<width { divisor *= 10 }
        while value / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(48 + value / divisor % 10))
            divisor /= 10
        }
    }
}
