/// A word of an expression.
struct Token {
    enum Kind {
        case identifier
        case quotedIdentifier
        case literal
        case number
        case current
        case envelope
        case dot
        case star
        case comma
        case colon
        case leftParenthesis
        case rightParenthesis
        case leftBrace
        case rightBrace
        case leftBracket
        case rightBracket
        case flatten
        case filter
        case pipe
        case or
        case and
        case not
        case expressionReference
        case equal
        case notEqual
        case less
        case lessOrEqual
        case greater
        case greaterOrEqual
        case end

        /// How tightly it binds what stands to its left.
        var power: Int {
            switch self {
            case .pipe: 1
            case .or: 2
            case .and: 3
            case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: 5
            case .flatten: 9
            case .star: 20
            case .filter: 21
            case .dot: 40
            case .not: 45
            case .leftBrace: 50
            case .leftBracket: 55
            case .leftParenthesis: 60
            default: 0
            }
        }
    }

    var kind: Kind
    /// Where it starts, in bytes.
    var offset: Int
    /// Behind its last byte.
    var end: Int
    /// The name of an identifier, the JSON text of a literal.
    var text: [UInt8] = []
    /// The value of a number.
    var number = 0
}
