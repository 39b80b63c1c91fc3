/// A JSON value as a tree, for documents of some kilobytes: log entries, statistics, schemas.
///
/// Numbers that are no integers of 64 bits keep their text, so that nothing is lost of what is only passed on.
package enum JSONValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(String)
    case string(String)
    indirect case array([JSONValue])
    indirect case object([String: JSONValue])

    /// The members, without those that are null: the protocol takes absent and null for the same.
    static func compact(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        var object: [String: JSONValue] = [:]
        for (name, value) in members {
            if let value, value != .null { object[name] = value }
        }
        return .object(object)
    }

    /// A map of texts.
    static func strings(_ map: [String: String]) -> JSONValue { .object(map.mapValues(JSONValue.string)) }

    package subscript(name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    /// The text of a string; `nil` for any other kind.
    package var text: String? { if case .string(let text) = self { text } else { nil } }
}
