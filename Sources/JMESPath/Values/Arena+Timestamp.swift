internal import TextEncoding

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
        let date = CivilDate(days: Int(day))
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
        if 0...9999 ~= date.year {
            put(date.year, width: 4)
        } else {
            put(date.year < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
            put(abs(date.year), width: 6)
        }
        put(UInt8(ascii: "-"))
        put(date.month, width: 2)
        put(UInt8(ascii: "-"))
        put(date.day, width: 2)
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
}
