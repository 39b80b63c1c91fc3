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
            initialized = bytes.byteCount
            switch width {
            case 4: return unsafe words(bytes, count, into: output, of: UInt32.self)
            case 8: return unsafe words(bytes, count, into: output, of: UInt64.self)
            default: break
            }
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
        }
    }

    /// The same for the widths of numbers: reads all streams side by side and writes whole numbers.
    @inline(__always)
    private static func words<Word: FixedWidthInteger>(
        _ bytes: RawSpan,
        _ count: Int,
        into output: UnsafeMutableBufferPointer<UInt8>,
        of type: Word.Type
    ) {
        let width = MemoryLayout<Word>.size
        let target = UnsafeMutableRawBufferPointer(output)
        for index in 0..<count {
            var word: Word = 0
            for stream in 0..<width {
                // In bounds: stream * count + index < width * count, the size of both.
                let byte = unsafe bytes.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: stream &* count &+ index,
                    as: UInt8.self
                )
                word |= Word(truncatingIfNeeded: byte) &<< Word(truncatingIfNeeded: 8 &* stream)
            }
            unsafe target.storeBytes(of: word, toByteOffset: index &* width, as: Word.self)
        }
    }
}
