/// Makes a program of an expression, by top-down operator precedence.
///
/// Grammar and precedence are those of the specification (jmespath.org, "Grammar"); a name right behind `@` is ours.
struct Parser {
    /// Below this power nothing belongs to a projection any more.
    private static let projectionStop = 10

    private var lexer: Lexer
    /// The word that is next.
    private(set) var token: Token
    private var ahead: [Token] = []
    private var nesting = 0
    /// What was made so far.
    var program = Program()

    /// Compiles an expression.
    static func program(_ bytes: [UInt8], json: TreeParser) throws(SyntaxFault) -> Program {
        var parser = try Parser(bytes, json: json)
        if parser.token.kind == .end {
            throw SyntaxFault(.syntax, "The expression is empty; write \"@\" for the whole document.", 0)
        }
        parser.program.root = try parser.expression(0)
        if parser.token.kind != .end { throw parser.unexpected("The expression is complete before this") }
        return parser.program
    }

    private init(_ bytes: [UInt8], json: TreeParser) throws(SyntaxFault) {
        lexer = Lexer(bytes, json: json)
        token = try lexer.next()
    }

    // MARK: Words

    mutating func advance() throws(SyntaxFault) {
        token = ahead.isEmpty ? try lexer.next() : ahead.removeFirst()
    }

    private mutating func peek() throws(SyntaxFault) -> Token.Kind {
        if ahead.isEmpty { ahead.append(try lexer.next()) }
        return ahead[0].kind
    }

    mutating func match(_ kind: Token.Kind, _ what: String) throws(SyntaxFault) {
        guard token.kind == kind else { throw unexpected("Expected \(what)") }
        try advance()
    }

    func unexpected(_ what: String) -> SyntaxFault {
        if token.kind == .end { return SyntaxFault(.syntax, "\(what), but the expression ends.", token.offset) }
        return SyntaxFault(.syntax, "\(what).", token.offset)
    }

    // MARK: Steps

    mutating func add(_ instruction: Instruction, over steps: Int32...) throws(SyntaxFault) -> Int32 {
        try add(instruction, over: steps)
    }

    mutating func add(_ instruction: Instruction, over steps: [Int32]) throws(SyntaxFault) -> Int32 {
        var instruction = instruction
        instruction.depth = 1 + (steps.map { program.instructions[Int($0)].depth }.max() ?? 0)
        guard instruction.depth <= JMESPathExpression.maximumDepth else { throw tooDeep(Int(instruction.offset)) }
        program.instructions.append(instruction)
        return Int32(program.instructions.count - 1)
    }

    private func tooDeep(_ offset: Int) -> SyntaxFault {
        SyntaxFault(.tooDeep, "The expression is nested deeper than \(JMESPathExpression.maximumDepth) levels.", offset)
    }

    private mutating func current(_ offset: Int) throws(SyntaxFault) -> Int32 {
        try add(Instruction(operation: .current, offset: Int32(offset)))
    }

    private mutating func name(_ text: [UInt8]) -> Int32 {
        program.names.append(text)
        return Int32(program.names.count - 1)
    }

    /// `right` applied to `left`; a member or nothing at all needs no step of its own.
    private mutating func chain(_ left: Int32, _ right: Int32, _ offset: Int) throws(SyntaxFault) -> Int32 {
        let step = program.instructions[Int(right)]
        if step.operation == .field {
            return try add(Instruction(operation: .fieldOf, offset: step.offset, a: left, b: step.b), over: left)
        }
        return try add(
            Instruction(operation: .chain, offset: Int32(offset), a: left, b: right),
            over: left,
            right
        )
    }

    // MARK: Expressions

    mutating func expression(_ power: Int) throws(SyntaxFault) -> Int32 {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= JMESPathExpression.maximumDepth else { throw tooDeep(token.offset) }
        var left = try prefix()
        while power < token.kind.power { left = try infix(left) }
        return left
    }

    /// What an expression can begin with.
    private mutating func prefix() throws(SyntaxFault) -> Int32 {
        let first = token
        let offset = first.offset
        switch first.kind {
        case .identifier:
            try advance()
            if token.kind == .leftParenthesis { return try call(first) }
            let name = name(first.text)
            return try add(Instruction(operation: .field, offset: Int32(offset), b: name))
        case .quotedIdentifier:
            try advance()
            if token.kind == .leftParenthesis {
                throw SyntaxFault(.syntax, "The name of a function has no quotes.", offset)
            }
            let name = name(first.text)
            return try add(Instruction(operation: .field, offset: Int32(offset), b: name))
        case .literal:
            try advance()
            program.literals.append(first.text)
            return try add(
                Instruction(operation: .literal, offset: Int32(offset), a: Int32(program.literals.count - 1))
            )
        case .current:
            try advance()
            return try current(offset)
        case .envelope:
            try advance()
            return try envelope(offset)
        case .star:
            try advance()
            let left = try current(offset)
            let right = token.kind == .rightBracket ? try current(offset) : try projected(Token.Kind.star.power)
            return try add(
                Instruction(operation: .valueProjection, offset: Int32(offset), a: left, b: right),
                over: left,
                right
            )
        case .filter, .flatten: return try infix(try current(offset))
        case .leftBracket:
            switch try peek() {
            case .number, .colon: return try infix(try current(offset))
            case .star:
                let star = token
                try advance()
                if try peek() == .rightBracket {
                    ahead.insert(token, at: 0)
                    token = star
                    return try infix(try current(offset))
                }
                return try list(offset)
            default:
                try advance()
                return try list(offset)
            }
        case .leftBrace:
            try advance()
            return try hash(offset)
        case .not:
            try advance()
            let operand = try expression(Token.Kind.not.power)
            return try add(Instruction(operation: .not, offset: Int32(offset), a: operand), over: operand)
        case .leftParenthesis:
            try advance()
            let inner = try expression(0)
            try match(.rightParenthesis, "\")\"")
            return inner
        case .expressionReference:
            throw SyntaxFault(.syntax, "\"&\" makes an argument for functions such as sort_by, nothing else.", offset)
        default: throw unexpected("Expected a name, a literal, \"[\", \"{\", \"(\", \"@\" or the like")
        }
    }

