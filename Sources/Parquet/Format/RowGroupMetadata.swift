/// A horizontal slice of a file: one chunk of each column.
///
/// Source: Apache Parquet format, `parquet.thrift` (RowGroup).
public struct RowGroupMetadata: Sendable, Hashable {
    /// The chunks, in the order of ``Schema/columns``.
    public var columns: [ColumnChunkMetadata]
    /// Length of all pages before compression, in bytes.
    public var uncompressedByteCount: Int
    /// How many rows.
    public var rowCount: Int
    /// By what the rows are sorted, most significant first; empty when nothing is promised.
    public var sortingColumns: [SortingColumn]
    /// Length of all pages in the file, in bytes; `nil` when not written.
    public var compressedByteCount: Int?

    /// Makes a row group.
    public init(
        columns: [ColumnChunkMetadata],
        uncompressedByteCount: Int,
        rowCount: Int,
        sortingColumns: [SortingColumn] = [],
        compressedByteCount: Int? = nil
    ) {
        self.columns = columns
        self.uncompressedByteCount = uncompressedByteCount
        self.rowCount = rowCount
        self.sortingColumns = sortingColumns
        self.compressedByteCount = compressedByteCount
    }
}

extension RowGroupMetadata {
    init(_ reader: inout CompactReader) throws(ParquetError) {
        var columns: [ColumnChunkMetadata]?
        var size: Int?
        var rows: Int?
        var sorting: [SortingColumn] = []
        var compressed: Int?
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1:
                let count = try reader.list(field, of: .structure)
                var chunks: [ColumnChunkMetadata] = []
                for _ in 0..<count { chunks.append(try ColumnChunkMetadata(&reader)) }
                columns = chunks
            case 2: size = try reader.size(field)
            case 3: rows = try reader.size(field)
            case 4:
                let count = try reader.list(field, of: .structure)
                for _ in 0..<count { sorting.append(try SortingColumn(&reader)) }
            case 6: compressed = try reader.size(field)
            default: try reader.skip(field)
            }
        }
        guard let columns, let size, let rows else { throw reader.malformed("a row group lacks a required field") }
        self.init(
            columns: columns,
            uncompressedByteCount: size,
            rowCount: rows,
            sortingColumns: sorting,
            compressedByteCount: compressed
        )
    }

    func write(schema: Schema, ordinal: Int, to writer: inout CompactWriter) {
        writer.structure { writer in
            writer.list(1, of: .structure, count: columns.count)
            for (chunk, column) in zip(columns, schema.columns) { chunk.write(column: column, to: &writer) }
            writer.int64(2, uncompressedByteCount)
            writer.int64(3, rowCount)
            if !sortingColumns.isEmpty {
                writer.list(4, of: .structure, count: sortingColumns.count)
                for column in sortingColumns { column.write(to: &writer) }
            }
            if let first = columns.first { writer.int64(5, first.pages.offset) }
            if let compressedByteCount { writer.int64(6, compressedByteCount) }
            // The field has 16 bits; beyond that it is left out, as it may be.
            if let ordinal = Int16(exactly: ordinal) { writer.int16(7, ordinal) }
        }
    }
}
