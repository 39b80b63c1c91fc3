/// Where the data pages of a column chunk stand and which rows they hold.
///
/// Source: Apache Parquet format, `PageIndex.md` and `parquet.thrift` (OffsetIndex).
public struct OffsetIndex: Sendable, Hashable {
    /// One data page.
    public struct Page: Sendable, Hashable {
        /// Offset of the page header from the start of the file.
        public var offset: Int
        /// Length in bytes, header included.
        public var compressedByteCount: Int
        /// The page's first row, counted from the start of the row group.
        public var firstRow: Int

        /// Makes an entry.
        public init(offset: Int, compressedByteCount: Int, firstRow: Int) {
            self.offset = offset
            self.compressedByteCount = compressedByteCount
            self.firstRow = firstRow
        }
    }

    /// The data pages in file order.
    public var pages: [Page]
    /// The payload bytes of each page of a BYTE_ARRAY column; `nil` when not written.
    public var unencodedByteArrayByteCounts: [Int64]?

    /// Makes an index.
    public init(pages: [Page], unencodedByteArrayByteCounts: [Int64]? = nil) {
        self.pages = pages
        self.unencodedByteArrayByteCounts = unencodedByteArrayByteCounts
    }

    /// Reads an index that takes up all of `bytes`; `fileOffset` is where `bytes[0]` stands in the file.
    ///
    /// Pages whose rows or offsets do not ascend are refused as malformed.
    public static func parse(_ bytes: [UInt8], fileOffset: Int) throws(ParquetError) -> OffsetIndex {
        var reader = CompactReader(bytes, fileOffset: fileOffset)
        var index = OffsetIndex(pages: [])
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1:
                let count = try reader.list(field, of: .structure)
                for _ in 0..<count {
                    let page = try Page(&reader)
                    if let before = index.pages.last,
                        before.firstRow > page.firstRow || before.offset >= page.offset
                    {
                        throw reader.malformed("the pages of an offset index are out of order")
                    }
                    index.pages.append(page)
                }
            case 2: index.unencodedByteArrayByteCounts = try reader.int64List(field)
            default: try reader.skip(field)
            }
        }
        return index
    }

    func write(to writer: inout CompactWriter) {
        writer.structure { writer in
            writer.list(1, of: .structure, count: pages.count)
            for page in pages {
                writer.structure { writer in
                    writer.int64(1, page.offset)
                    writer.int32(2, Int32(truncatingIfNeeded: page.compressedByteCount))
                    writer.int64(3, page.firstRow)
                }
            }
            if let counts = unencodedByteArrayByteCounts {
                writer.list(2, of: .int64, count: counts.count)
                for count in counts { writer.intElement(count) }
            }
        }
    }
}

extension OffsetIndex.Page {
    fileprivate init(_ reader: inout CompactReader) throws(ParquetError) {
        var offset: Int?
        var size: Int?
        var row: Int?
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: offset = try reader.size(field)
            case 2: size = try reader.size(field)
            case 3: row = try reader.size(field)
            default: try reader.skip(field)
            }
        }
        guard let offset, let size, let row else { throw reader.malformed("a page location lacks a field") }
        self.init(offset: offset, compressedByteCount: size, firstRow: row)
    }
}
