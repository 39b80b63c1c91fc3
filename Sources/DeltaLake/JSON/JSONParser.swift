/// Reads one JSON document (RFC 8259) from UTF-8.
///
/// Refused are: nesting deeper than 64, numbers longer than 64 characters, halves of surrogate pairs, a member name
/// that stands twice, and text that is no UTF-8. Everything else that RFC 8259 allows is read.
package struct JSONParser {
    /// What is wrong, and how many bytes from the start.
    package struct Failure: Error, Hashable {
        package var reason: String
        package var offset: Int
    }

    private static let deepest = 64
    private static let longestNumber = 64

    private let bytes: ArraySlice<UInt8>
    private var position: Int
    private let end: Int

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
        end = bytes.endIndex
    }

    /// The value of a document.
    ///
    /// - Complexity: O(n) in its bytes.
    package static func parse(_ bytes: ArraySlice<UInt8>) throws(Failure) -> JSONValue {
        var parser = JSONParser(bytes)
        parser.skipSpace()
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == parser.end else { throw parser.failure("something follows the value") }
        return value
    }

    static func parse(_ text: String) throws(Failure) -> JSONValue { try parse(Array(text.utf8)[...]) }

    private func failure(_ reason: String) -> Failure {
        Failure(reason: reason, offset: position - bytes.startIndex)
    }

    private var next: UInt8? { position < end ? bytes[position] : nil }

    private mutating func skipSpace() {
        while position < end {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
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
        guard bytes[position..<end].starts(with: expected) else { throw failure("no value begins like this") }
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
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
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
        let start = position
        while position < end {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let text = try text(bytes[start..<position])
                position += 1
                return text
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case 0..<0x20: throw failure("a control character in a string")
            default: position += 1
            }
        }
        throw failure("a string has no end")
    }

    private func text(_ utf8: some Collection<UInt8>) throws(Failure) -> String {
        guard let text = String(validating: utf8, as: UTF8.self) else {
            throw failure("a string that ends here is no UTF-8")
        }
        return text
    }

    /// The rest of a string that has an escape sequence at the position.
    private mutating func escapedString(from start: Int) throws(Failure) -> String {
        var unescaped = Array(bytes[start..<position])
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                let text = try text(unescaped)
                position += 1
                return text
            case UInt8(ascii: "\\"):
                position += 1
                try escape(to: &unescaped)
            case 0..<0x20: throw failure("a control character in a string")
            default:
                unescaped.append(byte)
                position += 1
            }
        }
        throw failure("a string has no end")
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
