/// Reads the little JSON that the catalog keeps of the index: objects, arrays, numbers, and texts without escapes.
struct IndexJSONScanner {
    /// The text is not of the form expected.
    struct Malformed: Error {
        /// Where, in bytes from the start.
        let position: Int
    }

    private let bytes: [UInt8]
    private(set) var position = 0
    private var depth = 0
    private static let deepest = 32

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// Whether only white space is left.
    var isAtEnd: Bool { bytes[position...].allSatisfy { IndexJSONScanner.isSpace($0) } }

    /// Goes through the members of an object; the closure must read each value.
    mutating func object(
        _ member: (String, inout IndexJSONScanner) throws(Malformed) -> Void
    ) throws(Malformed) {
        try enter("{")
        if skip("}") { return leave() }
        repeat {
            let name = try string()
            try expect(":")
            try member(name, &self)
        } while skip(",")
        try expect("}")
        leave()
    }

    /// Goes through the elements of an array; the closure must read each.
    mutating func array(_ element: (inout IndexJSONScanner) throws(Malformed) -> Void) throws(Malformed) {
        try enter("[")
        if skip("]") { return leave() }
        repeat { try element(&self) } while skip(",")
        try expect("]")
        leave()
    }

    /// A text; one with escapes is malformed here, since nothing we write has any.
    mutating func string() throws(Malformed) -> String {
        let text = try rawString()
        guard !text.contains(UInt8(ascii: "\\")) else { throw Malformed(position: position) }
        return String(decoding: text, as: UTF8.self)
    }

    /// A whole number.
    mutating func number() throws(Malformed) -> Int {
        skipSpace()
        let start = position
        while position < bytes.count, IndexJSONScanner.isPlain(bytes[position]) { position += 1 }
        guard let number = Int(String(decoding: bytes[start..<position], as: UTF8.self)) else {
            throw Malformed(position: start)
        }
        return number
    }

    /// Passes over a value of any kind.
    mutating func skipValue() throws(Malformed) {
        skipSpace()
        guard position < bytes.count else { throw Malformed(position: position) }
        switch bytes[position] {
        case UInt8(ascii: "\""): _ = try rawString()
        case UInt8(ascii: "["):
            try array { scanner throws(Malformed) in try scanner.skipValue() }
        case UInt8(ascii: "{"):
            try enter("{")
            if skip("}") { return leave() }
            repeat {
                _ = try rawString()
                try expect(":")
                try skipValue()
            } while skip(",")
            try expect("}")
            leave()
        default:
            let start = position
            while position < bytes.count, IndexJSONScanner.isPlain(bytes[position]) { position += 1 }
            guard position > start else { throw Malformed(position: start) }
        }
    }

    private mutating func rawString() throws(Malformed) -> ArraySlice<UInt8> {
        try expect("\"")
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return bytes[start..<(position - 1)]
            case UInt8(ascii: "\\"): position += 2
            default: position += 1
            }
        }
        throw Malformed(position: start)
    }

    private mutating func enter(_ mark: Unicode.Scalar) throws(Malformed) {
        try expect(mark)
        depth += 1
        guard depth <= IndexJSONScanner.deepest else { throw Malformed(position: position) }
    }

    private mutating func leave() { depth -= 1 }

    private mutating func expect(_ mark: Unicode.Scalar) throws(Malformed) {
        guard skip(mark) else { throw Malformed(position: position) }
    }

    private mutating func skip(_ mark: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: mark) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, IndexJSONScanner.isSpace(bytes[position]) { position += 1 }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...10).contains(byte) || byte == 13 }

    /// What numbers, `true`, `false` and `null` are made of.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }
}
