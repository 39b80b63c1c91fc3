/// A column by which the rows of a row group are sorted.
public struct SortingColumn: Sendable, Hashable {
    /// The number of the leaf.
    public var column: Int
    /// Whether the largest value comes first.
    public var descending: Bool
    /// Whether nulls come before all values.
    public var nullsFirst: Bool

    /// Makes a sorting column.
    public init(column: Int, descending: Bool = false, nullsFirst: Bool = false) {
        self.column = column
        self.descending = descending
        self.nullsFirst = nullsFirst
    }
}

extension SortingColumn {
    init(_ reader: inout CompactReader) throws(ParquetError) {
        self.init(column: 0)
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: column = Int(try reader.int32(field))
            case 2: descending = try reader.bool(field)
            case 3: nullsFirst = try reader.bool(field)
            default: try reader.skip(field)
            }
        }
    }

    func write(to writer: inout CompactWriter) {
        writer.structure { writer in
            writer.int32(1, Int32(truncatingIfNeeded: column))
            writer.bool(2, descending)
            writer.bool(3, nullsFirst)
        }
    }
}
