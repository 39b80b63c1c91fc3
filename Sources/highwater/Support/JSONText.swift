internal import TextEncoding

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
        JSONString.append(value, to: &bytes)
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
        JSONString.append(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
    }

    /// Texts as a JSON array.
    static func list(_ texts: [String]) -> String {
        "[" + texts.map(JSONString.quoted).joined(separator: ",") + "]"
    }
}
