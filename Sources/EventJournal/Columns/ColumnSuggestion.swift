internal import JMESPath

/// A path that would make a column, found by looking at a sample of payloads.
public struct ColumnSuggestion: Sendable, Hashable {
    /// The column.
    public var column: PromotedColumn
    /// In how many payloads of the sample there is a value that fits.
    public var events: Int
    /// In how many there is one that does not, null left aside.
    public var misfits: Int
    /// How many different values there are, up to ``FieldSurvey/maximumDistinct``.
    public var distinct: Int
}

extension FieldReport {
    /// Paths that would make columns, in the order of the fields: those that are in a tenth of the payloads, outside of
    /// arrays, nearly always of one type.
    ///
    /// - Parameter present: Columns that there are: their names and expressions are not suggested.
    /// - Returns: Suggestions whose names differ.
    public func suggestedColumns(besides present: [PromotedColumn] = []) -> [ColumnSuggestion] {
        var names = Set(present.map { $0.name.lowercased() })
        let expressions = Set(present.map(\.program.text))
        var suggestions: [ColumnSuggestion] = []
        for field in fields where !field.path.contains("[]") && field.path != "@" && !expressions.contains(field.path) {
            guard let type = field.suggestedType, field.events * 10 >= events - notJSON,
                let name = FieldReport.name(field.path, besides: names),
                let column = try? PromotedColumn(name: name, expression: "data." + field.path, type: type)
            else { continue }
            let fitting = field.types.first { $0.type != .null }?.count ?? 0
            let nulls = field.types.first { $0.type == .null }?.count ?? 0
            names.insert(name.lowercased())
            suggestions.append(
                ColumnSuggestion(
                    column: column,
                    events: fitting,
                    misfits: field.values - nulls - fitting,
                    distinct: field.distinct
                )
            )
        }
        return suggestions
    }

    /// A name for a path: its last names, as few as tell it from the others.
    private static func name(_ path: String, besides taken: Set<String>) -> String? {
        let parts = path.split(separator: ".")
            .map { part in
                String(String.UnicodeScalarView(part.unicodeScalars.filter { $0 != "\"" }))
                    .map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "_" }.joined()
            }
        for count in 1...max(parts.count, 1) {
            var name = parts.suffix(count).joined(separator: "_")
            if name.first?.isNumber == true { name = "_" + name }
            if taken.contains(name.lowercased()) { continue }
            if (try? PromotedColumn(name: name, expression: "x", type: .string)) != nil { return name }
        }
        return nil
    }
}

extension FieldSummary {
    /// The type that nearly all values have; `nil` for objects, arrays and mixtures.
    fileprivate var suggestedType: PromotedColumn.ValueType? {
        let present = types.filter { $0.type != .null }
        guard let main = present.first, main.count * 100 >= 95 * present.reduce(0, { $0 + $1.count }) else {
            return nil
        }
        switch main.type {
        case .boolean: return .boolean
        case .number: return wholeNumbers == main.count ? .int64 : .float64
        case .string: return moments == main.count ? .timestamp : .string
        case .null, .object, .array: return nil
        }
    }
}
