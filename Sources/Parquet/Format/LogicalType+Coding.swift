// Logical types stand twice in a file: as a union with parameters, and as the older enumeration that old readers know.
// Source: Apache Parquet format, `LogicalTypes.md` and `parquet.thrift` (LogicalType, ConvertedType).

extension LogicalType {
    /// Reads the union.
    init?(_ reader: inout CompactReader) throws(ParquetError) {
        var value: LogicalType?
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 5: value = try LogicalType.decimal(&reader, field)
            case 7:
                let (unit, utc) = try LogicalType.time(&reader, field)
                value = unit.map { .time($0, utc: utc) } ?? .unknown(7)
            case 8:
                let (unit, utc) = try LogicalType.time(&reader, field)
                value = unit.map { .timestamp($0, utc: utc) } ?? .unknown(8)
            case 10: value = try LogicalType.integer(&reader, field)
            default:
                try reader.skip(field)
                value = LogicalType.plain.first { $0.id == field.id }?.type ?? .unknown(Int(field.id))
            }
        }
        guard let value else { return nil }
        self = value
    }

    /// The members of the union that have no parameters.
    private static let plain: [(id: Int16, type: LogicalType)] = [
        (1, .string), (2, .map), (3, .list), (4, .enum), (6, .date), (11, .null), (12, .json), (13, .bson), (14, .uuid),
        (15, .float16),
    ]

    private static func decimal(
        _ reader: inout CompactReader,
        _ field: CompactField
    ) throws(ParquetError) -> LogicalType {
        try reader.structure(field)
        var scale = 0
        var precision = 0
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: scale = Int(try reader.int32(field))
            case 2: precision = Int(try reader.int32(field))
            default: try reader.skip(field)
            }
        }
        return .decimal(precision: precision, scale: scale)
    }

    private static func time(
        _ reader: inout CompactReader,
        _ field: CompactField
    ) throws(ParquetError) -> (unit: Unit?, utc: Bool) {
        try reader.structure(field)
        var unit: Unit?
        var utc = false
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: utc = try reader.bool(field)
            case 2:
                try reader.structure(field)
                var last: Int16 = 0
                while let member = try reader.nextField(after: &last) {
                    switch member.id {
                    case 1: unit = .milliseconds
                    case 2: unit = .microseconds
                    case 3: unit = .nanoseconds
                    default: break
                    }
                    try reader.skip(member)
                }
            default: try reader.skip(field)
            }
        }
        return (unit, utc)
    }

    private static func integer(
        _ reader: inout CompactReader,
        _ field: CompactField
    ) throws(ParquetError) -> LogicalType {
        try reader.structure(field)
        var bits = 0
        var signed = false
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: bits = Int(try reader.int32(field))
            case 2: signed = try reader.bool(field)
            default: try reader.skip(field)
            }
        }
        return .integer(bits: bits, signed: signed)
    }

    /// Writes the union as field `id`; ``unknown(_:)`` is left out, since its parameters are not known.
    func write(_ id: Int16, to writer: inout CompactWriter) {
        if case .unknown = self { return }
        writer.structure(id) { writer in
            switch self {
            case .decimal(let precision, let scale):
                writer.structure(5) { writer in
                    writer.int32(1, Int32(truncatingIfNeeded: scale))
                    writer.int32(2, Int32(truncatingIfNeeded: precision))
                }
            case .time(let unit, let utc): LogicalType.writeTime(7, unit, utc, to: &writer)
            case .timestamp(let unit, let utc): LogicalType.writeTime(8, unit, utc, to: &writer)
            case .integer(let bits, let signed):
                writer.structure(10) { writer in
                    writer.int8(1, Int8(truncatingIfNeeded: bits))
                    writer.bool(2, signed)
                }
            default:
                if let id = LogicalType.plain.first(where: { $0.type == self })?.id { writer.structure(id) { _ in } }
            }
        }
    }

    private static func writeTime(_ id: Int16, _ unit: Unit, _ utc: Bool, to writer: inout CompactWriter) {
        writer.structure(id) { writer in
            writer.bool(1, utc)
            let member: Int16 =
                switch unit {
                case .milliseconds: 1
                case .microseconds: 2
                case .nanoseconds: 3
                }
            writer.structure(2) { $0.structure(member) { _ in } }
        }
    }
}

extension LogicalType {
    /// The meaning of the older enumeration; `nil` for what has no counterpart (INTERVAL).
    init?(convertedType: Int32, scale: Int32, precision: Int32) {
        switch convertedType {
        case 0: self = .string
        // MAP_KEY_VALUE marks the outer group in some old files.
        case 1, 2: self = .map
        case 3: self = .list
        case 4: self = .enum
        case 5: self = .decimal(precision: Int(precision), scale: Int(scale))
        case 6: self = .date
        case 7: self = .time(.milliseconds, utc: true)
        case 8: self = .time(.microseconds, utc: true)
        case 9: self = .timestamp(.milliseconds, utc: true)
        case 10: self = .timestamp(.microseconds, utc: true)
        case 11...14: self = .integer(bits: 8 << Int(convertedType - 11), signed: false)
        case 15...18: self = .integer(bits: 8 << Int(convertedType - 15), signed: true)
        case 19: self = .json
        case 20: self = .bson
        default: return nil
        }
    }

    /// The number in the older enumeration; `nil` for what came later.
    var convertedType: Int32? {
        switch self {
        case .string: 0
        case .map: 1
        case .list: 3
        case .enum: 4
        case .decimal: 5
        case .date: 6
        case .time(.milliseconds, utc: true): 7
        case .time(.microseconds, utc: true): 8
        case .timestamp(.milliseconds, utc: true): 9
        case .timestamp(.microseconds, utc: true): 10
        case .integer(let bits, let signed):
            switch bits {
            case 8: signed ? 15 : 11
            case 16: signed ? 16 : 12
            case 32: signed ? 17 : 13
            case 64: signed ? 18 : 14
            default: nil
            }
        case .json: 19
        case .bson: 20
        default: nil
        }
    }
}
