internal import CloudSupport
internal import RecordStreams

/// How keys become subjects and subjects keys: a text such as `orders.{key}`.
///
/// In a subject a key keeps its dots, which part it into tokens, and everything else that subjects may have. What they
/// may not have is percent-encoded: blanks, control characters, `*`, `>`, `%`, and dots that would make a token empty.
public struct NATSSubject: Sendable, Hashable, CustomStringConvertible {
    /// The key alone is the subject.
    public static let wholeKey = NATSSubject(prefix: "", suffix: "", hasKey: true)

    let prefix: String
    let suffix: String
    /// Whether the key is part of it.
    public let hasKey: Bool

    private init(prefix: String, suffix: String, hasKey: Bool) {
        self.prefix = prefix
        self.suffix = suffix
        self.hasKey = hasKey
    }

    /// Reads a text in which `{key}` stands for the key, at most once.
    ///
    /// - Throws: ``StreamError/Code/invalidURL`` when no subject can be made of it.
    public init(_ text: String) throws {
        let parts = text.split(separator: "{key}", omittingEmptySubsequences: false).map(String.init)
        let whole = parts.joined(separator: "k")
        let isPlain = whole.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !"*>%{}".utf8.contains($0) }
        guard parts.count <= 2, isPlain, Self.hasTokens(whole.utf8) else {
            throw StreamError(
                .invalidURL,
                "\"\(text)\" makes no subject: write a text without blanks, `*` and `>`, with {key} at most once, such as "
                    + "`orders.{key}`."
            )
        }
        self.init(prefix: parts[0], suffix: parts.count == 2 ? parts[1] : "", hasKey: parts.count == 2)
    }

    /// The text.
    public var description: String { hasKey ? prefix + "{key}" + suffix : prefix }

    /// Whether no token between dots is empty.
    private static func hasTokens(_ text: some Sequence<UInt8>) -> Bool {
        var last = UInt8(ascii: ".")
        for byte in text {
            if byte == UInt8(ascii: "."), last == byte { return false }
            last = byte
        }
        return last != UInt8(ascii: ".")
    }

    /// Writes the subject of a key.
    func write(_ key: String, into bytes: inout [UInt8]) {
        bytes.append(contentsOf: prefix.utf8)
        if !hasKey { return }
        let start = bytes.count
        var isPlain = true
        for byte in key.utf8 {
            isPlain = isPlain && byte > 0x20 && byte != 0x7F && byte != 0x25 && byte != 0x2A && byte != 0x3E
            bytes.append(byte)
        }
        if !isPlain || !Self.hasTokens(key.utf8) {
            bytes.removeSubrange(start...)
            Self.escape(key, into: &bytes)
        }
        bytes.append(contentsOf: suffix.utf8)
    }

    private static func escape(_ key: String, into bytes: inout [UInt8]) {
        let digits = Array("0123456789ABCDEF".utf8)
        var last = UInt8(ascii: ".")
        let end = key.utf8.count - 1
        for (index, byte) in key.utf8.enumerated() {
            let isEdge = byte == UInt8(ascii: ".") && (last == UInt8(ascii: ".") || index == end)
            if isEdge || byte <= 0x20 || byte == 0x7F || "%*>".utf8.contains(byte) {
                bytes.append(contentsOf: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]])
                last = UInt8(ascii: "%")
            } else {
                bytes.append(byte)
                last = byte
            }
        }
    }

    /// The key of a subject; the whole subject when it is not of this form.
    func key(of subject: String) -> String {
        let bytes = subject.utf8
        let (before, behind) = (prefix.utf8.count, suffix.utf8.count)
        guard hasKey, bytes.count > before + behind, bytes.starts(with: prefix.utf8),
            bytes.suffix(behind).elementsEqual(suffix.utf8)
        else { return subject }
        let inner = Substring(bytes.dropFirst(before).dropLast(behind))
        if !inner.utf8.contains(UInt8(ascii: "%")) { return String(inner) }
        return PercentEncoding.decode(inner) ?? String(inner)
    }

    /// Whether a stream that takes these subjects, with `*` and `>` as NATS has them, takes one.
    static func matches(_ subject: String, _ patterns: [String]) -> Bool {
        let tokens = subject.split(separator: ".", omittingEmptySubsequences: false)
        return patterns.contains { pattern in
            let wanted = pattern.split(separator: ".", omittingEmptySubsequences: false)
            for (index, token) in wanted.enumerated() {
                if token == ">" { return tokens.count > index }
                guard index < tokens.count, token == "*" || token == tokens[index] else { return false }
            }
            return wanted.count == tokens.count
        }
    }
}
