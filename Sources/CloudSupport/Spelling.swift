/// Numbers and lengths of time as people read them, the same in every message.
package enum Spelling {
    /// Three significant digits or so, and none that say nothing: `0.53`, `10`, `12,272`.
    package static func decimal(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        let size = abs(value)
        let places = size < 10 ? 100.0 : size < 100 ? 10 : 1
        let rounded = (value * places).rounded() / places
        return rounded == rounded.rounded() ? count(Int(rounded)) : "\(rounded)"
    }

    /// `12,272`.
    package static func count(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var index = digits.count - 3
        while index > 0 {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: index))
            index -= 3
        }
        return value < 0 ? "-" + digits : digits
    }

    /// `0.53 s`, `10 s`, `4 min 07 s`, `10 min`, `3 h 12 min`, `5 d 2 h`.
    package static func seconds(_ value: Double) -> String {
        guard value >= 59.95, value < 1e15 else { return "\(decimal(value)) s" }
        let whole = Int(value.rounded())
        let (minutes, rest) = whole.quotientAndRemainder(dividingBy: 60)
        if whole < 3600 {
            if Double(whole) == value, rest == 0 { return "\(minutes) min" }
            return "\(minutes) min \(rest < 10 ? "0" : "")\(rest) s"
        }
        let (hours, minutesLeft) = minutes.quotientAndRemainder(dividingBy: 60)
        if hours < 48 { return minutesLeft == 0 ? "\(hours) h" : "\(hours) h \(minutesLeft) min" }
        let (days, hoursLeft) = hours.quotientAndRemainder(dividingBy: 24)
        return hoursLeft == 0 ? "\(count(days)) d" : "\(count(days)) d \(hoursLeft) h"
    }
}

extension Duration {
    /// As people read it.
    package var spelled: String {
        Spelling.seconds(Double(components.seconds) + Double(components.attoseconds) / 1e18)
    }
}
