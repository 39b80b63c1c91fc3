/// Bounds of each data page of a column chunk, by which pages can be skipped.
///
/// Source: Apache Parquet format, `PageIndex.md` and `parquet.thrift` (ColumnIndex).
public struct ColumnIndex: Sendable, Hashable {
    /// How the bounds run from page to page.
    public enum BoundaryOrder: Int32, Sendable, Hashable {
        /// Neither way.
        case unordered = 0
        /// Minima and maxima never fall.
        case ascending = 1
        /// Minima and maxima never rise.
        case descending = 2
    }

    /// Which pages hold nulls only; their bounds are empty and mean nothing.
    public var nullPages: [Bool]
    /// A lower bound of each page; may be shorter than any value of the page.
    public var minimums: [[UInt8]]
    /// An upper bound of each page; may be shorter than any value of the page.
    public var maximums: [[UInt8]]
    /// How the bounds run; null pages do not count.
    public var boundaryOrder: BoundaryOrder
    /// How many nulls each page has; `nil` when not written.
    public var nullCounts: [Int64]?
    /// How many NaN each page has; `nil` when not written.
    public var nanCounts: [Int64]?

    /// Makes an index.
    public init(
        nullPages: [Bool],
        minimums: [[UInt8]],
        maximums: [[UInt8]],
        boundaryOrder: BoundaryOrder,
        nullCounts: [Int64]? = nil,
        nanCounts: [Int64]? = nil
    ) {
        self.nullPages = nullPages
        self.minimums = minimums
        self.maximums = maximums
        self.boundaryOrder = boundaryOrder
        self.nullCounts = nullCounts
        self.nanCounts = nanCounts
    }

    /// Reads an index that takes up all of `bytes`; `fileOffset` is where `bytes[0]` stands in the file.
    ///
    /// Lists of unequal length are refused as malformed.
    public static func parse(_ bytes: [UInt8], fileOffset: Int) throws(ParquetError) -> ColumnIndex {
        var reader = CompactReader(bytes, fileOffset: fileOffset)
        var index = ColumnIndex(nullPages: [], minimums: [], maximums: [], boundaryOrder: .unordered)
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1:
                let count = try reader.list(field, of: .yes)
                for _ in 0..<count { index.nullPages.append(try reader.boolElement()) }
            case 2:
                let count = try reader.list(field, of: .binary)
                for _ in 0..<count { index.minimums.append(try reader.binary()) }
            case 3:
                let count = try reader.list(field, of: .binary)
                for _ in 0..<count { index.maximums.append(try reader.binary()) }
            case 4: index.boundaryOrder = BoundaryOrder(rawValue: try reader.int32(field)) ?? .unordered
            case 5: index.nullCounts = try reader.int64List(field)
            case 8: index.nanCounts = try reader.int64List(field)
            default: try reader.skip(field)
            }
        }
        let count = index.nullPages.count
        guard index.minimums.count == count, index.maximums.count == count,
            index.nullCounts.map({ $0.count == count }) ?? true, index.nanCounts.map({ $0.count == count }) ?? true
        else { throw reader.malformed("the lists of a column index are of unequal length") }
        return index
    }

    func write(to writer: inout CompactWriter) {
        writer.structure { writer in
            writer.list(1, of: .yes, count: nullPages.count)
            for isNull in nullPages { writer.boolElement(isNull) }
            writer.list(2, of: .binary, count: minimums.count)
            for bound in minimums { writer.binary(bound) }
            writer.list(3, of: .binary, count: maximums.count)
            for bound in maximums { writer.binary(bound) }
            writer.int32(4, boundaryOrder.rawValue)
            if let nullCounts {
                writer.list(5, of: .int64, count: nullCounts.count)
                for count in nullCounts { writer.intElement(count) }
            }
            if let nanCounts {
                writer.list(8, of: .int64, count: nanCounts.count)
                for count in nanCounts { writer.intElement(count) }
            }
        }
    }
}
