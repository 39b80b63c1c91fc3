extension Arena {
    /// A time in microseconds since 1970 UTC as RFC 3339 text with six digits of fraction.
    ///
    /// Years beyond four digits get a sign and six (ISO 8601, expanded representation), as journals write them.
    func rfc3339(_ microseconds: Int64) -> Text {
        var (day, time) = microseconds.quotientAndRemainder(dividingBy: 86_400_000_000)
        if time < 0 {
            day -= 1
            time += 86_400_000_000
        }
        let (year, month, dayOfMonth) = Arena.civil(days: Int(day))
        let start = unsafe text(34)
        var at = 0
        func put(_ byte: UInt8) {
            unsafe start[at] = byte
            at += 1
        }
        func put(_ number: Int, width: Int) {
            var place = 1
            for _ in 1..<width { place *= 10 }
            while place > 0 {
                put(UInt8(ascii: "0") + UInt8(number / place % 10))
                place /= 10
            }
        }
        if 0...9999 ~= year {
            put(year, width: 4)
        } else {
            put(year < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
            put(abs(year), width: 6)
        }
        put(UInt8(ascii: "-"))
        put(month, width: 2)
        put(UInt8(ascii: "-"))
        put(dayOfMonth, width: 2)
        put(UInt8(ascii: "T"))
        let seconds = Int(time / 1_000_000)
        put(seconds / 3600, width: 2)
        put(UInt8(ascii: ":"))
        put(seconds / 60 % 60, width: 2)
        put(UInt8(ascii: ":"))
        put(seconds % 60, width: 2)
        put(UInt8(ascii: "."))
        put(Int(time % 1_000_000), width: 6)
        put(UInt8(ascii: "Z"))
        return unsafe Text(start, at)
    }

    /// The day of the proleptic Gregorian calendar, days counted from 1970-01-01.
    ///
    /// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`: years begin in March.
    private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let days = days + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}
