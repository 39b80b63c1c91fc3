/// What is known of the values of a column chunk or page without reading them.
///
/// Bounds are values in PLAIN form without the length prefix of byte arrays. They are compared as ``ColumnOrder`` says.
///
/// Source: Apache Parquet format, `parquet.thrift` (Statistics).
public struct Statistics: Sendable, Hashable {
    /// No value is below it; `nil` when unknown.
    public var minimum: [UInt8]?
    /// No value is above it; `nil` when unknown.
    public var maximum: [UInt8]?
    /// How many slots are null; `nil` when unknown.
    public var nullCount: Int?
    /// How many different values there are; `nil` when unknown.
    public var distinctCount: Int?
    /// How many values are NaN; `nil` when unknown.
    public var nanCount: Int?
    /// Whether ``minimum`` is a value of the column, not just a bound; `nil` when the writer did not say.
    public var isMinimumExact: Bool?
    /// Whether ``maximum`` is a value of the column, not just a bound; `nil` when the writer did not say.
    public var isMaximumExact: Bool?
    /// The deprecated lower bound, in signed byte order whatever the type: of use for signed numbers only.
    public var legacyMinimum: [UInt8]?
    /// The deprecated upper bound, in signed byte order whatever the type: of use for signed numbers only.
    public var legacyMaximum: [UInt8]?

    /// Statistics that say nothing.
    public init() {}
}

extension Statistics {
    init(_ reader: inout CompactReader) throws(ParquetError) {
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: legacyMaximum = try reader.binary(field)
            case 2: legacyMinimum = try reader.binary(field)
            case 3: nullCount = try reader.size(field)
            case 4: distinctCount = try reader.size(field)
            case 5: maximum = try reader.binary(field)
            case 6: minimum = try reader.binary(field)
            case 7: isMaximumExact = try reader.bool(field)
            case 8: isMinimumExact = try reader.bool(field)
            case 9: nanCount = try reader.size(field)
            default: try reader.skip(field)
            }
        }
    }

    func write(to writer: inout CompactWriter) {
        if let legacyMaximum { writer.binary(1, legacyMaximum) }
        if let legacyMinimum { writer.binary(2, legacyMinimum) }
        if let nullCount { writer.int64(3, nullCount) }
        if let distinctCount { writer.int64(4, distinctCount) }
        if let maximum { writer.binary(5, maximum) }
        if let minimum { writer.binary(6, minimum) }
        if let isMaximumExact { writer.bool(7, isMaximumExact) }
        if let isMinimumExact { writer.bool(8, isMinimumExact) }
        if let nanCount { writer.int64(9, nanCount) }
    }
}
