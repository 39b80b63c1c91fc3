import Parquet
import Testing

/// Writes records in the notation of `dump.py`.
struct RecordText {
    let schema: Schema
    let shapes: [RecordShape]

    func line(_ record: RecordValue) -> String {
        guard case .structure(let values) = record else { return "?" }
        return "{" + zip(values, shapes).map { text($0, $1) }.joined(separator: ",") + "}"
    }

    private func text(_ value: RecordValue, _ shape: RecordShape) -> String {
        switch (value, shape.kind) {
        case (.null, _): return "-"
        case (.structure(let values), .structure(let fields)):
            return "{" + zip(values, fields).map { text($0, $1) }.joined(separator: ",") + "}"
        case (.list(let values), .list(let element, _, _)):
            return "[" + values.map { text($0, element) }.joined(separator: ",") + "]"
        case (.map(let entries), .map(let key, let value, _, _)):
            // pyarrow reads a map without values as a list of its keys.
            guard let value else { return "[" + entries.map { text($0.key, key) }.joined(separator: ",") + "]" }
            let texts = entries.map { text($0.key, key) + ":" + text($0.value, value) }
            return "(" + texts.joined(separator: ",") + ")"
        case (_, .leaf(let leaf)): return text(value, schema.columns[leaf].logicalType)
        default: return "?"
        }
    }

    private func text(_ value: RecordValue, _ type: LogicalType?) -> String {
        var isUnsigned = false
        if case .integer(_, signed: false)? = type { isUnsigned = true }
        let isDecimal = if case .decimal? = type { true } else { false }
        switch value {
        case .boolean(let value): return value ? "t" : "f"
        case .int32(let value):
            if isDecimal { return "d" + Self.shortest(Self.bigEndian(Int64(value))) }
            return isUnsigned ? String(UInt32(bitPattern: value)) : String(value)
        case .int64(let value):
            if isDecimal { return "d" + Self.shortest(Self.bigEndian(value)) }
            return isUnsigned ? String(UInt64(bitPattern: value)) : String(value)
        case .float(let value): return "F" + Self.hex(value.bitPattern)
        case .double(let value): return "D" + Self.hex(value.bitPattern)
        case .bytes(let bytes): return isDecimal ? "d" + Self.shortest(bytes) : "x" + Self.hex(bytes)
        case .null, .structure, .list, .map: return "?"
        }
    }

    private static func bigEndian(_ value: Int64) -> [UInt8] {
        (0..<8).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// Two's complement without the bytes that only repeat the sign.
    private static func shortest(_ bytes: [UInt8]) -> String {
        var rest = bytes[...]
        while let first = rest.first, let second = rest.dropFirst().first,
            first == 0 && second < 0x80 || first == 0xff && second >= 0x80
        { rest = rest.dropFirst() }
        return hex(Array(rest))
    }

    private static func hex(_ bits: some FixedWidthInteger) -> String {
        let digits = String(bits, radix: 16)
        return String(repeating: "0", count: bits.bitWidth / 4 - digits.count) + digits
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(2 * bytes.count)
        for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Every row of a file in the notation of `dump.py`, without the fields named.
func lines(of file: ParquetFile, except excluded: [String] = [], maximumRows: Int = .max) throws -> [String] {
    let names = file.schema.fields.map(\.name).filter { !excluded.contains($0) }
    let assembler = try RecordAssembler(file.schema, fields: names)
    let columns = RecordAssembler.columns(of: names, in: file.schema)
    let text = RecordText(schema: file.schema, shapes: assembler.shapes)
    var lines: [String] = []
    for group in file.metadata.rowGroups.indices {
        var decoder = try file.decoder(file.plan(rowGroup: group, columns: columns))
        while let batch = try decoder.next(maximumRows: maximumRows) {
            lines += try assembler.records(batch).map(text.line)
        }
    }
    return lines
}

/// Fails with the first rows that differ.
func compare(_ found: [String], _ expected: [String], _ what: String) throws {
    #expect(found.count == expected.count, "\(what)")
    let differing = zip(found, expected).enumerated().first { $0.element.0 != $0.element.1 }
    if let (row, (found, expected)) = differing {
        Issue.record("\(what): row \(row) is \(found.prefix(2000)), pyarrow reads \(expected.prefix(2000))")
    }
}
