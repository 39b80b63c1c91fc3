/// Calls of functions.
extension Parser {
    /// The call of a function, from its `(` on.
    mutating func call(_ name: Token) throws(SyntaxFault) -> Int32 {
        try advance()
        var steps: [Int32] = []
        while token.kind != .rightParenthesis {
            steps.append(try argument())
            if token.kind == .rightParenthesis { break }
            try match(.comma, "\",\" or \")\"")
            if token.kind == .rightParenthesis { throw unexpected("Expected an argument after the comma") }
        }
        try advance()
        let text = String(decoding: name.text, as: UTF8.self)
        guard let function = Function.named(name.text) else {
            throw SyntaxFault(.unknownFunction, "There is no function \(text)().", name.offset)
        }
        let wanted = function.arity
        guard steps.count == wanted || function.isVariadic && steps.count > wanted else {
            let count = "\(wanted) argument\(wanted == 1 ? "" : "s")\(function.isVariadic ? " or more" : "")"
            throw SyntaxFault(.invalidArity, "\(text)() takes \(count), not \(steps.count).", name.offset)
        }
        let first = Int32(program.operands.count)
        program.operands.append(contentsOf: steps)
        let call = Instruction(
            operation: .call,
            offset: Int32(name.offset),
            a: first,
            b: Int32(steps.count),
            c: function.rawValue
        )
        return try add(call, over: steps)
    }

    private mutating func argument() throws(SyntaxFault) -> Int32 {
        guard token.kind == .expressionReference else { return try expression(0) }
        let offset = token.offset
        try advance()
        let inner = try expression(0)
        return try add(Instruction(operation: .expressionReference, offset: Int32(offset), a: inner), over: inner)
    }
}
