internal import CDeflate

/// Turns the bytes of one page of a column chunk into levels and values.
///
/// Source: Apache Parquet format, `README.md`, "Data Pages", and `parquet.thrift` (DataPageHeader, DataPageHeaderV2).
struct PageDecoder {
    /// The codecs that pages can be decompressed with.
    static let codecs: [CompressionCodec] = [.uncompressed, .snappy, .gzip, .zstd]

    /// The column the chunk belongs to.
    let column: Column
    /// How its pages are compressed.
    let codec: CompressionCodec
    /// What the file may make us allocate.
    let limits: ReadLimits
    /// Whether a page that has a checksum is checked against it.
    let verifiesChecksums: Bool

    /// Bytes of a page as they stand in the file.
    struct Source {
        /// What holds them.
        var buffer: [UInt8]
        /// Where in the buffer they are.
        var range: Range<Int>
        /// The offset in the file of the first of them.
        var fileOffset: Int
    }

    /// Compares the bytes of a page with the header's checksum.
    func verify(_ source: Source, _ header: PageHeader) throws(ParquetError) {
        guard verifiesChecksums, let expected = header.crc else { return }
        let found = unsafe source.buffer.withUnsafeBytes { bytes in
            let page = unsafe UnsafeRawBufferPointer(rebasing: bytes[source.range])
            return unsafe libdeflate_crc32(0, page.baseAddress, page.count)
        }
        guard found == expected else {
            throw ParquetError(.malformed, "a page is damaged: its checksum is \(found), its header says \(expected)")
        }
    }

    /// The values of a dictionary page.
    func dictionary(
        _ source: Source,
        _ header: PageHeader,
        _ page: PageHeader.DictionaryPage,
        _ decompressor: inout Decompressor
    ) throws(ParquetError) -> ColumnValues {
        guard page.encoding == .plain || page.encoding == .plainDictionary else {
            throw ParquetError(.unsupported, "\(page.encoding) is not supported for dictionary pages")
        }
        let bytes = try expanded(source, byteCount: header.uncompressedByteCount, codec, &decompressor)
        return try values.decode(bytes, encoding: .plain, count: page.valueCount, dictionary: nil)
    }

    /// The slots of a data page of version 1: levels and values are compressed together.
    func data(
        _ source: Source,
        _ header: PageHeader,
        _ page: PageHeader.DataPage,
        dictionary: ColumnValues?,
        _ decompressor: inout Decompressor
    ) throws(ParquetError) -> DecodedPage {
        try check(slots: page.valueCount)
        let bytes = try expanded(source, byteCount: header.uncompressedByteCount, codec, &decompressor)
        let span = unsafe bytes.buffer.span.bytes
        var start = bytes.range.lowerBound
        func levels(_ maximum: Int, _ encoding: Encoding) throws(ParquetError) -> Levels? {
            guard maximum > 0 else { return nil }
            let rest = span.extracting(start..<bytes.range.upperBound)
            let part: Range<Int>
            let levels: Levels
            switch encoding {
            case .rle:
                var position = 0
                let length = try rest.length(at: &position, of: "levels")
                part = position..<(position + length)
                levels = try LevelDecoder.hybrid(
                    rest.extracting(part),
                    count: page.valueCount,
                    maximum: UInt8(maximum)
                )
            case .bitPacked:
                levels = try LevelDecoder.bitPacked(rest, count: page.valueCount, maximum: UInt8(maximum))
                part = 0..<LevelDecoder.bitPackedByteCount(page.valueCount, maximum: UInt8(maximum))
            default: throw ParquetError(.unsupported, "\(encoding) is not supported for levels")
            }
            start += part.upperBound
            return levels
        }
        let repetition = try levels(column.maximumRepetitionLevel, page.repetitionLevelEncoding)
        let definition = try levels(column.maximumDefinitionLevel, page.definitionLevelEncoding)
        let rest = PageBytes(buffer: bytes.buffer, range: start..<bytes.range.upperBound)
        return try decoded(rest, page.encoding, page.valueCount, definition, repetition, dictionary)
    }

