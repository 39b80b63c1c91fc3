internal import TextEncoding

/// A small JSON document, RFC 8259: what clouds answer with besides objects.
package enum JSONValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    /// As it was written.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// The document is not JSON.
    package struct Failure: Error, CustomStringConvertible {
        /// What is wrong, and where.
        package let description: String
    }

    /// Reads a document.
    ///
    /// - Throws: ``Failure``.
    package static func parse(_ bytes: [UInt8]) throws(Failure) -> JSONValue {
        var parser = JSONParser(bytes)
        return try parser.document()
    }

    /// The member of a name; `nil` when there is none, or when this is no object.
    package subscript(name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    /// The text; `nil` when this is no string.
    package var text: String? { if case .string(let text) = self { text } else { nil } }

    /// The elements; empty when this is no array.
    package var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }

    /// The members; empty when this is no object.
    package var members: [String: JSONValue] { if case .object(let members) = self { members } else { [:] } }

    /// The whole number, also one written as a string; `nil` when this is none.
    package var integer: Int64? {
        switch self {
        case .number(let text), .string(let text): Int64(text)
        default: nil
        }
    }

    /// A text as a JSON string, in quotation marks.
    package static func quote(_ text: String) -> String { JSONString.quoted(text) }
}

private struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    private static let maximumDepth = 64

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(JSONValue.Failure) -> JSONValue {
        let value = try value()
        skipSpace()
        if position < bytes.count { throw failure("something behind the end") }
        return value
    }

    private mutating func value() throws(JSONValue.Failure) -> JSONValue {
        skipSpace()
        guard position < bytes.count else { throw failure("its end where a value should be") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let start = position
            while position < bytes.count, "+-.eE0123456789".utf8.contains(bytes[position]) { position += 1 }
            return .number(String(decoding: bytes[start..<position], as: UTF8.self))
        default: throw failure("no value")
        }
    }

    private mutating func object() throws(JSONValue.Failure) -> JSONValue {
        try enter()
        defer { depth -= 1 }
        var members: [String: JSONValue] = [:]
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipSpace()
            let name = try string()
            guard take(UInt8(ascii: ":")) else { throw failure("no colon") }
            members[name] = try value()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw failure("an object without end") }
        return .object(members)
    }

    private mutating func array() throws(JSONValue.Failure) -> JSONValue {
        try enter()
        defer { depth -= 1 }
        var elements: [JSONValue] = []
        if take(UInt8(ascii: "]")) { return .array(elements) }
        repeat { elements.append(try value()) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw failure("an array without end") }
        return .array(elements)
    }

    private mutating func string() throws(JSONValue.Failure) -> String {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw failure("no string") }
        position += 1
        // Most strings, and all long ones, have nothing to be undone.
        if let end = bytes[position...].firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }),
            bytes[end] == UInt8(ascii: "\"")
        {
            defer { position = end + 1 }
            return String(decoding: bytes[position..<end], as: UTF8.self)
        }
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += try escape()
            default: text.append(byte)
            }
        }
        throw failure("a string without end")
    }

    private mutating func escape() throws(JSONValue.Failure) -> [UInt8] {
        guard position < bytes.count else { throw failure("a string without end") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "u"):
            var unit = try fourDigits()
            if (0xD800..<0xDC00).contains(unit), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            {
                position += 2
                let low = try fourDigits()
                guard (0xDC00..<0xE000).contains(low) else { throw failure("half a character") }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw failure("half a character") }
            return Array(String(Character(scalar)).utf8)
        default: throw failure("an unknown escape")
        }
    }

    private mutating func fourDigits() throws(JSONValue.Failure) -> UInt32 {
        guard position + 4 <= bytes.count else { throw failure("a string without end") }
        var value: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = Hexadecimal.value(byte) else { throw failure("an escape without its digits") }
            value = value << 4 | UInt32(digit)
        }
        position += 4
        return value
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONValue.Failure) -> JSONValue {
        guard bytes[position...].starts(with: word.description.utf8) else { throw failure("no value") }
        position += word.utf8CodeUnitCount
        return value
    }

    private mutating func enter() throws(JSONValue.Failure) {
        position += 1
        depth += 1
        if depth > Self.maximumDepth { throw failure("more than \(Self.maximumDepth) levels") }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private func failure(_ what: String) -> JSONValue.Failure {
        JSONValue.Failure(description: "the JSON has \(what) at byte \(position)")
    }
}
