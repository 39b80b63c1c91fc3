/// How the values of a column compare, which its bounds depend on.
///
/// Source: Apache Parquet format, `parquet.thrift` (ColumnOrder, TypeDefinedOrder).
public enum ValueOrder: Sendable, Hashable {
    /// `false` before `true`.
    case boolean
    /// INT32, signed.
    case int32
    /// INT64, signed.
    case int64
    /// INT32, taken as unsigned.
    case uint32
    /// INT64, taken as unsigned.
    case uint64
    /// FLOAT; NaN has no place.
    case float
    /// DOUBLE; NaN has no place.
    case double
    /// Byte by byte, unsigned; a prefix comes before what it begins.
    case bytes
    /// Byte strings of equal length, as signed big-endian numbers.
    case signedBytes

    /// The order of a column; `nil` when none is defined or it is not supported (INT96, FLOAT16, null, unknown types,
    /// decimals in BYTE_ARRAY).
    public init?(_ column: Column) {
        switch column.logicalType {
        case .unknown, .null, .float16: return nil
        default: break
        }
        switch (column.type, column.logicalType) {
        case (.boolean, _): self = .boolean
        case (.int32, .integer(_, signed: false)): self = .uint32
        case (.int64, .integer(_, signed: false)): self = .uint64
        case (.int32, _): self = .int32
        case (.int64, _): self = .int64
        case (.float, _): self = .float
        case (.double, _): self = .double
        case (.byteArray, .decimal), (.int96, _): return nil
        case (.byteArray, _): self = .bytes
        case (.fixedLengthByteArray, .decimal): self = .signedBytes
        case (.fixedLengthByteArray, _): self = .bytes
        }
    }

    /// Whether the value `left` comes before `right`, both in PLAIN form without length prefix.
    ///
    /// NaN is never before anything; missing bytes of a number are taken as 0, so check ``byteCount`` first.
    public func isLess(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        switch self {
        case .boolean: return Self.number(left, 1) < Self.number(right, 1)
        case .int32:
            return Int32(truncatingIfNeeded: Self.number(left, 4)) < Int32(truncatingIfNeeded: Self.number(right, 4))
        case .int64: return Int64(bitPattern: Self.number(left, 8)) < Int64(bitPattern: Self.number(right, 8))
        case .uint32: return Self.number(left, 4) < Self.number(right, 4)
        case .uint64: return Self.number(left, 8) < Self.number(right, 8)
        case .float:
            return Float(bitPattern: UInt32(truncatingIfNeeded: Self.number(left, 4)))
                < Float(bitPattern: UInt32(truncatingIfNeeded: Self.number(right, 4)))
        case .double:
            return Double(bitPattern: Self.number(left, 8)) < Double(bitPattern: Self.number(right, 8))
        case .bytes: return left.lexicographicallyPrecedes(right)
        case .signedBytes:
            guard let first = left.first, let second = right.first else { return false }
            if first != second { return Int8(bitPattern: first) < Int8(bitPattern: second) }
            return left.lexicographicallyPrecedes(right)
        }
    }

    /// The length in bytes that a bound must have; `nil` when any will do.
    public var byteCount: Int? {
        switch self {
        case .boolean: 1
        case .int32, .uint32, .float: 4
        case .int64, .uint64, .double: 8
        case .bytes, .signedBytes: nil
        }
    }

    private static func number(_ bytes: [UInt8], _ length: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<min(length, bytes.count) { value |= UInt64(bytes[index]) << UInt64(8 * index) }
        return value
    }
}
