/// Bytes of a page: a part of a buffer that byte strings will point into.
struct PageBytes {
    /// What holds them; smaller than 4 GiB.
    var buffer: [UInt8]
    /// Where in the buffer they are.
    var range: Range<Int>
}

/// Decodes the values of a page, whatever their type and encoding.
///
/// Source: Apache Parquet format, `Encodings.md`.
struct ValueDecoder {
    /// The physical type of the column.
    let type: PhysicalType
    /// The most bytes that the decoded values may take.
    let maximumBytes: Int

    /// The `count` values in `page`; `dictionary` is what the chunk's dictionary page held, if there was one.
    ///
    /// - Throws: ``ParquetError`` with code `malformed`, `limitExceeded`, or `unsupported` when the format does not
    ///   allow the encoding for the type.
    func decode(
        _ page: PageBytes,
        encoding: Encoding,
        count: Int,
        dictionary: ColumnValues?
    ) throws(ParquetError) -> ColumnValues {
        guard count <= maximumBytes / stride else {
            throw ParquetError(
                .limitExceeded,
                "\(count) values of \(stride) bytes in one page, more than the \(maximumBytes) bytes allowed"
            )
        }
        if count == 0 { return try .empty(of: type) }
        let bytes = unsafe page.buffer.span.bytes.extracting(page.range)
        switch encoding {
        case .plain: return try plain(bytes, page, count)
        case .rleDictionary, .plainDictionary: return try indexed(bytes, count, dictionary)
        case .rle:
            guard case .boolean = type else { break }
            var position = 0
            let length = try bytes.length(at: &position, of: "run of booleans")
            let bits = try HybridDecoder.decodeLevels(
                bytes.extracting(position..<(position + length)),
                bitWidth: 1,
                count: count
            )
            return .boolean(bits.map { $0 != 0 })
        case .deltaBinaryPacked:
            var position = 0
            if case .int32 = type {
                return .int32(try DeltaBinaryPackedDecoder.decode(bytes, count: count, at: &position, as: Int32.self))
            }
            if case .int64 = type {
                return .int64(try DeltaBinaryPackedDecoder.decode(bytes, count: count, at: &position, as: Int64.self))
            }
        case .deltaLengthByteArray:
            guard case .byteArray = type else { break }
            let views = try DeltaByteArrayDecoder.lengths(bytes, count: count, buffer: 0, base: page.range.lowerBound)
            return .bytes(ByteArrays(buffers: [page.buffer], views: views))
        case .deltaByteArray: return try deltaByteArray(bytes, count)
        case .byteStreamSplit: return try streamSplit(bytes, count)
        default: break
        }
        throw ParquetError(.unsupported, "\(encoding) is not supported for values of type \(type)")
    }

    /// Bytes that one decoded value takes.
    private var stride: Int {
        switch type {
        case .boolean: 1
        case .int32, .float: 4
        case .int64, .double: 8
        case .int96, .byteArray, .fixedLengthByteArray: MemoryLayout<ByteView>.stride
        }
    }

    private func plain(_ bytes: RawSpan, _ page: PageBytes, _ count: Int) throws(ParquetError) -> ColumnValues {
        let base = page.range.lowerBound
        switch type {
        case .boolean: return .boolean(try PlainDecoder.booleans(bytes, count: count))
        case .int32: return .int32(try PlainDecoder.numbers(bytes, count: count, as: Int32.self))
        case .int64: return .int64(try PlainDecoder.numbers(bytes, count: count, as: Int64.self))
        case .float: return .float(try PlainDecoder.numbers(bytes, count: count, as: Float.self))
        case .double: return .double(try PlainDecoder.numbers(bytes, count: count, as: Double.self))
        case .byteArray:
            let views = try PlainDecoder.byteArrays(bytes, count: count, buffer: 0, base: base)
            return .bytes(ByteArrays(buffers: [page.buffer], views: views))
        case .fixedLengthByteArray(let length):
            let views = try PlainDecoder.fixedLengthByteArrays(
                bytes,
                count: count,
                length: length,
                buffer: 0,
                base: base
            )
            return .bytes(ByteArrays(buffers: [page.buffer], views: views))
        case .int96: return try .empty(of: type)
        }
    }

    private func indexed(
        _ bytes: RawSpan,
        _ count: Int,
        _ dictionary: ColumnValues?
    ) throws(ParquetError) -> ColumnValues {
        guard let dictionary else {
            throw ParquetError(.malformed, "a dictionary-encoded page in a column chunk without a dictionary")
        }
        func indices(_ size: Int) throws(ParquetError) -> [UInt32] {
            try DictionaryDecoder.indices(bytes, count: count, dictionaryCount: size)
        }
        switch dictionary {
        case .boolean(let values):
            return .boolean(DictionaryDecoder.gather(values, try indices(values.count)))
        case .int32(let values):
            return .int32(DictionaryDecoder.gather(values, try indices(values.count)))
        case .int64(let values):
            return .int64(DictionaryDecoder.gather(values, try indices(values.count)))
        case .float(let values):
            return .float(DictionaryDecoder.gather(values, try indices(values.count)))
        case .double(let values):
            return .double(DictionaryDecoder.gather(values, try indices(values.count)))
        case .bytes(let values):
            let views = DictionaryDecoder.gather(values.views, try indices(values.count))
            return .bytes(ByteArrays(buffers: values.buffers, views: views))
        }
    }

    private func deltaByteArray(_ bytes: RawSpan, _ count: Int) throws(ParquetError) -> ColumnValues {
        switch type {
        case .byteArray, .fixedLengthByteArray: break
        default: throw ParquetError(.unsupported, "DELTA_BYTE_ARRAY is not supported for values of type \(type)")
        }
        let values = try DeltaByteArrayDecoder.prefixed(bytes, count: count, maximumBytes: maximumBytes)
        if case .fixedLengthByteArray(let length) = type {
            for view in values.views where Int(view.length) != length {
                throw ParquetError(.malformed, "a value of \(view.length) bytes in a column of \(length)")
            }
        }
        return .bytes(values)
    }

    private func streamSplit(_ bytes: RawSpan, _ count: Int) throws(ParquetError) -> ColumnValues {
        func joined(_ width: Int) throws(ParquetError) -> [UInt8] {
            try ByteStreamSplitDecoder.joined(bytes, count: count, width: width)
        }
        switch type {
        case .int32:
            let bytes = try joined(4)
            return .int32(try unsafe PlainDecoder.numbers(bytes.span.bytes, count: count, as: Int32.self))
        case .float:
            let bytes = try joined(4)
            return .float(try unsafe PlainDecoder.numbers(bytes.span.bytes, count: count, as: Float.self))
        case .int64:
            let bytes = try joined(8)
            return .int64(try unsafe PlainDecoder.numbers(bytes.span.bytes, count: count, as: Int64.self))
        case .double:
            let bytes = try joined(8)
            return .double(try unsafe PlainDecoder.numbers(bytes.span.bytes, count: count, as: Double.self))
        case .fixedLengthByteArray(let length):
            let buffer = try joined(length)
            let page = PageBytes(buffer: buffer, range: buffer.indices)
            return try unsafe plain(buffer.span.bytes, page, count)
        default: throw ParquetError(.unsupported, "BYTE_STREAM_SPLIT is not supported for values of type \(type)")
        }
    }
}
