/// Some consecutive rows of a row group, one run of values for each projected column.
public struct RecordBatch: Sendable {
    /// The row group's number.
    public var rowGroup: Int
    /// Which rows, counted from the start of the row group.
    public var rowRange: Range<Int>
    /// The columns in the order they were asked for.
    public var columns: [ColumnData]

    /// Makes a batch from its parts.
    public init(rowGroup: Int, rowRange: Range<Int>, columns: [ColumnData]) {
        self.rowGroup = rowGroup
        self.rowRange = rowRange
        self.columns = columns
    }

    /// How many rows.
    public var rowCount: Int { rowRange.count }
}
