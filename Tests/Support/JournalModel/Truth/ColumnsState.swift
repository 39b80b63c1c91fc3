import Foundation

/// What the catalog says of promoted columns at one moment: definitions, as `NAME=EXPRESSION:TYPE`.
struct ColumnsState: Hashable, Sendable {
    /// Those that compaction fills, in their order.
    var live: [String] = []
    /// Those whose names are taken all the same.
    var removed: [String] = []

    init() {}

    /// Reads the domain `highwater.columns`, with nothing of the journal's own code.
    init?(_ domain: [String: Any]) {
        guard let columns = domain["columns"] as? [[String: Any]] else { return nil }
        for column in columns {
            guard let name = column["name"] as? String, let expression = column["expression"] as? String,
                let type = column["type"] as? String
            else { return nil }
            let definition = "\(name)=\(expression):\(type)"
            if column["removed"] == nil { live.append(definition) } else { removed.append(definition) }
        }
    }

    static func name(of definition: String) -> String { String(definition.prefix { $0 != "=" }) }

    /// Whether columns can be added: no name stands, or stood, for another one, among them neither.
    func takes(_ definitions: [String]) -> Bool {
        var all = live + removed
        for definition in definitions {
            let name = Self.name(of: definition).lowercased()
            if all.contains(where: { Self.name(of: $0).lowercased() == name && $0 != definition }) { return false }
            all.append(definition)
        }
        return true
    }

    /// Whether a column of a name, in whatever case, is filled.
    func fills(_ name: String) -> Bool { live.contains { Self.name(of: $0).lowercased() == name.lowercased() } }
}

/// A file of the catalog as the commit says that added it.
struct CatalogFile: Hashable, Sendable {
    var path: String
    /// Names of promoted columns that are filled.
    var filled: Set<String>
    /// JSON.
    var statistics: String
}
