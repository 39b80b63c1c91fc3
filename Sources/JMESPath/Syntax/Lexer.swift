internal import CSimdJSON

/// Cuts an expression into words (JMESPath specification, section "Grammar").
struct Lexer {
    private let bytes: [UInt8]
    private let json: TreeParser
    private var at = 0

    init(_ bytes: [UInt8], json: TreeParser) {
        self.bytes = bytes
        self.json = json
    }

    /// The next word; ``Token/Kind/end`` again and again at the end.
    mutating func next() throws(SyntaxFault) -> Token {
        while at < bytes.count, Lexer.isSpace(bytes[at]) { at += 1 }
        let start = at
        guard at < bytes.count else { return Token(kind: .end, offset: start, end: start) }
        at += 1
        switch bytes[start] {
        case UInt8(ascii: "."): return token(.dot, start)
        case UInt8(ascii: "*"): return token(.star, start)
        case UInt8(ascii: ","): return token(.comma, start)
        case UInt8(ascii: ":"): return token(.colon, start)
        case UInt8(ascii: "("): return token(.leftParenthesis, start)
        case UInt8(ascii: ")"): return token(.rightParenthesis, start)
        case UInt8(ascii: "{"): return token(.leftBrace, start)
        case UInt8(ascii: "}"): return token(.rightBrace, start)
        case UInt8(ascii: "]"): return token(.rightBracket, start)
        case UInt8(ascii: "["):
            if take(UInt8(ascii: "]")) { return token(.flatten, start) }
            return token(take(UInt8(ascii: "?")) ? .filter : .leftBracket, start)
        case UInt8(ascii: "|"): return token(take(UInt8(ascii: "|")) ? .or : .pipe, start)
        case UInt8(ascii: "&"): return token(take(UInt8(ascii: "&")) ? .and : .expressionReference, start)
        case UInt8(ascii: "<"): return token(take(UInt8(ascii: "=")) ? .lessOrEqual : .less, start)
        case UInt8(ascii: ">"): return token(take(UInt8(ascii: "=")) ? .greaterOrEqual : .greater, start)
        case UInt8(ascii: "!"): return token(take(UInt8(ascii: "=")) ? .notEqual : .not, start)
        case UInt8(ascii: "="):
            if take(UInt8(ascii: "=")) { return token(.equal, start) }
            throw SyntaxFault(.syntax, "A single \"=\" means nothing; write \"==\" to compare.", start)
        case UInt8(ascii: "@"): return try current(start)
        case UInt8(ascii: "'"): return try rawString(start)
        case UInt8(ascii: "`"): return try literal(start)
        case UInt8(ascii: "\""): return try quotedIdentifier(start)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(start)
        case let byte where Lexer.isIdentifierStart(byte): return identifier(start)
        default:
            let scalar = String(decoding: bytes[start...], as: UTF8.self).unicodeScalars.first.map { String($0) } ?? ""
            throw SyntaxFault(.syntax, "\"\(scalar)\" has no meaning in an expression.\(hint(start))", start)
        }
    }

    private func token(_ kind: Token.Kind, _ start: Int) -> Token { Token(kind: kind, offset: start, end: at) }

