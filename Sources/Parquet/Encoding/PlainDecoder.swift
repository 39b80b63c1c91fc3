/// Decodes PLAIN values.
///
/// Source: Apache Parquet format, `Encodings.md`, "Plain (PLAIN = 0)". Bytes behind the last value are ignored, as all
/// readers do.
enum PlainDecoder {
    /// Numbers of a fixed width, in the byte order of the machine (all that Swift runs on are little-endian).
    static func numbers<Value: BitwiseCopyable>(
        _ bytes: RawSpan,
        count: Int,
        as type: Value.Type
    ) throws(ParquetError) -> [Value] {
        let width = MemoryLayout<Value>.size
        guard bytes.byteCount / width >= count else { throw short(bytes, count) }
        return unsafe [Value](unsafeUninitializedCapacity: count) { output, initialized in
            unsafe bytes.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(output)
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<(count * width)]))
            }
            initialized = count
        }
    }

    /// One bit per value, least significant first.
    static func booleans(_ bytes: RawSpan, count: Int) throws(ParquetError) -> [Bool] {
        guard bytes.byteCount >= BitUnpackDecoder.byteCount(count, width: 1) else { throw short(bytes, count) }
        return unsafe [Bool](unsafeUninitializedCapacity: count) { output, initialized in
            for index in 0..<count {
                unsafe output.initializeElement(
                    at: index,
                    to: bytes.load(UInt8.self, at: index >> 3) &>> UInt8(index & 7) & 1 == 1
                )
            }
            initialized = count
        }
    }

    /// Views of byte strings that follow their four-byte lengths; no byte is copied.
    ///
    /// The views name the buffer `buffer`, in which `bytes` begins at `base` and which is smaller than 4 GiB.
    static func byteArrays(
        _ bytes: RawSpan,
        count: Int,
        buffer: UInt32,
        base: Int
    ) throws(ParquetError) -> [ByteView] {
        // Each value has a length, so this bounds the allocation by three times the page.
        guard bytes.byteCount / 4 >= count else { throw short(bytes, count) }
        let limit = bytes.byteCount
        var position = 0
        var decoded = 0
        let views = unsafe [ByteView](unsafeUninitializedCapacity: count) { output, initialized in
            while decoded < count, limit &- position >= 4 {
                // In bounds by the line above.
                let length = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt32.self)
                position &+= 4
                guard Int(length) <= limit &- position else { break }
                unsafe output.initializeElement(
                    at: decoded,
                    to: ByteView(
                        buffer: buffer,
                        offset: UInt32(truncatingIfNeeded: base &+ position),
                        length: length
                    )
                )
                position &+= Int(length)
                decoded &+= 1
            }
            initialized = decoded
        }
        guard decoded == count else {
            throw ParquetError(.malformed, "byte string \(decoded) of \(count) runs past the end of its page")
        }
        return views
    }

    /// Views of byte strings of one length that stand back to back.
    static func fixedLengthByteArrays(
        _ bytes: RawSpan,
        count: Int,
        length: Int,
        buffer: UInt32,
        base: Int
    ) throws(ParquetError) -> [ByteView] {
        guard length == 0 || bytes.byteCount / length >= count else { throw short(bytes, count) }
        return unsafe [ByteView](unsafeUninitializedCapacity: count) { output, initialized in
            for index in 0..<count {
                unsafe output.initializeElement(
                    at: index,
                    to: ByteView(
                        buffer: buffer,
                        offset: UInt32(truncatingIfNeeded: base &+ index &* length),
                        length: UInt32(truncatingIfNeeded: length)
                    )
                )
            }
            initialized = count
        }
    }

    private static func short(_ bytes: RawSpan, _ count: Int) -> ParquetError {
        ParquetError(.malformed, "\(bytes.byteCount) bytes cannot hold the \(count) values of the page")
    }
}
