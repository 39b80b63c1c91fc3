/// The rules a key keeps in every store, and how keys compare.
///
/// Keys are compared by their UTF-8 bytes, as object stores do. Swift's own `==` on `String` takes a letter with a
/// combining accent for the composed letter, which would merge two objects into one.
public enum ObjectKey {
    /// The longest key, in UTF-8 bytes; the limit of S3 and of Google Cloud Storage.
    public static let maximumByteCount = 1024

    /// Refuses a key that some store could not hold, or that could leave a store's root.
    ///
    /// Refused are: the empty key, more than ``maximumByteCount`` bytes, `/` at either end, an empty component, the
    /// components `.` and `..`, and the control bytes 0 to 31 and 127. Linear in the key's length.
    ///
    /// - Throws: ``ObjectStoreError/Code/invalidKey``, with the rule that was broken.
    public static func validate(_ key: String) throws {
        if let violation = firstViolation(in: key) {
            throw ObjectStoreError(.invalidKey, "The key \(quoted(key)) \(violation); choose another.")
        }
    }

    /// The rule that a key breaks, as the end of a sentence; `nil` when it keeps them all.
    package static func firstViolation(in key: String) -> String? {
        var total = 0
        var componentLength = 0
        var componentIsAllDots = true
        for byte in key.utf8 {
            total += 1
            switch byte {
            case UInt8(ascii: "/"):
                if componentLength == 0 {
                    return total == 1 ? "begins with a slash" : "has two slashes in a row"
                }
                if componentIsAllDots, componentLength <= 2 { return dotViolation }
                componentLength = 0
                componentIsAllDots = true
            case 0..<0x20, 0x7F:
                return "contains the control byte \(byte) at offset \(total - 1)"
            default:
                componentLength += 1
                if byte != UInt8(ascii: ".") { componentIsAllDots = false }
            }
        }
        if total == 0 { return "is empty" }
        if componentLength == 0 { return "ends with a slash" }
        if componentIsAllDots, componentLength <= 2 { return dotViolation }
        if total > maximumByteCount { return "is \(total) bytes long, more than \(maximumByteCount)" }
        return nil
    }

    private static let dotViolation = "has a component that is `.` or `..`"

    /// Whether one key comes before another, by UTF-8 bytes.
    package static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    /// Whether two keys are the same bytes.
    package static func areIdentical(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8)
    }

    /// Whether a key begins with the bytes of a prefix.
    package static func hasPrefix(_ key: String, _ prefix: String) -> Bool {
        key.utf8.starts(with: prefix.utf8)
    }

    /// A key fit for a message: in quotation marks, control characters escaped, shortened when very long.
    package static func quoted(_ key: String) -> String {
        var text = "\""
        for scalar in key.unicodeScalars.prefix(256) { text += scalar.escaped(asASCII: false) }
        if key.unicodeScalars.dropFirst(256).first != nil { text += "…" }
        return text + "\""
    }
}
