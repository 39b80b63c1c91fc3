internal import CSimdJSON

/// Takes the text of a path apart, left to right.
struct FieldPathScanner {
    private let text: String
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    static func startsName(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return byte == UInt8(ascii: "_") || (lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z"))
    }

    static func continuesName(_ byte: UInt8) -> Bool {
        startsName(byte) || isDigit(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    mutating func path() throws(FieldPathError) -> [FieldPath.Step] {
        guard !bytes.isEmpty else { throw fault("it is empty; name a field") }
        var steps: [FieldPath.Step] = []
        if peek != UInt8(ascii: "[") { steps.append(try member()) }
        while let next = peek {
            switch next {
            case UInt8(ascii: "."):
                position += 1
                steps.append(try member())
            case UInt8(ascii: "["):
                steps.append(try element())
            case UInt8(ascii: "-"):
                throw fault("a name with `-` stands in double quotes, such as \"created-at\"")
            default:
                throw fault(
                    "expected `.`, `[` or the end; other names than of letters, digits and _ stand in double quotes"
                )
            }
        }
        return steps
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func member() throws(FieldPathError) -> FieldPath.Step {
        guard let first = peek else { throw fault("expected a name") }
        if first == UInt8(ascii: "\"") { return .member(try quotedName()) }
        guard FieldPathScanner.startsName(first) else {
            throw fault("expected a name; names that are not of letters, digits and _ stand in double quotes")
        }
        let start = position
        while let byte = peek, FieldPathScanner.continuesName(byte) { position += 1 }
        return .member(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func quotedName() throws(FieldPathError) -> String {
        let open = position
        position += 1
        while let byte = peek, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw fault("a control character in a name is written as \\u00XX") }
            position += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        guard position < bytes.count else {
            position = open
            throw fault("the closing quote is missing")
        }
        let inside = bytes[(open + 1)..<position]
        guard !inside.isEmpty else {
            position = open
            throw fault("a name has at least one character")
        }
        var length = -1
        let name = unsafe [UInt8](unsafeUninitializedCapacity: inside.count) { output, count in
            length = unsafe inside.withUnsafeBufferPointer {
                unsafe hw_json_unescape($0.baseAddress, $0.count, output.baseAddress)
            }
            count = max(length, 0)
        }
        guard length >= 0 else {
            position = open
            throw fault("the name has an escape sequence that JSON does not know")
        }
        position += 1
        return String(decoding: name, as: UTF8.self)
    }

    private mutating func element() throws(FieldPathError) -> FieldPath.Step {
        position += 1
        guard let first = peek, FieldPathScanner.isDigit(first) else {
            throw fault("expected the number of an element, from 0")
        }
        var index: UInt32 = 0
        let start = position
        while let byte = peek, FieldPathScanner.isDigit(byte) {
            let (scaled, overflow) = index.multipliedReportingOverflow(by: 10)
            let (sum, carry) = scaled.addingReportingOverflow(UInt32(byte - UInt8(ascii: "0")))
            guard !overflow, !carry else {
                position = start
                throw fault("the number is too large")
            }
            index = sum
            position += 1
        }
        guard peek == UInt8(ascii: "]") else { throw fault("expected `]`") }
        position += 1
        return .element(index)
    }

    private func fault(_ reason: String) -> FieldPathError {
        let before = String(decoding: bytes[..<min(position, bytes.count)], as: UTF8.self)
        return FieldPathError(path: text, column: before.count + 1, reason: reason)
    }
}