    /// The slots of a data page of version 2: only the values may be compressed.
    func dataV2(
        _ source: Source,
        _ header: PageHeader,
        _ page: PageHeader.DataPageV2,
        dictionary: ColumnValues?,
        _ decompressor: inout Decompressor
    ) throws(ParquetError) -> DecodedPage {
        try check(slots: page.valueCount)
        // Both lengths come from 32 bits, so the sum cannot overflow.
        let levelsByteCount = page.repetitionLevelsByteCount + page.definitionLevelsByteCount
        guard levelsByteCount <= source.range.count, levelsByteCount <= header.uncompressedByteCount else {
            throw ParquetError(
                .malformed,
                "levels of \(levelsByteCount) bytes in a page of \(min(source.range.count, header.uncompressedByteCount))"
            )
        }
        let span = unsafe source.buffer.span.bytes
        func levels(_ maximum: Int, at start: Int, _ length: Int) throws(ParquetError) -> Levels? {
            guard maximum > 0 else { return nil }
            return try LevelDecoder.hybrid(
                span.extracting(start..<(start + length)),
                count: page.valueCount,
                maximum: UInt8(maximum)
            )
        }
        let start = source.range.lowerBound
        let repetition = try levels(column.maximumRepetitionLevel, at: start, page.repetitionLevelsByteCount)
        let definition = try levels(
            column.maximumDefinitionLevel,
            at: start + page.repetitionLevelsByteCount,
            page.definitionLevelsByteCount
        )
        let rest = Source(
            buffer: source.buffer,
            range: (start + levelsByteCount)..<source.range.upperBound,
            fileOffset: source.fileOffset + levelsByteCount
        )
        let bytes = try expanded(
            rest,
            byteCount: header.uncompressedByteCount - levelsByteCount,
            // A page of nulls may have nothing behind its levels, which is no frame of any codec.
            page.isCompressed && !rest.range.isEmpty ? codec : .uncompressed,
            &decompressor
        )
        let decoded = try decoded(bytes, page.encoding, page.valueCount, definition, repetition, dictionary)
        guard repetition == nil || decoded.rowCount == page.rowCount else {
            throw ParquetError(.malformed, "a page has \(decoded.rowCount) rows, its header says \(page.rowCount)")
        }
        return decoded
    }

    /// Views have 32 bits for an offset, so no limit can allow more.
    private var values: ValueDecoder {
        ValueDecoder(type: column.type, maximumBytes: min(limits.maximumPageBytes, Int(Int32.max)))
    }

    private func check(slots: Int) throws(ParquetError) {
        guard slots <= limits.maximumPageBytes else {
            throw ParquetError(
                .limitExceeded,
                "a page of \(slots) slots, more than the \(limits.maximumPageBytes) bytes allowed for a page"
            )
        }
    }

    private func decoded(
        _ bytes: PageBytes,
        _ encoding: Encoding,
        _ slots: Int,
        _ definition: Levels?,
        _ repetition: Levels?,
        _ dictionary: ColumnValues?
    ) throws(ParquetError) -> DecodedPage {
        let count = definition?.count(of: UInt8(column.maximumDefinitionLevel)) ?? slots
        return DecodedPage(
            values: try values.decode(bytes, encoding: encoding, count: count, dictionary: dictionary),
            valueCount: count,
            definition: definition,
            repetition: repetition,
            slotCount: slots,
            rowCount: repetition?.count(of: 0) ?? slots
        )
    }

    /// The bytes of a page once decompressed; where nothing is to be done, those of the file themselves.
    private func expanded(
        _ source: Source,
        byteCount: Int,
        _ codec: CompressionCodec,
        _ decompressor: inout Decompressor
    ) throws(ParquetError) -> PageBytes {
        guard byteCount <= limits.maximumPageBytes else {
            throw ParquetError(
                .limitExceeded,
                "a page of \(byteCount) bytes, more than the \(limits.maximumPageBytes) allowed"
            )
        }
        if codec == .uncompressed, source.range.count == byteCount, source.buffer.count <= Int(UInt32.max) {
            return PageBytes(buffer: source.buffer, range: source.range)
        }
        let buffer = try decompressor.decompress(
            source.buffer[source.range],
            codec,
            byteCount: byteCount,
            fileOffset: source.fileOffset
        )
        return PageBytes(buffer: buffer, range: buffer.indices)
    }
}
