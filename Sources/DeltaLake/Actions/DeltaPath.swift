/// The two forms of a data file's path: the key of the object, and the URI reference that stands in the log.
///
/// Source: Delta Lake protocol, "Add File and Remove File"; RFC 3986 section 2.1.
enum DeltaPath {
    /// The longest path that is believed, in bytes.
    private static let longest = 4096

    /// Encodes a key: all but unreserved characters, `/` and `=` become `%XX`.
    static func encode(_ key: String) -> String {
        if key.utf8.allSatisfy(isPlain) { return key }
        var output: [UInt8] = []
        for byte in key.utf8 {
            if isPlain(byte) {
                output.append(byte)
            } else {
                output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The key that a reference stands for.
    ///
    /// - Throws: Why it is none of an object beneath the table.
    static func decode(_ reference: String) throws(ActionFault) -> String {
        guard !reference.isEmpty, reference.utf8.count <= longest else {
            throw ActionFault("a path of \(reference.utf8.count) bytes; 1 to \(longest) are possible")
        }
        if let colon = reference.utf8.firstIndex(of: UInt8(ascii: ":")),
            !reference.utf8[..<colon].contains(UInt8(ascii: "/"))
        {
            throw ActionFault("the path \"\(reference)\" is absolute", isUnsupported: true)
        }
        var key = reference
        if reference.utf8.contains(UInt8(ascii: "%")) {
            var bytes: [UInt8] = []
            var rest = reference.utf8[...]
            while let byte = rest.popFirst() {
                guard byte == UInt8(ascii: "%") else {
                    bytes.append(byte)
                    continue
                }
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    throw ActionFault("the path \"\(reference)\" has a % without two hexadecimal digits")
                }
                bytes.append(high << 4 | low)
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw ActionFault("the path \"\(reference)\" stands for bytes that are no UTF-8")
            }
            key = text
        }
        if key.utf8.first == UInt8(ascii: "/") {
            throw ActionFault("the path \"\(reference)\" is absolute", isUnsupported: true)
        }
        for component in key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard !component.isEmpty, !component.elementsEqual(".".utf8), !component.elementsEqual("..".utf8),
                !component.contains(0)
            else { throw ActionFault("the path \"\(reference)\" is none of an object") }
        }
        return key
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
