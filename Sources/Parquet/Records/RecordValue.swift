/// A value of a nested record, as a tree.
///
/// For files with few rows, such as the checkpoints of a table format: each value is an object of its own. Many rows
/// are better read as ``ColumnData``.
public indirect enum RecordValue: Sendable, Hashable {
    /// An entry of a map.
    public struct Entry: Sendable, Hashable {
        /// The key; the format wants each once, which nobody checks.
        public var key: RecordValue
        /// The value; ``RecordValue/null`` in a map without values.
        public var value: RecordValue

        /// Makes an entry.
        public init(_ key: RecordValue, _ value: RecordValue) {
            self.key = key
            self.value = value
        }
    }

    /// Absent.
    case null
    /// BOOLEAN.
    case boolean(Bool)
    /// INT32.
    case int32(Int32)
    /// INT64.
    case int64(Int64)
    /// FLOAT.
    case float(Float)
    /// DOUBLE.
    case double(Double)
    /// BYTE_ARRAY and FIXED_LEN_BYTE_ARRAY.
    case bytes([UInt8])
    /// A struct: one value for each field of the schema's group, in its order.
    case structure([RecordValue])
    /// A list, or a field that is repeated without being in one.
    case list([RecordValue])
    /// A map, in the order of the file.
    case map([Entry])

    /// Bytes of a text.
    public static func string(_ text: String) -> RecordValue { .bytes(Array(text.utf8)) }

    /// The bytes as UTF-8, repaired where they are not; `nil` for any other kind.
    public var text: String? {
        if case .bytes(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { nil }
    }

    /// Whether it is ``null``.
    public var isNull: Bool { if case .null = self { true } else { false } }
}
