/// Microseconds since 1970 UTC of an RFC 3339 date-time, or of a date alone (its first moment in UTC).
///
/// `T` may be a space, no offset means UTC, what is finer than a microsecond is cut off, and a leap second is the second
/// after it.
///
/// - Returns: `nil` when the text is none, or names no real day or time.
/// - Complexity: O(n), without allocation.
func parseRFC3339(_ text: UnsafeRawBufferPointer) -> Int64? {
    func number(at start: Int, digits: Int) -> Int? {
        guard start + digits <= text.count else { return nil }
        var value = 0
        for position in start..<(start + digits) {
            let digit = unsafe Int(text[position]) - 48
            guard digit >= 0, digit <= 9 else { return nil }
            value = value * 10 + digit
        }
        return value
    }
    func byte(_ position: Int) -> UInt8 { position < text.count ? unsafe text[position] : 0 }

    guard let year = number(at: 0, digits: 4), byte(4) == UInt8(ascii: "-"), let month = number(at: 5, digits: 2),
        byte(7) == UInt8(ascii: "-"), let day = number(at: 8, digits: 2), month >= 1, month <= 12, day >= 1
    else { return nil }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let longest = month == 2 ? (isLeap ? 29 : 28) : (month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31)
    guard day <= longest else { return nil }
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil, with years from 0 on.
    let shifted = (month <= 2 ? year - 1 : year) + 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468 - 146_097
    var microseconds = Int64(days) * 86_400_000_000
    if text.count == 10 { return microseconds }

    let separator = byte(10)
    guard separator | 0x20 == UInt8(ascii: "t") || separator == UInt8(ascii: " "),
        let hour = number(at: 11, digits: 2), byte(13) == UInt8(ascii: ":"), let minute = number(at: 14, digits: 2),
        byte(16) == UInt8(ascii: ":"), let second = number(at: 17, digits: 2), hour < 24, minute < 60, second <= 60
    else { return nil }
    microseconds += Int64(hour * 3600 + minute * 60 + second) * 1_000_000
    var position = 19
    if byte(position) == UInt8(ascii: ".") {
        position += 1
        let start = position
        var scale: Int64 = 100_000
        while byte(position) >= 48, byte(position) <= 57 {
            microseconds += Int64(byte(position) - 48) * scale
            scale /= 10
            position += 1
        }
        guard position > start else { return nil }
    }
    if position == text.count { return microseconds }
    let zone = byte(position)
    if zone | 0x20 == UInt8(ascii: "z") { return position + 1 == text.count ? microseconds : nil }
    guard zone == UInt8(ascii: "+") || zone == UInt8(ascii: "-"), position + 6 == text.count,
        let hours = number(at: position + 1, digits: 2), byte(position + 3) == UInt8(ascii: ":"),
        let minutes = number(at: position + 4, digits: 2), hours < 24, minutes < 60
    else { return nil }
    let offset = Int64(hours * 3600 + minutes * 60) * 1_000_000
    return zone == UInt8(ascii: "+") ? microseconds - offset : microseconds + offset
}