    /// What can follow an expression.
    private mutating func infix(_ left: Int32) throws(SyntaxFault) -> Int32 {
        let kind = token.kind
        let offset = token.offset
        switch kind {
        case .dot:
            try advance()
            if token.kind == .star {
                try advance()
                let right = try projected(Token.Kind.star.power)
                return try add(
                    Instruction(operation: .valueProjection, offset: Int32(offset), a: left, b: right),
                    over: left,
                    right
                )
            }
            return try chain(left, try afterDot(Token.Kind.dot.power), offset)
        case .leftBracket: return try bracket(left)
        case .flatten:
            try advance()
            let flat = try add(Instruction(operation: .flatten, offset: Int32(offset), a: left), over: left)
            return try projection(.projection, flat, power: Token.Kind.flatten.power, offset)
        case .filter:
            try advance()
            let condition = try expression(0)
            try match(.rightBracket, "\"]\" at the end of the filter")
            let right = token.kind == .flatten ? try current(offset) : try projected(Token.Kind.filter.power)
            return try add(
                Instruction(operation: .filterProjection, offset: Int32(offset), a: left, b: right, c: condition),
                over: left,
                right,
                condition
            )
        case .pipe:
            try advance()
            return try chain(left, try expression(kind.power), offset)
        case .or, .and:
            try advance()
            let right = try expression(kind.power)
            let operation: Instruction.Operation = kind == .or ? .or : .and
            return try add(
                Instruction(operation: operation, offset: Int32(offset), a: left, b: right),
                over: left,
                right
            )
        default:
            guard let comparison = Parser.comparison(kind) else {
                throw unexpected("Expected an operator, or the end")
            }
            try advance()
            let right = try expression(kind.power)
            return try add(
                Instruction(operation: .compare, offset: Int32(offset), a: left, b: right, c: comparison.rawValue),
                over: left,
                right
            )
        }
    }

    private static func comparison(_ kind: Token.Kind) -> Comparison? {
        switch kind {
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        default: nil
        }
    }

    mutating func projection(
        _ operation: Instruction.Operation,
        _ left: Int32,
        power: Int,
        _ offset: Int
    ) throws(SyntaxFault) -> Int32 {
        let right = try projected(power)
        return try add(Instruction(operation: operation, offset: Int32(offset), a: left, b: right), over: left, right)
    }

    /// What a projection applies to each of its values.
    private mutating func projected(_ power: Int) throws(SyntaxFault) -> Int32 {
        if token.kind.power < Parser.projectionStop { return try current(token.offset) }
        switch token.kind {
        case .leftBracket, .filter: return try expression(power)
        case .dot:
            try advance()
            return try afterDot(power)
        default: throw unexpected("Expected \".\", \"[\" or an operator")
        }
    }

    private mutating func afterDot(_ power: Int) throws(SyntaxFault) -> Int32 {
        switch token.kind {
        case .identifier, .quotedIdentifier, .star, .leftBrace: return try expression(power)
        case .leftBracket:
            let offset = token.offset
            try advance()
            return try list(offset)
        default: throw unexpected("Expected a name, \"*\", \"[\" or \"{\" after the dot")
        }
    }

    /// `@event`, or one part of it.
    private mutating func envelope(_ offset: Int) throws(SyntaxFault) -> Int32 {
        guard token.kind == .dot else {
            return try add(Instruction(operation: .envelope, offset: Int32(offset), a: -1))
        }
        let next = try peek()
        guard next == .identifier || next == .quotedIdentifier else {
            return try add(Instruction(operation: .envelope, offset: Int32(offset), a: -1))
        }
        try advance()
        guard let part = EnvelopePart.named(token.text) else {
            let name = String(decoding: token.text, as: UTF8.self)
            let parts = EnvelopePart.allCases.map { "\($0)" }.joined(separator: ", ")
            throw SyntaxFault(.unknownName, "An event has no \"\(name)\"; it has \(parts).", token.offset)
        }
        try advance()
        return try add(Instruction(operation: .envelope, offset: Int32(offset), a: part.rawValue))
    }
}
