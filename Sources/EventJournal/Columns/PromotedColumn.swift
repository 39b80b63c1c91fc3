internal import JMESPath

/// A typed column that compaction fills with what an expression finds in the payload of each event.
///
/// A value that is not there is null, and so is one that does not fit ``type``.
public struct PromotedColumn: Sendable, Hashable {
    /// What values a column has.
    public enum ValueType: String, Sendable, Hashable, CaseIterable {
        /// Whole numbers of 64 bits; also `1.0` and `1e3`.
        case int64
        /// Numbers, each as the nearest double.
        case float64
        /// `true` and `false`.
        case boolean
        /// Texts.
        case string
        /// Texts with a moment, by RFC 3339: ``Timestamp/init(rfc3339:)``.
        case timestamp

        /// Reads a name; those that other systems have for the same are understood, too.
        public init?(name: some StringProtocol) {
            switch name.lowercased() {
            case "int64", "integer", "int", "bigint", "long": self = .int64
            case "float64", "double", "float", "number": self = .float64
            case "boolean", "bool": self = .boolean
            case "string", "text", "varchar": self = .string
            case "timestamp", "timestamptz": self = .timestamp
            default: return nil
            }
        }
    }

    /// Its name in tables.
    public let name: String
    /// Where values come from, as it was written: JMESPath over the payload.
    public let expression: String
    /// What values it has.
    public let type: ValueType
    /// What is evaluated.
    let program: JMESPathExpression

    /// So many columns a journal may have, those that were removed included.
    public static let mostColumns = 32
    /// The longest name, in bytes.
    public static let longestName = 64

    /// Describes a column.
    ///
    /// - Parameters:
    ///   - name: Letters, digits and underscores of ASCII, no digit first; none of the names that tables have anyhow.
    ///   - expression: JMESPath over the payload, as of ``EventSelection``. A path may begin with `data`, as the column
    ///     of the payload is called: `data.totals.added` is `totals.added`.
    ///   - type: What values it has.
    /// - Throws: ``JournalError/Code/invalidOption``.
    public init(name: String, expression: String, type: ValueType) throws(JournalError) {
        try PromotedColumn.check(name)
        self.name = name
        self.expression = expression
        self.type = type
        do {
            program = try PromotedColumn.program(expression)
        } catch {
            throw JournalError(
                .invalidOption,
                "\"\(expression)\" of the column \(name) is no expression. \(error)",
                cause: error
            )
        }
    }

    /// Reads a definition: `added=data.totals.added:int64`.
    ///
    /// - Throws: ``JournalError/Code/invalidOption``.
    public init(definition: String) throws(JournalError) {
        guard let equals = definition.firstIndex(of: "="), let colon = definition.lastIndex(of: ":"), equals < colon
        else {
            throw JournalError(
                .invalidOption,
                "\"\(definition)\" does not define a column: write NAME=JMESPATH:TYPE, such as added=data.totals.added:int64."
            )
        }
        let typeName = definition[definition.index(after: colon)...]
        guard let type = ValueType(name: typeName) else {
            let names = ValueType.allCases.map(\.rawValue).joined(separator: ", ")
            throw JournalError(
                .invalidOption,
                "\"\(typeName)\" in \"\(definition)\" is no type of a column; there are \(names)."
            )
        }
        try self.init(
            name: String(definition[..<equals]),
            expression: String(definition[definition.index(after: equals)..<colon]),
            type: type
        )
    }

    /// The text that ``init(definition:)`` reads.
    public var definition: String { "\(name)=\(expression):\(type.rawValue)" }

    /// The path of the value in the payload, by which the parser finds it; `nil` when the expression is more than that.
    var isPath: Bool { program.plainPath != nil }

    private static func check(_ name: String) throws(JournalError) {
        let isName =
            name.utf8.first.map { !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0) } == true
            && name.utf8.allSatisfy {
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: "_")
                    || UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20
            }
        guard isName, name.utf8.count <= longestName else {
            throw JournalError(
                .invalidOption,
                "\"\(name)\" cannot be the name of a column: use up to \(longestName) letters, digits and underscores of ASCII, "
                    + "no digit first."
            )
        }
        let lowercase = name.lowercased()
        guard !SegmentColumn.allCases.contains(where: { $0.name == lowercase }) else {
            throw JournalError(.invalidOption, "Every journal has a column \(lowercase) already; take another name.")
        }
        guard !lowercase.hasPrefix("highwater_") else {
            throw JournalError(.invalidOption, "Names that begin with highwater_ are kept for Highwater; take another.")
        }
    }

    private static func program(_ text: String) throws(JMESPathError) -> JMESPathExpression {
        let whole = try JMESPathExpression(text)
        guard text == "data" || text.hasPrefix("data.") || text.hasPrefix("data[") else { return whole }
        guard whole.plainPath != nil else {
            throw JMESPathError(
                .syntax,
                "Only a path may begin with `data`. In a larger expression names are those in the payload: leave `data.` out, "
                    + "and write `@.data` for a member of that name.",
                expression: text
            )
        }
        let rest = text.dropFirst(text.hasPrefix("data.") ? 5 : 4)
        return try JMESPathExpression(rest.isEmpty ? "@" : String(rest))
    }

    /// Whether both are written the same.
    public static func == (left: PromotedColumn, right: PromotedColumn) -> Bool {
        left.name == right.name && left.expression == right.expression && left.type == right.type
    }

    /// Feeds the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
