internal import EventJournal

/// Between which moments a condition of a plan has the rows of a scan.
///
/// Comparisons of ``ReadsScript/moment`` that are joined by AND are understood, up to the first condition in
/// parentheses, which may restrict it further; of a text with anything else in it nothing is.
struct MomentBounds {
    /// Behind and through which moment, in microseconds; `nil` where a side is open.
    private(set) var after: Int64?
    private(set) var through: Int64?
    private var rest: Substring

    init?(_ condition: String) {
        rest = condition[...]
        guard condition.firstRange(of: " OR ") == nil else { return nil }
        repeat {
            _ = take("optional: ")
            guard take(ReadsScript.moment), takeComparison() else { return nil }
            if rest.isEmpty || rest.hasPrefix(" AND (") { return }
        } while take(" AND ")
        return nil
    }

    private mutating func take(_ part: String) -> Bool {
        guard rest.hasPrefix(part) else { return false }
        rest.removeFirst(part.count)
        return true
    }

    private mutating func takeComparison() -> Bool {
        if take(" IS NOT NULL") { return true }
        if take(" IN (") { return takeList() }
        // The longer ones before those that they begin with.
        guard let comparison = [">=", "<=", ">", "<", "="].first(where: { take($0) }), let literal = takeLiteral()
        else {
            return false
        }
        // One that is no plain date, such as infinity, restricts nothing.
        guard let moment = MomentBounds.moment(literal) else { return true }
        if comparison == ">" { restrict(after: moment) }
        if comparison == "<" { restrict(through: moment - 1) }
        if comparison == ">=" || comparison == "=" { restrict(after: moment - 1) }
        if comparison == "<=" || comparison == "=" { restrict(through: moment) }
        return true
    }

    private mutating func takeList() -> Bool {
        var moments: [Int64?] = []
        repeat {
            guard let literal = takeLiteral() else { return false }
            moments.append(MomentBounds.moment(literal))
        } while take(", ")
        guard take(")") else { return false }
        let plain = moments.compactMap(\.self)
        if plain.count == moments.count, let first = plain.min(), let last = plain.max() {
            restrict(after: first - 1)
            restrict(through: last)
        }
        return true
    }

    private mutating func restrict(after moment: Int64) { after = max(after ?? moment, moment) }

    private mutating func restrict(through moment: Int64) { through = min(through ?? moment, moment) }

    private mutating func takeLiteral() -> Substring? {
        guard take("'"), let end = rest.firstIndex(of: "'") else { return nil }
        let literal = rest[..<end]
        rest = rest[rest.index(after: end)...]
        return take("::TIMESTAMP WITH TIME ZONE") ? literal : nil
    }

    /// A moment as DuckDB writes it, `2024-03-10 05:30:00.25+05:30`; `nil` for one before the year 0 or after 9999.
    private static func moment(_ literal: Substring) -> Int64? {
        guard let space = literal.firstIndex(of: " "),
            let sign = literal[space...].lastIndex(where: { "+-".contains($0) })
        else { return nil }
        // RFC 3339 wants the minutes of an offset.
        let minutes = literal[sign...].contains(":") ? "" : ":00"
        return Timestamp(rfc3339: "\(literal[..<space])T\(literal[literal.index(after: space)...])\(minutes)")?
            .microseconds
    }
}
