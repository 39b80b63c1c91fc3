/// Decodes BYTE_STREAM_SPLIT: first byte of every value, then the second of every value, and so on.
///
/// Source: Apache Parquet format, `Encodings.md`, "Byte Stream Split (BYTE_STREAM_SPLIT = 9)".
enum ByteStreamSplitDecoder {
    /// The bytes of `count` values of `width` bytes, put together again.
    static func joined(_ bytes: RawSpan, count: Int, width: Int) throws(ParquetError) -> [UInt8] {
        // The format pads nothing: the number of values is the number of bytes divided by the width.
        guard width > 0, bytes.byteCount / width == count, bytes.byteCount % width == 0 else {
            throw ParquetError(
                .malformed,
                "\(bytes.byteCount) bytes of split streams for \(count) values of \(width) bytes"
            )
        }
        return unsafe [UInt8](unsafeUninitializedCapacity: bytes.byteCount) { output, initialized in
            for stream in 0..<width {
                var target = stream
                for index in 0..<count {
                    // In bounds: stream * count + index < width * count, the size of both.
                    let byte = unsafe bytes.unsafeLoadUnaligned(
                        fromUncheckedByteOffset: stream &* count &+ index,
                        as: UInt8.self
                    )
                    unsafe output.initializeElement(at: target, to: byte)
                    target &+= width
                }
            }
            initialized = bytes.byteCount
        }
    }
}
