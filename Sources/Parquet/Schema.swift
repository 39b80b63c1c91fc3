/// The shape of a file's rows: a tree whose leaves are the columns.
///
/// Source: Apache Parquet format, `parquet.thrift` (SchemaElement) and `LogicalTypes.md`.
public struct Schema: Sendable, Hashable {
    /// The fields of a row.
    public var fields: [Field]
    /// The leaves in file order, with their levels.
    public let columns: [Column]

    /// Makes a schema; the leaves are numbered depth first.
    public init(_ fields: [Field]) {
        self.fields = fields
        var columns: [Column] = []
        for field in fields { Schema.collect(field, path: [], definition: 0, repetition: 0, into: &columns) }
        self.columns = columns
    }

    /// The number of the leaf with this path (`["tags", "list", "element"]`); `nil` when there is none.
    public func column(_ path: String...) -> Int? { columns.firstIndex { $0.path == path } }

    private static func collect(
        _ field: Field,
        path: [String],
        definition: Int,
        repetition: Int,
        into columns: inout [Column]
    ) {
        let path = path + [field.name]
        let definition = definition + (field.repetition == .required ? 0 : 1)
        let repetition = repetition + (field.repetition == .repeated ? 1 : 0)
        switch field.kind {
        case .leaf(let type, let logical):
            columns.append(
                Column(
                    path: path,
                    type: type,
                    logicalType: logical,
                    maximumDefinitionLevel: definition,
                    maximumRepetitionLevel: repetition
                )
            )
        case .group(let children, _):
            for child in children {
                collect(child, path: path, definition: definition, repetition: repetition, into: &columns)
            }
        }
    }
}

/// A node of a schema.
public struct Field: Sendable, Hashable {
    /// How often a field stands in its parent.
    public enum Repetition: Sendable, Hashable {
        /// Exactly once.
        case required
        /// Once or not at all.
        case optional
        /// Any number of times.
        case repeated
    }

    /// A leaf with a type, or a group of fields.
    public indirect enum Kind: Sendable, Hashable {
        /// A column.
        case leaf(PhysicalType, LogicalType?)
        /// A struct, or the outer node of a list or map.
        case group([Field], LogicalType?)
    }

    /// The field's name.
    public var name: String
    /// How often it stands.
    public var repetition: Repetition
    /// What it is.
    public var kind: Kind
    /// The writer's own number for the field, if it gave one (Delta and Iceberg do).
    public var id: Int32?

    /// A leaf.
    public static func leaf(
        _ name: String,
        _ type: PhysicalType,
        _ logical: LogicalType? = nil,
        _ repetition: Repetition = .required,
        id: Int32? = nil
    ) -> Field {
        Field(name: name, repetition: repetition, kind: .leaf(type, logical), id: id)
    }

    /// A struct.
    public static func group(
        _ name: String,
        _ fields: [Field],
        _ repetition: Repetition = .required,
        logicalType: LogicalType? = nil
    ) -> Field {
        Field(name: name, repetition: repetition, kind: .group(fields, logicalType), id: nil)
    }

    /// A list in the standard three-level form; `element` is renamed `element`.
    public static func list(_ name: String, of element: Field, _ repetition: Repetition = .required) -> Field {
        var element = element
        element.name = "element"
        return .group(name, [.group("list", [element], .repeated)], repetition, logicalType: .list)
    }

    /// A map in the standard form; `key` must be required.
    public static func map(
        _ name: String,
        key: Field,
        value: Field,
        _ repetition: Repetition = .required
    ) -> Field {
        var key = key
        key.name = "key"
        var value = value
        value.name = "value"
        return .group(name, [.group("key_value", [key, value], .repeated)], repetition, logicalType: .map)
    }
}

/// How the bytes of a value lie.
public enum PhysicalType: Sendable, Hashable {
    /// One bit.
    case boolean
    /// Four bytes, signed.
    case int32
    /// Eight bytes, signed.
    case int64
    /// Twelve bytes; deprecated, read as unsupported.
    case int96
    /// IEEE 754 single.
    case float
    /// IEEE 754 double.
    case double
    /// Any number of bytes.
    case byteArray
    /// Always this many bytes.
    case fixedLengthByteArray(Int)
}

/// What a value means.
public enum LogicalType: Sendable, Hashable {
    /// How fine a time is.
    public enum Unit: Sendable, Hashable {
        /// 10⁻³ s.
        case milliseconds
        /// 10⁻⁶ s.
        case microseconds
        /// 10⁻⁹ s.
        case nanoseconds
    }
    /// UTF-8.
    case string
    /// A map group.
    case map
    /// A list group.
    case list
    /// UTF-8 from a closed set.
    case `enum`
    /// A number with `scale` digits behind the point.
    case decimal(precision: Int, scale: Int)
    /// Days since 1970.
    case date
    /// Time of day.
    case time(Unit, utc: Bool)
    /// Time since 1970.
    case timestamp(Unit, utc: Bool)
    /// An integer of 8 to 64 bits.
    case integer(bits: Int, signed: Bool)
    /// Always null.
    case null
    /// A JSON document in UTF-8.
    case json
    /// A BSON document.
    case bson
    /// 16 bytes.
    case uuid
    /// IEEE 754 half in two bytes.
    case float16
    /// A type this module has no name for; the field number of `parquet.thrift`.
    case unknown(Int)
}

/// A leaf of a schema.
public struct Column: Sendable, Hashable {
    /// The names from the root down to the leaf.
    public var path: [String]
    /// Bytes of a value.
    public var type: PhysicalType
    /// Meaning of a value.
    public var logicalType: LogicalType?
    /// The definition level at which a value is there.
    public var maximumDefinitionLevel: Int
    /// The number of repeated ancestors, the leaf included.
    public var maximumRepetitionLevel: Int

    /// The path with dots between, for messages.
    public var name: String { path.joined(separator: ".") }
}
