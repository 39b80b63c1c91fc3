/// Where the values of one column in one row group stand, and what is known of them.
///
/// The column's type and path are not repeated here: chunks stand in the order of ``Schema/columns``, which
/// ``FileMetadata/parse(_:fileOffset:)`` verifies by type.
///
/// Source: Apache Parquet format, `parquet.thrift` (ColumnChunk, ColumnMetaData).
public struct ColumnChunkMetadata: Sendable, Hashable {
    /// A part of the file.
    public struct Extent: Sendable, Hashable {
        /// From the start of the file, in bytes.
        public var offset: Int
        /// In bytes.
        public var byteCount: Int

        /// Makes an extent.
        public init(offset: Int, byteCount: Int) {
            self.offset = offset
            self.byteCount = byteCount
        }
    }

    /// How many pages of a kind have an encoding.
    public struct EncodingCount: Sendable, Hashable {
        /// The kind's number: 0 data, 2 dictionary, 3 data of version 2.
        public var pageType: Int32
        /// The encoding of their values.
        public var encoding: Encoding
        /// How many.
        public var pageCount: Int
    }

    /// The file the pages are in, if not this one; files split this way are not supported.
    public var filePath: String?
    /// Every encoding used in the chunk, for values or levels.
    public var encodings: [Encoding] = []
    /// How pages are compressed.
    public var codec: CompressionCodec = .uncompressed
    /// How many slots, nulls included.
    public var valueCount: Int = 0
    /// Length of all pages with headers before compression, in bytes.
    public var uncompressedByteCount: Int = 0
    /// Length of all pages with headers in the file, in bytes.
    public var compressedByteCount: Int = 0
    /// Offset of the first data page.
    public var dataPageOffset: Int = 0
    /// Offset of the dictionary page; `nil` when there is none, for which some writers put 0.
    public var dictionaryPageOffset: Int?
    /// Bounds and counts.
    public var statistics: Statistics?
    /// How many pages have which encoding; `nil` when not written.
    public var encodingCounts: [EncodingCount]?
    /// Offset of the Bloom filter's header; `nil` when there is no filter.
    public var bloomFilterOffset: Int?
    /// Length of the Bloom filter with its header; `nil` when not written (older writers).
    public var bloomFilterByteCount: Int?
    /// The payload bytes of a BYTE_ARRAY column; `nil` when not written.
    public var unencodedByteArrayByteCount: Int?
    /// Where the ``OffsetIndex`` is; `nil` when there is none.
    public var offsetIndex: Extent?
    /// Where the ``ColumnIndex`` is; `nil` when there is none.
    public var columnIndex: Extent?
    /// The writer's own pairs.
    public var keyValueMetadata: [KeyValue] = []
    /// Whether the chunk is encrypted; such a chunk cannot be read.
    public var isEncrypted = false
    /// The number of the physical type, to be compared with the schema's.
    var typeNumber: Int32 = 0

    /// A chunk without pages.
    public init() {}

    /// All pages of the chunk: from the dictionary page, or else the first data page, ``compressedByteCount`` bytes.
    public var pages: Extent {
        var start = dataPageOffset
        if let dictionary = dictionaryPageOffset, dictionary > 0 {
            // A chunk without data pages has 0 for the first of them.
            start = start == 0 ? dictionary : min(start, dictionary)
        }
        return Extent(offset: start, byteCount: compressedByteCount)
    }
}

