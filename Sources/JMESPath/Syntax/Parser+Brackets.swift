/// What stands in brackets and braces: indexes and slices, lists and hashes of several expressions.
extension Parser {
    /// An index, a slice or `[*]` behind `left`.
    mutating func bracket(_ left: Int32) throws(SyntaxFault) -> Int32 {
        let offset = token.offset
        try advance()
        if token.kind == .star {
            try advance()
            try match(.rightBracket, "\"]\" after \"[*\"")
            return try projection(.projection, left, power: Token.Kind.star.power, offset)
        }
        var parts: [Int?] = [nil, nil, nil]
        var part = 0
        var step = token
        while token.kind == .number || token.kind == .colon {
            if token.kind == .colon {
                part += 1
                if part > 2 { throw unexpected("A slice has at most two colons") }
            } else {
                if parts[part] != nil { throw unexpected("Expected \":\" or \"]\"") }
                parts[part] = token.number
                if part == 2 { step = token }
            }
            try advance()
        }
        guard part > 0 else {
            guard let index = parts[0] else { throw unexpected("Expected an index, a slice or \"*\"") }
            try match(.rightBracket, "\"]\" after the index")
            return try add(
                Instruction(operation: .elementOf, offset: Int32(offset), a: left, b: Int32(index)),
                over: left
            )
        }
        try match(.rightBracket, "\"]\" after the slice")
        if parts[2] == 0 { throw SyntaxFault(.invalidValue, "The step of a slice cannot be 0.", step.offset) }
        program.slices.append(SliceBounds(start: parts[0], stop: parts[1], step: parts[2] ?? 1))
        let slice = try add(
            Instruction(operation: .sliceOf, offset: Int32(offset), a: left, b: Int32(program.slices.count - 1)),
            over: left
        )
        return try projection(.projection, slice, power: Token.Kind.star.power, offset)
    }

    /// The rest of a multi-select list, behind its `[`.
    mutating func list(_ offset: Int) throws(SyntaxFault) -> Int32 {
        var steps: [Int32] = []
        while true {
            steps.append(try expression(0))
            if token.kind == .rightBracket { break }
            try match(.comma, "\",\" or \"]\"")
        }
        try advance()
        let first = Int32(program.operands.count)
        program.operands.append(contentsOf: steps)
        return try add(
            Instruction(operation: .list, offset: Int32(offset), a: first, b: Int32(steps.count)),
            over: steps
        )
    }

    /// The rest of a multi-select hash, behind its `{`.
    mutating func hash(_ offset: Int) throws(SyntaxFault) -> Int32 {
        var steps: [Int32] = []
        var names: [[UInt8]] = []
        while true {
            guard token.kind == .identifier || token.kind == .quotedIdentifier else {
                throw unexpected("Expected the name of a member")
            }
            names.append(token.text)
            try advance()
            try match(.colon, "\":\" after the name")
            steps.append(try expression(0))
            if token.kind == .rightBrace { break }
            try match(.comma, "\",\" or \"}\"")
        }
        try advance()
        let first = Int32(program.operands.count)
        program.operands.append(contentsOf: steps)
        let name = Int32(program.names.count)
        program.names.append(contentsOf: names)
        return try add(
            Instruction(operation: .hash, offset: Int32(offset), a: first, b: Int32(steps.count), c: name),
            over: steps
        )
    }
}
