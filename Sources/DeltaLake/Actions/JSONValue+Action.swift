internal import TextEncoding

extension JSONValue {
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
}
