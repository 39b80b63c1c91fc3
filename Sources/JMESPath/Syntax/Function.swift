/// The functions of the specification (section "Built-in Functions").
enum Function: Int32, CaseIterable {
    case abs, avg, ceil, contains
    case endsWith
    case floor, join, keys, length, map, max
    case maxBy
    case merge, min
    case minBy
    case notNull
    case reverse, sort
    case sortBy
    case startsWith
    case sum
    case toArray, toNumber, toString
    case type, values

    /// What a parameter takes.
    enum Parameter {
        case any, number, string, array, object, expression
        case numbers, strings, numbersOrStrings
        case arrayOrString
        case arrayObjectOrString

        var description: String {
            switch self {
            case .any: "anything"
            case .number: "a number"
            case .string: "a string"
            case .array: "an array"
            case .object: "an object"
            case .expression: "an expression (&name)"
            case .numbers: "an array of numbers"
            case .strings: "an array of strings"
            case .numbersOrStrings: "an array of numbers or an array of strings"
            case .arrayOrString: "an array or a string"
            case .arrayObjectOrString: "an array, an object or a string"
            }
        }
    }

    var name: String {
        switch self {
        case .endsWith: "ends_with"
        case .maxBy: "max_by"
        case .minBy: "min_by"
        case .notNull: "not_null"
        case .sortBy: "sort_by"
        case .startsWith: "starts_with"
        case .toArray: "to_array"
        case .toNumber: "to_number"
        case .toString: "to_string"
        default: "\(self)"
        }
    }

    /// How many arguments it takes at least, and at most unless ``isVariadic``.
    var arity: Int {
        switch self {
        case .contains, .endsWith, .startsWith, .join, .map, .maxBy, .minBy, .sortBy: 2
        default: 1
        }
    }

    /// Whether it takes more arguments of the kind of its last parameter.
    var isVariadic: Bool { self == .merge || self == .notNull }

    static func named(_ name: [UInt8]) -> Function? { allCases.first { $0.name.utf8.elementsEqual(name) } }
}