    private func hint(_ start: Int) -> String {
        bytes[start] >= 0x80 ? " A name with other than ASCII letters needs double quotes around it." : ""
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func identifier(_ start: Int) -> Token {
        while at < bytes.count, Lexer.isIdentifierStart(bytes[at]) || Lexer.isDigit(bytes[at]) { at += 1 }
        var token = token(.identifier, start)
        token.text = Array(bytes[start..<at])
        return token
    }

    /// `@`, or with a name right behind it the envelope, which the standard has no use for.
    private mutating func current(_ start: Int) throws(SyntaxFault) -> Token {
        guard at < bytes.count, Lexer.isIdentifierStart(bytes[at]) else { return token(.current, start) }
        let name = identifier(at)
        guard name.text.elementsEqual("event".utf8) else {
            let found = String(decoding: name.text, as: UTF8.self)
            throw SyntaxFault(
                .syntax,
                "There is no \"@\(found)\": write \"@\" or \"\(found)\" for the document, "
                    + "\"@event.id\" and the like for what surrounds it.",
                start
            )
        }
        return Token(kind: .envelope, offset: start, end: at)
    }

    private mutating func number(_ start: Int) throws(SyntaxFault) -> Token {
        while at < bytes.count, Lexer.isDigit(bytes[at]) { at += 1 }
        var token = token(.number, start)
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if text == "-" { throw SyntaxFault(.syntax, "A \"-\" must be followed by digits.", start) }
        guard let value = Int32(text) else {
            throw SyntaxFault(.syntax, "\(text) is too large for an index; no array is as long.", start)
        }
        token.number = Int(value)
        return token
    }

    /// What stands up to `delimiter`, a backslash before it taken away; any other stays with what it escapes.
    private mutating func delimited(_ delimiter: UInt8, _ start: Int, _ what: String) throws(SyntaxFault) -> [UInt8] {
        var text: [UInt8] = []
        while at < bytes.count, bytes[at] != delimiter {
            if bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count {
                if bytes[at + 1] != delimiter || delimiter == UInt8(ascii: "\"") { text.append(bytes[at]) }
                at += 1
            }
            text.append(bytes[at])
            at += 1
        }
        guard at < bytes.count else { throw SyntaxFault(.syntax, "The \(what) that begins here has no end.", start) }
        at += 1
        return text
    }

    private mutating func rawString(_ start: Int) throws(SyntaxFault) -> Token {
        let text = try delimited(UInt8(ascii: "'"), start, "string")
        var token = token(.literal, start)
        var output = ByteSink()
        unsafe text.withUnsafeBufferPointer { bytes in
            unsafe output.append(string: Text(bytes), asASCII: false)
        }
        token.text = output.array
        output.deallocate()
        return token
    }

    private mutating func quotedIdentifier(_ start: Int) throws(SyntaxFault) -> Token {
        let inner = try delimited(UInt8(ascii: "\""), start, "name")
        var token = token(.quotedIdentifier, start)
        guard let text = Lexer.unescaped(inner, json) else {
            throw SyntaxFault(.syntax, "The name between these quotes is no valid JSON string.", start)
        }
        token.text = text
        return token
    }

    /// A JSON value between backticks; what is none counts as text, as in the reference implementation, if it can.
    private mutating func literal(_ start: Int) throws(SyntaxFault) -> Token {
        let text = try delimited(UInt8(ascii: "`"), start, "literal")
        var token = token(.literal, start)
        switch json.fault(of: text) {
        case HW_JSON_OK: token.text = text
        case HW_JSON_TOO_DEEP: throw SyntaxFault(.tooDeep, "The literal is nested too deep.", start)
        default:
            let inner = Array(text.drop(while: Lexer.isSpace))
            guard !text.isEmpty, Lexer.unescaped(inner, json) != nil, !inner.contains(UInt8(ascii: "\"")) else {
                throw SyntaxFault(
                    .syntax,
                    "What stands between the backticks is no JSON value; write text as 'text'.",
                    start
                )
            }
            token.text = [UInt8(ascii: "\"")] + inner + [UInt8(ascii: "\"")]
        }
        return token
    }

    /// The text that the inside of a JSON string stands for, or `nil` when it is not valid.
    private static func unescaped(_ inner: [UInt8], _ json: TreeParser) -> [UInt8]? {
        let quote = UInt8(ascii: "\"")
        guard json.fault(of: [quote] + inner + [quote]) == HW_JSON_OK else { return nil }
        let count = inner.count
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            guard let output = buffer.baseAddress else { return }
            unsafe inner.withUnsafeBufferPointer { bytes in
                guard let input = bytes.baseAddress else { return }
                unsafe filled = max(0, hw_json_unescape(input, count, output))
            }
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
    private static func isIdentifierStart(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
    }
}

/// What is wrong with an expression, its place in bytes.
struct SyntaxFault: Error {
    var kind: JMESPathError.Kind
    var message: String
    var offset: Int

    init(_ kind: JMESPathError.Kind, _ message: String, _ offset: Int) {
        self.kind = kind
        self.message = message
        self.offset = offset
    }
}
