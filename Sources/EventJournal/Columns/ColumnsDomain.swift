internal import TextEncoding

/// The columns of a journal: the domain `highwater.columns` of the catalog.
///
/// Its text is a JSON object: `{"columns":[{"expression":"data.totals.added","name":"added","type":"int64"}]}`.
/// One that was removed stays with `"removed":true`, since files have it: its name never stands for anything else.
struct ColumnsDomain: Sendable, Hashable {
    static let name = "highwater.columns"

    /// Those that compaction fills.
    var live: [PromotedColumn] = []
    /// Those that it fills no more.
    var removed: [PromotedColumn] = []
    /// What a later version has put there, which is passed on.
    private var unknown: [JSONValue] = []

    init() {}

    /// Reads the text; columns of kinds that this version does not know are not filled by it.
    ///
    /// - Throws: ``JournalError/Code/damagedCatalog``.
    init(_ text: String) throws {
        guard let value = try? JSONValue.parse(text), case .array(let columns)? = value["columns"]
        else {
            throw JournalError(
                .damagedCatalog,
                "The catalog's domain \(ColumnsDomain.name) cannot be read: \(text.prefix(200)). Restore the log from a copy."
            )
        }
        for column in columns {
            guard let name = column["name"]?.text, let expression = column["expression"]?.text,
                let type = column["type"]?.text.flatMap(PromotedColumn.ValueType.init(rawValue:)),
                let known = try? PromotedColumn(name: name, expression: expression, type: type)
            else {
                unknown.append(column)
                continue
            }
            if column["removed"] == .boolean(true) { removed.append(known) } else { live.append(known) }
        }
    }

    /// The text.
    var text: String {
        func value(_ column: PromotedColumn, isRemoved: Bool) -> JSONValue {
            var members: [String: JSONValue] = [
                "name": .string(column.name), "expression": .string(column.expression),
                "type": .string(column.type.rawValue),
            ]
            if isRemoved { members["removed"] = .boolean(true) }
            return .object(members)
        }
        let columns = live.map { value($0, isRemoved: false) } + removed.map { value($0, isRemoved: true) } + unknown
        var bytes: [UInt8] = []
        JSONValue.object(["columns": .array(columns)]).serialize(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Adds a column.
    ///
    /// - Returns: Whether it was not there.
    /// - Throws: ``JournalError/Code/invalidOption`` when its name stands, or stood, for another.
    mutating func add(_ column: PromotedColumn) throws(JournalError) -> Bool {
        let name = column.name.lowercased()
        if live.contains(column) { return false }
        if let other = (live + removed).first(where: { $0.name.lowercased() == name }), other != column {
            let state = live.contains(other) ? "There is a column" : "There was a column, and segments still have it:"
            throw JournalError(
                .invalidOption,
                "\(state) \(other.definition). What a column means cannot change; take another name."
            )
        }
        guard live.count + removed.count + unknown.count < PromotedColumn.mostColumns || removed.contains(column) else {
            throw JournalError(
                .invalidOption,
                "A journal can have \(PromotedColumn.mostColumns) columns of its own, those that were removed included."
            )
        }
        removed.removeAll { $0 == column }
        live.append(column)
        return true
    }

    /// Takes a column out of those that are filled.
    ///
    /// - Throws: ``JournalError/Code/invalidOption`` when there is none.
    mutating func remove(_ name: String) throws(JournalError) {
        guard let index = live.firstIndex(where: { $0.name.lowercased() == name.lowercased() }) else {
            let names = live.map(\.name).joined(separator: ", ")
            throw JournalError(
                .invalidOption,
                "There is no column \(name)" + (names.isEmpty ? "; there is none at all." : "; there are \(names).")
            )
        }
        removed.append(live.remove(at: index))
    }
}
