/// Decodes DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY.
///
/// Source: Apache Parquet format, `Encodings.md`, "Delta-length byte array (DELTA_LENGTH_BYTE_ARRAY = 6)" and "Delta
/// Strings (DELTA_BYTE_ARRAY = 7)".
enum DeltaByteArrayDecoder {
    /// Views of byte strings whose lengths stand before all of them; no byte is copied.
    static func lengths(
        _ bytes: RawSpan,
        count: Int,
        at start: Int = 0,
        buffer: UInt32,
        base: Int
    ) throws(ParquetError) -> [ByteView] {
        var position = start
        let lengths = try DeltaBinaryPackedDecoder.decode(bytes, count: count, at: &position, as: Int32.self)
        var views: [ByteView] = []
        views.reserveCapacity(count)
        for length in lengths {
            guard length >= 0, Int(length) <= bytes.byteCount - position else {
                throw ParquetError(.malformed, "byte string \(views.count) of \(count) runs past the end of its page")
            }
            views.append(
                ByteView(
                    buffer: buffer,
                    offset: UInt32(truncatingIfNeeded: base + position),
                    length: UInt32(length)
                )
            )
            position += Int(length)
        }
        return views
    }

    /// Byte strings that share a prefix with the one before, put together in a new buffer.
    ///
    /// Together they may take `maximumBytes`; beyond that the error's code is `limitExceeded`.
    static func prefixed(_ bytes: RawSpan, count: Int, maximumBytes: Int) throws(ParquetError) -> ByteArrays {
        var position = 0
        let prefixes = try DeltaBinaryPackedDecoder.decode(bytes, count: count, at: &position, as: Int32.self)
        let suffixes = try lengths(bytes, count: count, at: position, buffer: 0, base: 0)
        var total = 0
        var previous = 0
        for index in 0..<count {
            let prefix = Int(prefixes[index])
            guard 0...previous ~= prefix else {
                throw ParquetError(
                    .malformed,
                    "byte string \(index) repeats \(prefix) bytes of one that has \(previous)"
                )
            }
            previous = prefix + Int(suffixes[index].length)
            total += previous
            guard total <= maximumBytes else {
                throw ParquetError(
                    .limitExceeded,
                    "the byte strings of a page take more than the \(maximumBytes) bytes allowed"
                )
            }
        }
        var views: [ByteView] = []
        views.reserveCapacity(count)
        let joined = unsafe [UInt8](unsafeUninitializedCapacity: total) { output, initialized in
            unsafe bytes.withUnsafeBytes { source in
                guard total > 0, let from = source.baseAddress else { return }
                let to = unsafe UnsafeMutableRawPointer(output.baseAddress.unsafelyUnwrapped)
                var last = 0
                for index in 0..<count {
                    // Both copies are inside: `total` is the sum of these lengths, checked above.
                    let prefix = Int(prefixes[index])
                    let suffix = suffixes[index]
                    unsafe (to + initialized).copyMemory(from: to + last, byteCount: prefix)
                    unsafe (to + initialized + prefix)
                        .copyMemory(
                            from: from + Int(suffix.offset),
                            byteCount: Int(suffix.length)
                        )
                    last = initialized
                    initialized += prefix + Int(suffix.length)
                }
            }
        }
        var offset = 0
        for index in 0..<count {
            let length = Int(prefixes[index]) + Int(suffixes[index].length)
            views.append(ByteView(buffer: 0, offset: UInt32(offset), length: UInt32(length)))
            offset += length
        }
        return ByteArrays(buffers: [joined], views: views)
    }
}
