/// What stands before each page of a column chunk.
///
/// Source: Apache Parquet format, `parquet.thrift` (PageHeader).
public struct PageHeader: Sendable, Hashable {
    /// What kind of page follows, with what only that kind has.
    public enum Kind: Sendable, Hashable {
        /// Levels and values, compressed together.
        case data(DataPage)
        /// Never written by anybody; to be skipped.
        case index
        /// The values that indices of the chunk's data pages point to.
        case dictionary(DictionaryPage)
        /// Levels that are never compressed, then values.
        case dataV2(DataPageV2)
        /// A kind this module has no name for, with its number; to be skipped.
        case unknown(Int32)
    }

    /// The header of a page of version 1.
    public struct DataPage: Sendable, Hashable {
        /// How many slots, nulls included.
        public var valueCount: Int
        /// How the values are written.
        public var encoding: Encoding
        /// How the definition levels are written.
        public var definitionLevelEncoding: Encoding
        /// How the repetition levels are written.
        public var repetitionLevelEncoding: Encoding
        /// Bounds of this page's values.
        public var statistics: Statistics?
    }

    /// The header of a page of version 2.
    public struct DataPageV2: Sendable, Hashable {
        /// How many slots, nulls included.
        public var valueCount: Int
        /// How many of the slots are null.
        public var nullCount: Int
        /// How many rows; a page of version 2 starts with a row.
        public var rowCount: Int
        /// How the values are written.
        public var encoding: Encoding
        /// Length of the definition levels in bytes.
        public var definitionLevelsByteCount: Int
        /// Length of the repetition levels in bytes.
        public var repetitionLevelsByteCount: Int
        /// Whether the values are compressed with the chunk's codec.
        public var isCompressed: Bool
        /// Bounds of this page's values.
        public var statistics: Statistics?
    }

    /// The header of a dictionary page.
    public struct DictionaryPage: Sendable, Hashable {
        /// How many values.
        public var valueCount: Int
        /// How they are written: PLAIN by either name.
        public var encoding: Encoding
        /// Whether they are in ascending order.
        public var isSorted: Bool
    }

    /// What kind of page.
    public var kind: Kind
    /// Length in bytes once decompressed, levels included.
    public var uncompressedByteCount: Int
    /// Length in bytes as it stands in the file, this header excluded.
    public var compressedByteCount: Int
    /// CRC-32 (of gzip) of the bytes as they stand in the file; `nil` when not written.
    public var crc: UInt32?

    /// Reads a header that starts at `bytes[start]`; returns it and its length in bytes.
    ///
    /// `fileOffset` is where `bytes[0]` stands in the file, for messages. Time and memory are linear in the length.
    public static func parse(
        _ bytes: [UInt8],
        at start: Int = 0,
        fileOffset: Int
    ) throws(ParquetError) -> (header: PageHeader, byteCount: Int) {
        var reader = CompactReader(bytes, at: start, fileOffset: fileOffset)
        let header = try PageHeader(&reader)
        return (header, reader.position - start)
    }
}

extension PageHeader {
    private init(_ reader: inout CompactReader) throws(ParquetError) {
        var type: Int32?
        var uncompressed: Int?
        var compressed: Int?
        var crc: UInt32?
        var body: Kind?
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: type = try reader.int32(field)
            case 2: uncompressed = Int(try reader.int32(field))
            case 3: compressed = Int(try reader.int32(field))
            case 4: crc = UInt32(bitPattern: try reader.int32(field))
            case 5:
                try reader.structure(field)
                body = .data(try DataPage(&reader))
            case 7:
                try reader.structure(field)
                body = .dictionary(try DictionaryPage(&reader))
            case 8:
                try reader.structure(field)
                body = .dataV2(try DataPageV2(&reader))
            default: try reader.skip(field)
            }
        }
        guard let type, let uncompressed, let compressed else {
            throw reader.malformed("a page header lacks its type or a size")
        }
        guard uncompressed >= 0, compressed >= 0 else {
            throw reader.malformed("a page header gives a negative size")
        }
        switch (type, body) {
        case (0, .data), (2, .dictionary), (3, .dataV2): kind = body ?? .unknown(type)
        case (0, _), (2, _), (3, _): throw reader.malformed("a page header's type \(type) contradicts its content")
        case (1, _): kind = .index
        default: kind = .unknown(type)
        }
        uncompressedByteCount = uncompressed
        compressedByteCount = compressed
        self.crc = crc
    }

    /// Writes the header as the outermost structure.
    func write(to writer: inout CompactWriter) {
        writer.structure { writer in
            let type: Int32 =
                switch kind {
                case .data: 0
                case .index: 1
                case .dictionary: 2
                case .dataV2: 3
                case .unknown(let number): number
                }
            writer.int32(1, type)
            writer.int32(2, Int32(truncatingIfNeeded: uncompressedByteCount))
            writer.int32(3, Int32(truncatingIfNeeded: compressedByteCount))
            if let crc { writer.int32(4, Int32(bitPattern: crc)) }
            switch kind {
            case .data(let page): writer.structure(5) { page.write(to: &$0) }
            case .dictionary(let page): writer.structure(7) { page.write(to: &$0) }
            case .dataV2(let page): writer.structure(8) { page.write(to: &$0) }
            case .index: writer.structure(6) { _ in }
            case .unknown: break
            }
        }
    }
}

