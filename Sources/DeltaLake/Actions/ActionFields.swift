internal import TextEncoding

/// Why an action cannot be understood; whoever knows the object makes a ``DeltaLakeError`` of it.
struct ActionFault: Error {
    var reason: String
    var isUnsupported: Bool

    init(_ reason: String, isUnsupported: Bool = false) {
        self.reason = reason
        self.isUnsupported = isUnsupported
    }

    func error(_ place: String, object: String) -> DeltaLakeError {
        let advice =
            isUnsupported
            ? "use a program that supports it"
            : "restore the object from a copy, or mend the program that wrote it"
        return DeltaLakeError(
            isUnsupported ? .unsupported : .malformed,
            "\(place): \(reason); \(advice).",
            object: object
        )
    }
}

/// The fields of an action, taken by name; absent and null are the same.
struct ActionFields {
    private let members: [String: JSONValue]

    init(_ value: JSONValue) throws(ActionFault) {
        guard case .object(let members) = value else { throw ActionFault("an action is no JSON object") }
        self.members = members
    }

    subscript(name: String) -> JSONValue? {
        if let value = members[name], value != .null { value } else { nil }
    }

    func isPresent(_ name: String) -> Bool { self[name] != nil }

    func optionalString(_ name: String) throws(ActionFault) -> String? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value else { throw ActionFault("\(name) is no text") }
        return text
    }

    func string(_ name: String) throws(ActionFault) -> String {
        guard let text = try optionalString(name) else { throw ActionFault("\(name) is missing") }
        return text
    }

    func optionalInteger(_ name: String) throws(ActionFault) -> Int64? {
        guard let value = self[name] else { return nil }
        guard case .integer(let number) = value else { throw ActionFault("\(name) is no integer of 64 bits") }
        return number
    }

    func integer(_ name: String) throws(ActionFault) -> Int64 {
        guard let number = try optionalInteger(name) else { throw ActionFault("\(name) is missing") }
        return number
    }

    /// A number of bytes; more than 2⁶² is not believed, so that sums of two do not overflow.
    func size(_ name: String) throws(ActionFault) -> Int64 {
        let number = try integer(name)
        guard 0...(1 << 62) ~= number else { throw ActionFault("\(name) is \(number) bytes") }
        return number
    }

    func boolean(_ name: String) throws(ActionFault) -> Bool {
        guard case .boolean(let value)? = self[name] else { throw ActionFault("\(name) is no boolean") }
        return value
    }

    func object(_ name: String) throws(ActionFault) -> ActionFields {
        guard let value = self[name] else { throw ActionFault("\(name) is missing") }
        return try ActionFields(value)
    }

    func list(_ name: String) throws(ActionFault) -> [String]? {
        guard let value = self[name] else { return nil }
        guard case .array(let elements) = value else { throw ActionFault("\(name) is no array") }
        var texts: [String] = []
        for element in elements {
            guard case .string(let text) = element else { throw ActionFault("\(name) is no array of texts") }
            texts.append(text)
        }
        return texts
    }

    func nullableStrings(_ name: String) throws(ActionFault) -> [String: String?]? {
        guard let value = self[name] else { return nil }
        guard case .object(let members) = value else { throw ActionFault("\(name) is no object") }
        var map: [String: String?] = [:]
        for (key, value) in members {
            switch value {
            case .string(let text): map[key] = .some(text)
            case .null: map[key] = .some(nil)
            default: throw ActionFault("\(name) is no object of texts")
            }
        }
        return map
    }

    /// A map of texts; entries that are null are left out.
    func strings(_ name: String) throws(ActionFault) -> [String: String]? {
        try nullableStrings(name)?.compactMapValues { $0 }
    }
}
