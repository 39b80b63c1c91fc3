/// Where in a JSON value a field is: `sha`, `meta.created_at`, `"a.b".c`, `items[0].id`.
///
/// Names of letters, digits and `_` stand as they are; any other name stands in double quotes with the escapes of JSON.
/// `[n]` is the element `n` of an array, from 0. This is a part of JMESPath (its grammar rules `identifier`,
/// `sub-expression` and `index-expression`), and means here what it means there.
public struct FieldPath: Sendable, Hashable {
    /// One step of a path.
    @frozen
    public enum Step: Sendable, Hashable {
        /// The member of an object; the first one of that name when there are several.
        case member(String)
        /// The element of an array, from 0.
        case element(UInt32)
    }

    /// The steps from the root; at least one.
    public let steps: [Step]

    /// Reads a path.
    ///
    /// - Throws: ``FieldPathError`` that says where the text is wrong.
    public init(_ text: String) throws(FieldPathError) {
        var scanner = FieldPathScanner(text)
        steps = try scanner.path()
    }
}

extension FieldPath: CustomStringConvertible {
    /// The path in the form that ``init(_:)`` reads.
    public var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .member(let name):
                if !text.isEmpty { text += "." }
                text += FieldPath.isPlain(name) ? name : FieldPath.quoted(name)
            case .element(let index):
                text += "[\(index)]"
            }
        }
        return text
    }

    private static func isPlain(_ name: String) -> Bool {
        guard let first = name.utf8.first, FieldPathScanner.startsName(first) else { return false }
        return name.utf8.allSatisfy(FieldPathScanner.continuesName)
    }

    private static func quoted(_ name: String) -> String {
        var text = "\""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
