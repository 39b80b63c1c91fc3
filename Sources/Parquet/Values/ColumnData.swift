/// Values of one leaf column, one case per physical type of the Parquet format.
public enum ColumnValues: Sendable {
    /// BOOLEAN.
    case boolean([Bool])
    /// INT32.
    case int32([Int32])
    /// INT64.
    case int64([Int64])
    /// FLOAT.
    case float([Float])
    /// DOUBLE.
    case double([Double])
    /// BYTE_ARRAY and FIXED_LEN_BYTE_ARRAY.
    case bytes(ByteArrays)
}

/// A run of one leaf column: values and the levels that place them (Dremel encoding).
///
/// For a flat required column there are no levels. For a flat optional one `definitionLevels[i]` is 1 where row `i` has
/// a value. For nested ones the levels are those of the Parquet specification. `values` is dense: it has one entry per
/// level that equals the column's maximum definition level.
public struct ColumnData: Sendable {
    /// The values that are there, in order.
    public var values: ColumnValues
    /// One per slot; `nil` when every slot has a value.
    public var definitionLevels: [UInt8]?
    /// One per slot; `nil` when the column is not repeated (each slot is a row).
    public var repetitionLevels: [UInt8]?

    /// Makes a run from its parts.
    public init(_ values: ColumnValues, definitionLevels: [UInt8]? = nil, repetitionLevels: [UInt8]? = nil) {
        self.values = values
        self.definitionLevels = definitionLevels
        self.repetitionLevels = repetitionLevels
    }
}
