/// Reads one document; ``JSONValue/parse(_:)-(ArraySlice<UInt8>)`` says what is refused.
///
/// Every access is checked against the length; the bytes outlive the parser, which never leaves `JSONValue.parse`.
@safe struct JSONParser {
    typealias Failure = JSONValue.Failure

    private static let deepest = 64
    private static let longestNumber = 64

    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private let end: Int

    init(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.bytes = bytes
        end = bytes.count
    }

    mutating func document() throws(Failure) -> JSONValue {
        skipSpace()
        let value = try value(depth: 0)
        skipSpace()
        guard position == end else { throw failure("something follows the value") }
        return value
    }

    private func failure(_ reason: String) -> Failure { Failure(reason: reason, offset: position) }

    private var next: UInt8? { position < end ? unsafe bytes[position] : nil }

    private func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(Failure) -> JSONValue {
        guard depth <= JSONParser.deepest else { throw failure("it nests deeper than \(JSONParser.deepest)") }
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try literal("true")
            return .boolean(true)
        case UInt8(ascii: "f"):
            try literal("false")
            return .boolean(false)
        case UInt8(ascii: "n"):
            try literal("null")
            return .null
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
        case nil: throw failure("it ends where a value should be")
        default: throw failure("no value begins like this")
        }
    }

    private mutating func literal(_ text: StaticString) throws(Failure) {
        let expected = text.description.utf8
        guard unsafe slice(position..<end).starts(with: expected) else { throw failure("no value begins like this") }
        position += expected.count
    }

    private mutating func object(depth: Int) throws(Failure) -> JSONValue {
        position += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("a member's name should be here") }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw failure("a colon should be here") }
            skipSpace()
            let value = try value(depth: depth + 1)
            guard members.updateValue(value, forKey: name) == nil else {
                throw failure("a member of this name stands before")
            }
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw failure("a comma or the end of the object should be here") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(Failure) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        repeat {
            skipSpace()
            elements.append(try value(depth: depth + 1))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw failure("a comma or the end of the array should be here") }
        return .array(elements)
    }

    private mutating func number() throws(Failure) -> JSONValue {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        let integerEnd = position
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        guard position - start <= JSONParser.longestNumber else {
            throw failure("a number of more than \(JSONParser.longestNumber) characters")
        }
        let text = unsafe String(decoding: slice(start..<position), as: UTF8.self)
        // Only -0 has another text than its value.
        if position == integerEnd, text != "-0", let value = Int64(text) { return .integer(value) }
        return .number(text)
    }

    private mutating func digits() throws(Failure) {
        let start = position
        while let byte = next, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { position += 1 }
        guard position > start else { throw failure("a digit should be here") }
    }

    // MARK: Strings

    private mutating func string() throws(Failure) -> String {
        position += 1
        var unescaped: [UInt8] = []
        while true {
            let start = position
            let isASCII = skipPlain()
            let plain = start..<position
            switch next {
            case UInt8(ascii: "\"") where isASCII && unescaped.isEmpty:
                // Most strings, and all long ones: nothing has to be undone or checked.
                position += 1
                return unsafe String(decoding: slice(plain), as: UTF8.self)
            case UInt8(ascii: "\""):
                unsafe unescaped.append(contentsOf: slice(plain))
                guard let text = String(validating: unescaped, as: UTF8.self) else {
                    throw failure("a string that ends here is no UTF-8")
                }
                position += 1
                return text
            case UInt8(ascii: "\\"):
                position += 1
                unsafe unescaped.append(contentsOf: slice(plain))
                try escape(to: &unescaped)
            case nil: throw failure("a string has no end")
            default: throw failure("a control character in a string")
            }
        }
    }

    /// Goes to the next byte of a string that does not stand for itself, or to the end, and says whether all up to it
    /// are ASCII.
    private mutating func skipPlain() -> Bool {
        let highs: UInt64 = 0x8080_8080_8080_8080
        var all: UInt64 = 0
        // Eight at a time, as long as none of them is one.
        while position + 8 <= end {
            let word = unsafe bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            if JSONParser.hasSpecial(word) { break }
            all |= word
            position += 8
        }
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
            all |= UInt64(byte)
            position += 1
        }
        return all & highs == 0
    }

    /// Whether one of eight bytes is a quotation mark, a backslash or a control character.
    private static func hasSpecial(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let (quotes, backslashes) = (word ^ ones &* 0x22, word ^ ones &* 0x5C)
        // Less one each, a byte that was zero has its highest bit set; less 32, one that was a control character. What
        // that takes from the byte above can only matter when there is such a byte already.
        let borrowed =
            (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes | (word &- ones &* 0x20) & ~word
        return borrowed & (ones &* 0x80) != 0
    }

    private mutating func escape(to output: inout [UInt8]) throws(Failure) {
        guard let byte = next else { throw failure("a string has no end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(byte)
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if 0xD800..<0xDC00 ~= code {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw failure("half a surrogate pair") }
                let low = try hexadecimal()
                guard 0xDC00..<0xE000 ~= low else { throw failure("half a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("half a surrogate pair") }
            output += String(Character(scalar)).utf8
        default: throw failure("no escape sequence is like this")
        }
    }

    private mutating func hexadecimal() throws(Failure) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            switch next {
            case .some(let byte) where UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte:
                code = code << 4 | UInt32(byte - UInt8(ascii: "0"))
            case .some(let byte) where UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte | 0x20:
                code = code << 4 | UInt32((byte | 0x20) - UInt8(ascii: "a") + 10)
            default: throw failure("four hexadecimal digits should be here")
            }
            position += 1
        }
        return code
    }
}
