/// A JSON value as a tree, for documents of some kilobytes and answers of servers: log entries, schemas.
///
/// Numbers that are no integers of 64 bits keep their text, so that nothing is lost of what is only passed on.
package enum JSONValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    case integer(Int64)
    /// Any other number, as it was written.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Why bytes are no document.
    package struct Failure: Error, Hashable, CustomStringConvertible {
        /// What is wrong.
        package var reason: String
        /// Where, in bytes from the start.
        package var offset: Int

        /// The end of a sentence such as "The answer cannot be read: …".
        package var description: String { "it is no JSON from byte \(offset) on: \(reason)" }
    }

    /// The member of a name; `nil` when there is none, or when this is no object.
    package subscript(name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    /// The text of a string; `nil` for any other kind.
    package var text: String? { if case .string(let text) = self { text } else { nil } }

    /// The elements; empty when this is no array.
    package var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }

    /// The members; empty when this is no object.
    package var members: [String: JSONValue] { if case .object(let members) = self { members } else { [:] } }

    /// The whole number, also one in a string, as many services write long ones; `nil` when this is none.
    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .string(let text): Int64(text)
        default: nil
        }
    }

    /// The nearest value to any number; `nil` when this is none.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let text): Double(text)
        default: nil
        }
    }
}
