/// Writes JSON by hand: what the program says in JSON is flat, and payloads are passed on as they stand.
struct JSONText {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    init() { bytes.append(UInt8(ascii: "{")) }

    /// The object, closed.
    var text: String { String(decoding: bytes, as: UTF8.self) + "}" }

    mutating func add(_ name: String, _ value: String?) {
        guard let value else { return addRaw(name, "null") }
        begin(name)
        JSONText.append(string: Array(value.utf8), to: &bytes)
    }

    mutating func add(_ name: String, _ value: Int) { addRaw(name, String(value)) }

    mutating func add(_ name: String, _ value: Double) { addRaw(name, value.isFinite ? String(value) : "null") }

    mutating func add(_ name: String, _ value: Bool) { addRaw(name, value ? "true" : "false") }

    /// Adds a member whose value is JSON already.
    mutating func addRaw(_ name: String, _ json: String) {
        begin(name)
        bytes.append(contentsOf: json.utf8)
    }

    private mutating func begin(_ name: String) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
        JSONText.append(string: Array(name.utf8), to: &bytes)
        bytes.append(UInt8(ascii: ":"))
    }

    /// Texts as a JSON array.
    static func list(_ texts: [String]) -> String {
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        for (index, text) in texts.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(string: text.utf8, to: &bytes)
        }
        return String(decoding: bytes, as: UTF8.self) + "]"
    }

    /// Appends UTF-8 as a JSON string with its quotes (RFC 8259 section 7).
    static func append(string: some Sequence<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in string {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
            case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
            case 0..<32:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(byte < 16 ? 48 : 49)
                bytes.append(byte & 15 < 10 ? 48 + (byte & 15) : 87 + (byte & 15))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
