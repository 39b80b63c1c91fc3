internal import TextEncoding

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
        let fields = fields.map(\.json)
        let value = JSONValue.object(["type": .string("struct"), "fields": .array(fields)])
        return String(decoding: value.serialized, as: UTF8.self)
    }

    /// A schema with more columns at its end; those whose name is there already are left as they are.
    ///
    /// Source: Delta Lake protocol, "Schema Serialization Format"; names are told apart without regard to case.
    ///
    /// - Parameters:
    ///   - fields: The columns.
    ///   - schemaString: What ``DeltaMetadata/schemaString`` is, whoever wrote it.
    /// - Returns: The text with the columns; the same text when all are there.
    /// - Throws: ``DeltaLakeError/Code/malformed`` when the text is no schema; ``DeltaLakeError/Code/unsupported`` when
    ///   a column of such a name has another type.
    public static func adding(_ fields: [Field], to schemaString: String) throws -> String {
        guard let schema = try? JSONValue.parse(schemaString), case .object(var members) = schema,
            case .array(var columns)? = members["fields"]
        else {
            throw DeltaLakeError(
                .malformed,
                "The schema of the table is no JSON object with fields: \(schemaString.prefix(200))"
            )
        }
        let count = columns.count
        for field in fields {
            let name = field.name.lowercased()
            if let present = columns.first(where: { $0["name"]?.text?.lowercased() == name }) {
                guard present["name"]?.text == field.name, present["type"]?.text == field.type.rawValue else {
                    throw DeltaLakeError(
                        .unsupported,
                        "The table has a column \(present["name"]?.text ?? name) of the type "
                            + "\(present["type"]?.text ?? "struct") already; take another name than \(field.name)."
                    )
                }
                continue
            }
            columns.append(field.json)
        }
        if columns.count == count { return schemaString }
        members["fields"] = .array(columns)
        return String(decoding: JSONValue.object(members).serialized, as: UTF8.self)
    }
}

extension DeltaSchema.Field {
    fileprivate var json: JSONValue {
        .object([
            "name": .string(name),
            "type": .string(type.rawValue),
            "nullable": .boolean(isNullable),
            "metadata": .object([:]),
        ])
    }
}
