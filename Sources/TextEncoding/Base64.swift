/// Base 64, RFC 4648 sections 4 and 5.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let urlAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The text of bytes; with the alphabet for URLs there is no padding.
    package static func encode(_ bytes: [UInt8], forURL: Bool = false) -> String {
        var text: [UInt8] = []
        unsafe bytes.withUnsafeBytes { unsafe append($0, forURL: forURL, to: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Adds the text of bytes, as ``encode(_:forURL:)`` makes it.
    package static func append(_ bytes: UnsafeRawBufferPointer, forURL: Bool = false, to text: inout [UInt8]) {
        let alphabet = forURL ? urlAlphabet : alphabet
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let left = bytes.count - start
            let first = unsafe bytes[start]
            let second = left > 1 ? unsafe bytes[start + 1] : 0
            let third = left > 2 ? unsafe bytes[start + 2] : 0
            text.append(alphabet[Int(first >> 2)])
            text.append(alphabet[Int((first & 3) << 4 | second >> 4)])
            if left > 1 { text.append(alphabet[Int((second & 15) << 2 | third >> 6)]) }
            if left > 2 { text.append(alphabet[Int(third & 63)]) }
            if left < 3, !forURL { text.append(contentsOf: repeatElement(UInt8(ascii: "="), count: 3 - left)) }
        }
    }

    /// The bytes of a text of either alphabet, white space left out; `nil` when it is something else.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var count = 0
        var isPadded = false
        for byte in text.utf8 {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit = byte - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): digit = byte - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"), UInt8(ascii: "-"): digit = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): digit = 63
            case UInt8(ascii: "="):
                isPadded = true
                continue
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: " "), UInt8(ascii: "\t"): continue
            default: return nil
            }
            if isPadded { return nil }
            bits = bits << 6 | UInt32(digit)
            count += 1
            if count == 4 {
                bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
                bytes.append(UInt8(truncatingIfNeeded: bits))
                (bits, count) = (0, 0)
            }
        }
        switch count {
        case 0: return bytes
        case 2: return bytes + [UInt8(truncatingIfNeeded: bits >> 4)]
        case 3: return bytes + [UInt8(truncatingIfNeeded: bits >> 10), UInt8(truncatingIfNeeded: bits >> 2)]
        default: return nil
        }
    }
}
