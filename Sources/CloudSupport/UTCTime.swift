internal import TextEncoding

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Times as clouds write them, in microseconds since 1970 UTC.
package enum UTCTime {
    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Now, by the clock of this machine.
    package static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// `20150830T123600Z`, ISO 8601's basic format.
    package static func basic(_ time: Int64) -> String {
        let (year, month, day, second) = civil(time)
        return padded(year, 4) + padded(month, 2) + padded(day, 2) + "T" + padded(second / 3600, 2)
            + padded(second / 60 % 60, 2) + padded(second % 60, 2) + "Z"
    }

    /// `2015-08-30T12:36:00Z`.
    package static func extended(_ time: Int64) -> String {
        let (year, month, day, second) = civil(time)
        return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) + "T" + padded(second / 3600, 2) + ":"
            + padded(second / 60 % 60, 2) + ":" + padded(second % 60, 2) + "Z"
    }

    /// `Sun, 30 Aug 2015 12:36:00 GMT`, the form of RFC 9110 section 5.6.7.
    package static func http(_ time: Int64) -> String {
        let (year, month, day, second) = civil(time)
        let number = floorDivide(time, 86_400_000_000)
        // 1970-01-01 was a Thursday.
        let weekday = Int(((number + 3) % 7 + 7) % 7)
        return days[weekday] + ", " + padded(day, 2) + " " + months[month - 1] + " " + padded(year, 4) + " "
            + padded(second / 3600, 2) + ":" + padded(second / 60 % 60, 2) + ":" + padded(second % 60, 2) + " GMT"
    }

    /// Reads what ``http(_:)`` writes; `nil` for anything else.
    package static func parseHTTP(_ text: some StringProtocol) -> Int64? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, let day = Int(parts[1]), let month = months.firstIndex(of: String(parts[2])),
            let year = Int(parts[3])
        else { return nil }
        let clock = parts[4].split(separator: ":").map { Int($0) }
        guard clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2] else { return nil }
        return time(year, month + 1, day, hour, minute, second)
    }

    /// Reads `2015-08-30T12:36:00[.123456]` with `Z` or an offset behind it; `nil` for anything else.
    package static func parseISO(_ text: some StringProtocol) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":")
        else { return nil }
        func number(_ start: Int, _ count: Int) -> Int? {
            guard start + count <= bytes.count else { return nil }
            return Int(String(decoding: bytes[start..<start + count], as: UTF8.self))
        }
        guard let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
            let minute = number(14, 2), let second = number(17, 2)
        else { return nil }
        guard let whole = time(year, month, day, hour, minute, second) else { return nil }
        var index = 19
        var fraction: Int64 = 0
        if bytes[index] == UInt8(ascii: ".") {
            index += 1
            var unit: Int64 = 100_000
            while index < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) {
                fraction += Int64(bytes[index] - UInt8(ascii: "0")) * unit
                unit /= 10
                index += 1
            }
        }
        guard index < bytes.count else { return nil }
        switch bytes[index] {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"): return whole + fraction
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            guard let hours = number(index + 1, 2), let minutes = number(index + 4, 2) else { return nil }
            let offset = Int64(hours * 60 + minutes) * 60_000_000
            return whole + fraction - (bytes[index] == UInt8(ascii: "+") ? offset : -offset)
        default: return nil
        }
    }

    private static func time(_ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int) -> Int64?
    {
        guard (0...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
            (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        let days = Int64(CivilDate(year: year, month: month, day: day).days)
        return (days * 86_400 + Int64(hour * 3600 + minute * 60 + second)) * 1_000_000
    }

    private static func civil(_ time: Int64) -> (year: Int, month: Int, day: Int, second: Int) {
        let days = floorDivide(time, 86_400_000_000)
        let second = Int((time - days * 86_400_000_000) / 1_000_000)
        let date = CivilDate(days: Int(days))
        return (date.year, date.month, date.day, second)
    }

    private static func floorDivide(_ value: Int64, _ by: Int64) -> Int64 {
        value >= 0 ? value / by : -((-value + by - 1) / by)
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
