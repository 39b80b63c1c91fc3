/// A pair of the free-form metadata of a file or column chunk.
public struct KeyValue: Sendable, Hashable {
    /// The name.
    public var key: String
    /// The text, which a writer may leave out.
    public var value: String?

    /// Makes a pair.
    public init(_ key: String, _ value: String?) {
        self.key = key
        self.value = value
    }
}

extension KeyValue {
    init(_ reader: inout CompactReader) throws(ParquetError) {
        var key: String?
        var value: String?
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: key = try reader.string(field)
            case 2: value = try reader.string(field)
            default: try reader.skip(field)
            }
        }
        guard let key else { throw reader.malformed("a pair of the key-value metadata has no key") }
        self.init(key, value)
    }

    func write(to writer: inout CompactWriter) {
        writer.structure { writer in
            writer.string(1, key)
            if let value { writer.string(2, value) }
        }
    }

    /// Reads a list field of pairs.
    static func list(_ reader: inout CompactReader, _ field: CompactField) throws(ParquetError) -> [KeyValue] {
        let count = try reader.list(field, of: .structure)
        var pairs: [KeyValue] = []
        for _ in 0..<count { pairs.append(try KeyValue(&reader)) }
        return pairs
    }

    /// Writes a list field of pairs.
    static func write(_ pairs: [KeyValue], _ id: Int16, to writer: inout CompactWriter) {
        writer.list(id, of: .structure, count: pairs.count)
        for pair in pairs { pair.write(to: &writer) }
    }
}
