/// The schema of a table of flat columns, to be written.
///
/// Source: Delta Lake protocol, "Schema Serialization Format".
public struct DeltaSchema: Sendable, Hashable {
    /// The type of a column.
    public enum FieldType: String, Sendable, Hashable {
        /// UTF-8.
        case string
        /// Eight bytes, signed.
        case long
        /// Four bytes, signed.
        case integer
        /// IEEE 754 double.
        case double
        /// True or false.
        case boolean
        /// Any bytes.
        case binary
        /// Days since 1970.
        case date
        /// Microseconds since 1970 UTC.
        case timestamp
    }

    /// A column.
    public struct Field: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// Its type.
        public var type: FieldType
        /// Whether values may be null.
        public var isNullable: Bool

        /// Makes a column.
        public init(_ name: String, _ type: FieldType, isNullable: Bool) {
            self.name = name
            self.type = type
            self.isNullable = isNullable
        }
    }

    /// The columns in order.
    public var fields: [Field]

    /// Makes a schema.
    public init(_ fields: [Field]) {
        self.fields = fields
    }

    /// The text for ``DeltaMetadata/schemaString``.
    public var json: String {
        let fields = fields.map { field in
            JSONValue.object([
                "name": .string(field.name),
                "type": .string(field.type.rawValue),
                "nullable": .boolean(field.isNullable),
                "metadata": .object([:]),
            ])
        }
        let value = JSONValue.object(["type": .string("struct"), "fields": .array(fields)])
        return String(decoding: value.serialized, as: UTF8.self)
    }
}
