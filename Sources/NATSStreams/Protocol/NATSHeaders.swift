internal import NIOCore

/// The headers of a message: a status that servers give, and named values.
///
/// Source: NATS ADR-4. Names are compared as they are; a value is what is between the colon and the end of its line,
/// less blanks.
struct NATSHeaders: Sendable, Equatable {
    /// Such as 404; `nil` for messages of others.
    private(set) var status: Int?
    /// What the status means.
    private(set) var description = ""
    private var values: [(name: String, value: String)] = []

    /// Reads headers; what is no header is passed over.
    init(_ bytes: ByteBuffer) {
        let lines = String(buffer: bytes).split(omittingEmptySubsequences: true) { $0 == "\r\n" || $0 == "\n" }
        guard let first = lines.first, first.hasPrefix("NATS/1.0") else { return }
        let words = first.dropFirst("NATS/1.0".count).split(separator: " ", maxSplits: 1)
        status = words.first.flatMap { $0.count == 3 ? Int($0) : nil }
        if status != nil, words.count == 2 { description = String(words[1]) }
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            values.append((String(line[..<colon]), String(value)))
        }
    }

    /// The first value of a name.
    subscript(name: String) -> String? { values.first { $0.name == name }?.value }

    static func == (left: Self, right: Self) -> Bool {
        left.status == right.status && left.description == right.description
            && left.values.elementsEqual(right.values) { $0 == $1 }
    }
}
