/// Durations as table properties have them: `interval 7 days`, `interval 1 week 2 hours`.
enum DeltaInterval {
    /// The length in milliseconds; `nil` for anything else, months and years included, and for more than 1000 years.
    static func milliseconds(_ text: String?) -> Int64? {
        guard let text else { return nil }
        var words = text.lowercased().split(separator: " ")[...]
        if words.first == "interval" { words.removeFirst() }
        guard !words.isEmpty, words.count.isMultiple(of: 2) else { return nil }
        var total: Int64 = 0
        while let number = words.popFirst(), let unit = words.popFirst() {
            let singular = unit.hasSuffix("s") ? unit.dropLast() : unit
            guard let count = Int64(number), count >= 0, let factor = units[String(singular)] else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: factor)
            guard !overflow, product <= longest else { return nil }
            total += product
            guard total <= longest else { return nil }
        }
        return total
    }

    private static let longest: Int64 = 365_250 * 86_400_000
    private static let units: [String: Int64] = [
        "week": 7 * 86_400_000, "day": 86_400_000, "hour": 3_600_000, "minute": 60_000, "second": 1000,
        "millisecond": 1,
    ]
}
