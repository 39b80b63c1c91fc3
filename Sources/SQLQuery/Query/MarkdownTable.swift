/// Writes comma-separated values (RFC 4180) as a table of Markdown (GitHub Flavored Markdown, tables).
///
/// A line break in a cell becomes `<br>`, and a bar is escaped: else either would end the cell. Numbers are aligned to
/// the right.
struct MarkdownTable: RowFormatter {
    private let kinds: ColumnKinds
    private var output: [UInt8] = []
    private var isQuoted = false
    private var isHead = true
    private var columns = 1
    private var lineIsBegun = false
    /// The last byte, where what it means depends on the next one.
    private var previous: UInt8 = 0

    init(_ kinds: ColumnKinds) { self.kinds = kinds }

    mutating func take() -> [UInt8] {
        defer { output.removeAll(keepingCapacity: true) }
        return output
    }

    mutating func append(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes { append(byte) }
    }

    private mutating func append(_ byte: UInt8) {
        if !lineIsBegun {
            output.append(contentsOf: "| ".utf8)
            lineIsBegun = true
        }
        defer { previous = byte }
        switch byte {
        case UInt8(ascii: "\""):
            // Two of them inside quotes are one.
            if !isQuoted, previous == byte { output.append(byte) }
            isQuoted.toggle()
        case UInt8(ascii: ",") where !isQuoted:
            output.append(contentsOf: " | ".utf8)
            if isHead { columns += 1 }
            previous = 0
        case UInt8(ascii: "\n") where !isQuoted: endLine()
        case UInt8(ascii: "\r") where !isQuoted: break
        case UInt8(ascii: "\n"): if previous != UInt8(ascii: "\r") { output.append(contentsOf: "<br>".utf8) }
        case UInt8(ascii: "\r"): output.append(contentsOf: "<br>".utf8)
        case UInt8(ascii: "|"): output.append(contentsOf: "\\|".utf8)
        default: output.append(byte)
        }
    }

    private mutating func endLine() {
        output.append(contentsOf: " |\n".utf8)
        lineIsBegun = false
        guard isHead else { return }
        isHead = false
        let rule = (0..<columns).map { kinds.isNumber($0) ? "---:|" : "---|" }.joined()
        output.append(contentsOf: "|\(rule)\n".utf8)
    }
}
