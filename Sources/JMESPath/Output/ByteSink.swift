internal import CSimdJSON

/// Bytes to be handed out, in memory that grows and is kept; the owner deallocates it.
@safe
struct ByteSink {
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 256) {
        unsafe start = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    func deallocate() { unsafe start.deallocate() }

    var bytes: UnsafeBufferPointer<UInt8> { unsafe UnsafeBufferPointer(start: start, count: count) }
    var array: [UInt8] { unsafe Array(bytes) }

    /// Takes back what was added since there were `length` bytes.
    mutating func truncate(to length: Int) { count = length }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if capacity - count < more { grow(more) }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        capacity = max(2 * capacity, count + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        unsafe larger.update(from: start, count: count)
        unsafe start.deallocate()
        unsafe start = larger
    }

    mutating func append(_ byte: UInt8) {
        reserve(1)
        unsafe start[count] = byte
        count += 1
    }

    mutating func append(_ text: Text) {
        guard let from = unsafe text.start, text.count > 0 else { return }
        reserve(text.count)
        unsafe (start + count).update(from: from, count: text.count)
        count += text.count
    }

    mutating func append(_ text: StaticString) { append(Text(text)) }

    /// A string as it stands in a document, without its quotes.
    mutating func append(raw text: Text, isEscaped: Bool, asASCII: Bool, arena: Arena) {
        if isEscaped { return append(string: arena.unescape(text), asASCII: asASCII) }
        if asASCII { return append(string: text, asASCII: true) }
        append(UInt8(ascii: "\""))
        append(text)
        append(UInt8(ascii: "\""))
    }

    /// A string in quotes; with `asASCII`, all other characters as escape sequences.
    mutating func append(string text: Text, asASCII: Bool) {
        append(UInt8(ascii: "\""))
        var plain = 0
        var at = 0
        while at < text.count {
            let byte = text[at]
            if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte < 0x80 || !asASCII {
                at += 1
                continue
            }
            append(text.prefix(at).dropFirst(plain))
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case 0x08: append("\\b")
            case 0x0C: append("\\f")
            case 0x0A: append("\\n")
            case 0x0D: append("\\r")
            case 0x09: append("\\t")
            case 0..<0x80: append(escape: UInt16(byte))
            default:
                let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
                for unit in text.prefix(at + length).dropFirst(at).string.utf16 { append(escape: unit) }
                at += length - 1
            }
            at += 1
            plain = at
        }
        append(text.dropFirst(plain))
        append(UInt8(ascii: "\""))
    }

    private mutating func append(escape unit: UInt16) {
        append("\\u")
        for shift in [12, 8, 4, 0] {
            let digit = UInt8(truncatingIfNeeded: unit >> UInt16(shift)) & 15
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}

extension Arena {
    /// The text that the inside of a JSON string stands for; the parser has checked its escape sequences.
    func unescape(_ raw: Text) -> Text {
        let output = unsafe text(raw.count)
        let count = unsafe hw_json_unescape(raw.start, raw.count, output)
        return unsafe Text(output, max(0, count))
    }
}