extension PageHeader.DataPage {
    fileprivate init(_ reader: inout CompactReader) throws(ParquetError) {
        var count: Int?
        var encoding: Encoding?
        definitionLevelEncoding = .rle
        repetitionLevelEncoding = .rle
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: count = Int(try reader.int32(field))
            case 2: encoding = Encoding(rawValue: try reader.int32(field))
            case 3: definitionLevelEncoding = Encoding(rawValue: try reader.int32(field))
            case 4: repetitionLevelEncoding = Encoding(rawValue: try reader.int32(field))
            case 5:
                try reader.structure(field)
                statistics = try Statistics(&reader)
            default: try reader.skip(field)
            }
        }
        guard let count, count >= 0, let encoding else {
            throw reader.malformed("a data page header lacks its count or encoding")
        }
        valueCount = count
        self.encoding = encoding
    }

    fileprivate func write(to writer: inout CompactWriter) {
        writer.int32(1, Int32(truncatingIfNeeded: valueCount))
        writer.int32(2, encoding.rawValue)
        writer.int32(3, definitionLevelEncoding.rawValue)
        writer.int32(4, repetitionLevelEncoding.rawValue)
        if let statistics { writer.structure(5) { statistics.write(to: &$0) } }
    }
}

extension PageHeader.DictionaryPage {
    fileprivate init(_ reader: inout CompactReader) throws(ParquetError) {
        var count: Int?
        var encoding: Encoding?
        isSorted = false
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: count = Int(try reader.int32(field))
            case 2: encoding = Encoding(rawValue: try reader.int32(field))
            case 3: isSorted = try reader.bool(field)
            default: try reader.skip(field)
            }
        }
        guard let count, count >= 0, let encoding else {
            throw reader.malformed("a dictionary page header lacks its count or encoding")
        }
        valueCount = count
        self.encoding = encoding
    }

    fileprivate func write(to writer: inout CompactWriter) {
        writer.int32(1, Int32(truncatingIfNeeded: valueCount))
        writer.int32(2, encoding.rawValue)
        if isSorted { writer.bool(3, true) }
    }
}

extension PageHeader.DataPageV2 {
    fileprivate init(_ reader: inout CompactReader) throws(ParquetError) {
        var counts: (values: Int?, nulls: Int?, rows: Int?)
        var lengths: (definition: Int?, repetition: Int?)
        var encoding: Encoding?
        isCompressed = true
        var last: Int16 = 0
        while let field = try reader.nextField(after: &last) {
            switch field.id {
            case 1: counts.values = try reader.size(field)
            case 2: counts.nulls = try reader.size(field)
            case 3: counts.rows = try reader.size(field)
            case 4: encoding = Encoding(rawValue: try reader.int32(field))
            case 5: lengths.definition = try reader.size(field)
            case 6: lengths.repetition = try reader.size(field)
            case 7: isCompressed = try reader.bool(field)
            case 8:
                try reader.structure(field)
                statistics = try Statistics(&reader)
            default: try reader.skip(field)
            }
        }
        guard let values = counts.values, let nulls = counts.nulls, let rows = counts.rows, let encoding,
            let definition = lengths.definition, let repetition = lengths.repetition
        else { throw reader.malformed("a data page header of version 2 lacks a count, length or its encoding") }
        valueCount = values
        nullCount = nulls
        rowCount = rows
        self.encoding = encoding
        definitionLevelsByteCount = definition
        repetitionLevelsByteCount = repetition
    }

    fileprivate func write(to writer: inout CompactWriter) {
        writer.int32(1, Int32(truncatingIfNeeded: valueCount))
        writer.int32(2, Int32(truncatingIfNeeded: nullCount))
        writer.int32(3, Int32(truncatingIfNeeded: rowCount))
        writer.int32(4, encoding.rawValue)
        writer.int32(5, Int32(truncatingIfNeeded: definitionLevelsByteCount))
        writer.int32(6, Int32(truncatingIfNeeded: repetitionLevelsByteCount))
        writer.bool(7, isCompressed)
        if let statistics { writer.structure(8) { statistics.write(to: &$0) } }
    }
}
