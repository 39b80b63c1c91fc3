/// What the columns of an answer hold, as far as printing goes.
struct ColumnKinds: Hashable {
    enum Kind: Character {
        /// Numbers that DuckDB's program prints as JSON numbers.
        case number = "n"
        /// The same where they may be none: NaN and the infinities.
        case float = "f"
        /// Numbers that it prints as texts of JSON: those that 64 bits may not hold, or with decimals.
        case long = "l"
        /// Lists, structs and documents, which may have such numbers in them.
        case nested = "d"
        case other = "o"
    }

    var kinds: [Kind]

    /// Of this nothing is known.
    static let unknown = ColumnKinds(kinds: [])

    init(kinds: [Kind]) { self.kinds = kinds }

    /// Reads a letter for each column; `nil` when there is another.
    init?(letters: some StringProtocol) {
        let kinds = letters.compactMap(Kind.init(rawValue:))
        guard kinds.count == letters.count else { return nil }
        self.kinds = kinds
    }

    /// Reads what ``query(_:)`` printed last; unknown when that is something else.
    init(lastLineOf text: Substring) {
        let last = text.split(separator: "\n").last ?? ""
        let letters = last.hasPrefix(ColumnKinds.prefix) ? last.dropFirst(ColumnKinds.prefix.count) : ""
        self = ColumnKinds(letters: letters) ?? .unknown
    }

    /// Whether a column has numbers.
    func isNumber(_ column: Int) -> Bool {
        kinds.indices.contains(column) && [.number, .float, .long].contains(kinds[column])
    }

    /// Whether DuckDB's program prints every column as JSON has it.
    var arePlain: Bool { !kinds.isEmpty && kinds.allSatisfy { $0 == .number || $0 == .other } }

    /// Whether a column has numbers that come as texts.
    func isLong(_ column: Int) -> Bool { kinds.indices.contains(column) && kinds[column] == .long }

    /// What stands before the letters.
    static let prefix = "types "

    /// A query for the letters of a statement's columns.
    static func query(_ statement: String) -> String {
        """
        SELECT '\(prefix)' || string_agg(CASE
            WHEN column_type IN ('HUGEINT', 'UHUGEINT', 'UBIGINT', 'BIGNUM') OR column_type LIKE 'DECIMAL(%' THEN 'l'
            WHEN column_type IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER') THEN 'n'
            WHEN column_type IN ('FLOAT', 'DOUBLE') THEN 'f'
            WHEN regexp_matches(column_type, 'FLOAT|DOUBLE|JSON|VARIANT') THEN 'd'
            ELSE 'o' END, '') FROM (DESCRIBE FROM query(\(quoted(statement))));
        """
    }
}
