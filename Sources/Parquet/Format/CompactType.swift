/// The type nibble of the Thrift compact protocol.
///
/// Source: Apache Thrift, `doc/specs/thrift-compact-protocol.md`.
enum CompactType: UInt8 {
    case yes = 1
    case no = 2
    case int8 = 3
    case int16 = 4
    case int32 = 5
    case int64 = 6
    case double = 7
    case binary = 8
    case list = 9
    case set = 10
    case map = 11
    case structure = 12
    case uuid = 13
}

/// The header of one field of a structure.
struct CompactField {
    /// The number the IDL gives the field.
    var id: Int16
    /// How its value is written; a boolean field's value is in the type itself.
    var type: CompactType
}
