/// An expression of JMESPath, compiled once to be evaluated often.
///
/// The language is that of jmespath.org: its whole grammar and all its functions. One name more is understood,
/// ``JMESPathEnvelope`` behind `@event`, which no standard expression can hold.
public struct JMESPathExpression: Sendable {
    /// How deep expressions may be nested, chains of dots, pipes and operators counted too.
    public static let maximumDepth = 256

    /// The expression as it was written.
    public let text: String

    let program: Program

    /// Compiles an expression.
    ///
    /// Names of functions, how many arguments they get, and steps of slices are checked here; types of arguments
    /// are when there is a document.
    ///
    /// - Throws: ``JMESPathError`` of a kind other than ``JMESPathError/Kind/invalidType`` and
    ///   ``JMESPathError/Kind/notJSON``, with the column at fault.
    public init(_ text: String) throws(JMESPathError) {
        self.text = text
        guard let json = TreeParser(maximumDepth: 512) else {
            throw JMESPathError(.invalidValue, "There is not enough memory to compile an expression.")
        }
        do throws(SyntaxFault) {
            guard text.utf8.count <= 1 << 20 else {
                throw SyntaxFault(.invalidValue, "The expression is longer than 1 MiB.", 0)
            }
            program = try Parser.program(Array(text.utf8), json: json)
        } catch {
            throw JMESPathError(
                error.kind,
                error.message,
                expression: text,
                column: JMESPathExpression.column(of: error.offset, in: text)
            )
        }
    }

    /// Whether it asks for the envelope, which has to be handed to the evaluator then.
    public var usesEnvelope: Bool { program.instructions.contains { $0.operation == .envelope } }

    /// The steps of an expression that is nothing but names and indexes from the front, none for `@`; `nil` for any
    /// other.
    package var plainPath: [PathStep]? { program.path(program.root) }

    /// The column of a byte.
    static func column(of offset: Int, in text: String) -> Int {
        text.utf8.prefix(offset).reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
    }
}

extension JMESPathExpression: Hashable {
    /// Whether both were written the same.
    public static func == (left: JMESPathExpression, right: JMESPathExpression) -> Bool { left.text == right.text }

    /// Feeds the text, which tells all.
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