extension ColumnChunkMetadata {
    init(_ reader: inout CompactReader) throws(ParquetError) {
        var hasMetadata = false
        var offsetIndex: (offset: Int?, size: Int?)
        var columnIndex: (offset: Int?, size: Int?)
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: filePath = try reader.string(field)
            case 3:
                try reader.structure(field)
                try readMetadata(&reader)
                hasMetadata = true
            case 4: offsetIndex.offset = try reader.size(field)
            case 5: offsetIndex.size = try reader.size(field)
            case 6: columnIndex.offset = try reader.size(field)
            case 7: columnIndex.size = try reader.size(field)
            case 8, 9:
                isEncrypted = true
                try reader.skip(field)
            default: try reader.skip(field)
            }
        }
        if !hasMetadata && !isEncrypted { throw reader.malformed("a column chunk has no metadata") }
        if let offset = offsetIndex.offset, let size = offsetIndex.size, size > 0 {
            self.offsetIndex = Extent(offset: offset, byteCount: size)
        }
        if let offset = columnIndex.offset, let size = columnIndex.size, size > 0 {
            self.columnIndex = Extent(offset: offset, byteCount: size)
        }
    }

    private mutating func readMetadata(_ reader: inout CompactReader) throws(ParquetError) {
        // One bit for each required field met.
        var found: UInt32 = 0
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            if field.id > 0 && field.id < 32 { found |= 1 << UInt32(field.id) }
            switch field.id {
            case 1: typeNumber = try reader.int32(field)
            case 2:
                let count = try reader.list(field, of: .int32)
                encodings.reserveCapacity(count)
                for _ in 0..<count { encodings.append(Encoding(rawValue: try reader.int32Element())) }
            case 4: codec = CompressionCodec(rawValue: try reader.int32(field))
            case 5: valueCount = try reader.size(field)
            case 6: uncompressedByteCount = try reader.size(field)
            case 7: compressedByteCount = try reader.size(field)
            case 8: keyValueMetadata = try KeyValue.list(&reader, field)
            case 9: dataPageOffset = try reader.size(field)
            case 11: dictionaryPageOffset = try reader.size(field)
            case 12:
                try reader.structure(field)
                statistics = try Statistics(&reader)
            case 13:
                let count = try reader.list(field, of: .structure)
                var counts: [EncodingCount] = []
                for _ in 0..<count { counts.append(try EncodingCount(&reader)) }
                encodingCounts = counts
            // Dremio wrote lists of its own under a number that was given to the Bloom filter later.
            case 14 where field.type == .int64: bloomFilterOffset = try reader.size(field)
            case 15 where field.type == .int32: bloomFilterByteCount = try reader.size(field)
            case 16 where field.type == .structure: try readSizes(&reader, field)
            default: try reader.skip(field)
            }
        }
        let required: UInt32 = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 9
        if found & required != required { throw reader.malformed("a column chunk lacks a required field") }
    }

    private mutating func readSizes(_ reader: inout CompactReader, _ field: CompactField) throws(ParquetError) {
        try reader.structure(field)
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: unencodedByteArrayByteCount = try reader.size(field)
            default: try reader.skip(field)
            }
        }
    }

    func write(column: Column, to writer: inout CompactWriter) {
        writer.structure { writer in
            // The deprecated file_offset is still required.
            writer.int64(2, pages.offset)
            writer.structure(3) { writeMetadata(column, to: &$0) }
            if let offsetIndex {
                writer.int64(4, offsetIndex.offset)
                writer.int32(5, Int32(truncatingIfNeeded: offsetIndex.byteCount))
            }
            if let columnIndex {
                writer.int64(6, columnIndex.offset)
                writer.int32(7, Int32(truncatingIfNeeded: columnIndex.byteCount))
            }
        }
    }

    private func writeMetadata(_ column: Column, to writer: inout CompactWriter) {
        writer.int32(1, column.type.number)
        writer.list(2, of: .int32, count: encodings.count)
        for encoding in encodings { writer.intElement(Int64(encoding.rawValue)) }
        writer.list(3, of: .binary, count: column.path.count)
        for name in column.path { writer.string(name) }
        writer.int32(4, codec.rawValue)
        writer.int64(5, valueCount)
        writer.int64(6, uncompressedByteCount)
        writer.int64(7, compressedByteCount)
        if !keyValueMetadata.isEmpty { KeyValue.write(keyValueMetadata, 8, to: &writer) }
        writer.int64(9, dataPageOffset)
        if let dictionaryPageOffset { writer.int64(11, dictionaryPageOffset) }
        if let statistics { writer.structure(12) { statistics.write(to: &$0) } }
        if let encodingCounts {
            writer.list(13, of: .structure, count: encodingCounts.count)
            for count in encodingCounts { count.write(to: &writer) }
        }
        if let bloomFilterOffset { writer.int64(14, bloomFilterOffset) }
        if let bloomFilterByteCount { writer.int32(15, Int32(truncatingIfNeeded: bloomFilterByteCount)) }
        if let unencodedByteArrayByteCount { writer.structure(16) { $0.int64(1, unencodedByteArrayByteCount) } }
    }
}

extension ColumnChunkMetadata.EncodingCount {
    fileprivate init(_ reader: inout CompactReader) throws(ParquetError) {
        var type: Int32?
        var encoding: Int32?
        var count: Int32?
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: type = try reader.int32(field)
            case 2: encoding = try reader.int32(field)
            case 3: count = try reader.int32(field)
            default: try reader.skip(field)
            }
        }
        guard let type, let encoding, let count else { throw reader.malformed("a page count lacks a field") }
        pageType = type
        self.encoding = Encoding(rawValue: encoding)
        pageCount = Int(count)
    }

    fileprivate func write(to writer: inout CompactWriter) {
        writer.structure { writer in
            writer.int32(1, pageType)
            writer.int32(2, encoding.rawValue)
            writer.int32(3, Int32(truncatingIfNeeded: pageCount))
        }
    }
}
