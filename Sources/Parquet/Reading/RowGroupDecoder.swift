/// Decodes the rows of a ``ReadPlan``, batch by batch.
///
/// Pages are decompressed when their first row is due, so memory holds the compressed bytes of the plan and one page
/// of each column.
public struct RowGroupDecoder: Sendable {
    private var columns: [ColumnChunkReader]
    private let rowGroup: Int
    private let rows: Range<Int>
    private let groupRowCount: Int
    private var row: Int
    private var failure: ParquetError?

    init(rowGroup: Int, columns: [ColumnChunkReader], rows: Range<Int>, groupRowCount: Int) {
        self.groupRowCount = groupRowCount
        self.rowGroup = rowGroup
        self.columns = columns
        self.rows = rows
        row = rows.lowerBound
    }

    /// The next rows, or `nil` behind the last.
    ///
    /// A batch ends where a page of any column ends, where the plan ends, or after `maximumRows`. Byte strings are
    /// views into decompressed pages; they are copied nowhere and keep the page alive. Strings are not checked for
    /// being UTF-8.
    ///
    /// - Throws: ``ParquetError`` with code `malformed`, `unsupported` or `limitExceeded`, naming the column and the
    ///   offset of the page; after an error every further call throws it again.
    public mutating func next(maximumRows: Int = .max) throws(ParquetError) -> RecordBatch? {
        if let failure { throw failure }
        guard row < rows.upperBound else { return nil }
        guard maximumRows > 0 else {
            throw ParquetError(.invalidArgument, "a batch of at most \(maximumRows) rows: it must be 1 or more")
        }
        do throws(ParquetError) {
            return try batch(maximumRows)
        } catch {
            failure = error
            throw error
        }
    }

    private mutating func batch(_ maximumRows: Int) throws(ParquetError) -> RecordBatch {
        var decompressor = Decompressor()
        var count = min(maximumRows, rows.upperBound - row)
        for index in columns.indices {
            if columns[index].nextRow < row { try columns[index].advance(to: row, &decompressor) }
            let available = try columns[index].availableRows(&decompressor)
            guard available > 0, columns[index].nextRow == row else {
                throw ParquetError(
                    .malformed,
                    "column \(columns[index].column.name) has no row \(row), its row group needs \(rows.upperBound)"
                )
            }
            count = min(count, available)
        }
        var data: [ColumnData] = []
        data.reserveCapacity(columns.count)
        for index in columns.indices { data.append(try columns[index].take(rows: count)) }
        if row + count == groupRowCount {
            for column in columns { try column.checkEnd() }
        }
        defer { row += count }
        return RecordBatch(rowGroup: rowGroup, rowRange: row..<(row + count), columns: data)
    }
}
