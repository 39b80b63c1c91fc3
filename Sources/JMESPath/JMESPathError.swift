/// What is wrong with an expression, or with what it was asked to do.
///
/// Kinds are those of the JMESPath specification, and one for documents that cannot be read. Two errors are equal when
/// their kinds are.
public struct JMESPathError: Error, Sendable, Hashable {
    /// Why an expression fails, in the words of the specification's test suite.
    public struct Kind: Sendable, Hashable, CustomStringConvertible {
        private enum Name: String {
            case syntax
            case unknownFunction = "unknown-function"
            case invalidArity = "invalid-arity"
            case invalidType = "invalid-type"
            case invalidValue = "invalid-value"
            case unknownName = "unknown-name"
            case tooDeep = "too-deep"
            case notJSON = "not-json"
        }

        private let name: Name

        /// The text is no expression.
        public static let syntax = Kind(name: .syntax)
        /// It calls a function there is not.
        public static let unknownFunction = Kind(name: .unknownFunction)
        /// It calls a function with too few or too many arguments.
        public static let invalidArity = Kind(name: .invalidArity)
        /// An argument is of a type that the function does not take, which is known only when a document is there.
        public static let invalidType = Kind(name: .invalidType)
        /// A value is not allowed, such as a slice whose step is 0.
        public static let invalidValue = Kind(name: .invalidValue)
        /// It names a part of the envelope that there is not.
        public static let unknownName = Kind(name: .unknownName)
        /// The expression is nested deeper than ``JMESPathExpression/maximumDepth``.
        public static let tooDeep = Kind(name: .tooDeep)
        /// The document is not one JSON value, or nested deeper than ``JMESPathEvaluator/maximumDocumentDepth``.
        public static let notJSON = Kind(name: .notJSON)

        /// The kind as the specification's test suite spells it.
        public var description: String { name.rawValue }
    }

    /// What to act on.
    public var kind: Kind
    /// What happened and what to do, for people.
    public var message: String
    /// The expression at fault; empty when it is the document.
    public var expression: String
    /// Where in the expression, in Unicode scalars from 0; in a document that is no JSON, in bytes from 0.
    public var column: Int

    /// Makes an error.
    public init(_ kind: Kind, _ message: String, expression: String = "", column: Int = 0) {
        self.kind = kind
        self.message = message
        self.expression = expression
        self.column = column
    }

    /// Whether both are of one kind.
    public static func == (left: JMESPathError, right: JMESPathError) -> Bool { left.kind == right.kind }

    /// Feeds the kind, which is all that counts for equality.
    public func hash(into hasher: inout Hasher) { hasher.combine(kind) }

    /// The line of the expression at fault, and below it a caret under the place.
    ///
    /// Empty when there is no expression to show.
    public var caret: String {
        guard !expression.isEmpty else { return "" }
        let scalars = Array(expression.unicodeScalars)
        let place = min(max(column, 0), scalars.count)
        let start = scalars[..<place].lastIndex(of: "\n").map { $0 + 1 } ?? 0
        let end = scalars[place...].firstIndex(of: "\n") ?? scalars.count
        var line = String.UnicodeScalarView()
        // A tab would move the caret, and a line of thousands would hide it.
        let from = max(start, place - 60)
        for scalar in scalars[from..<min(end, place + 60)] { line.append(scalar == "\t" ? " " : scalar) }
        return String(line) + "\n" + String(repeating: " ", count: place - from) + "^"
    }
}

extension JMESPathError: CustomStringConvertible {
    /// The message, and the expression with a caret if there is one.
    public var description: String { expression.isEmpty ? message : "\(message)\n\(caret)" }
}
