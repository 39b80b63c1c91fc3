/// Decodes DELTA_BINARY_PACKED integers.
///
/// Source: Apache Parquet format, `Encodings.md`, "Delta Encoding (DELTA_BINARY_PACKED = 5)". Differences wrap around,
/// as the format wants it.
enum DeltaBinaryPackedDecoder {
    /// What stands before the blocks.
    private struct Header {
        var valuesPerMiniblock: Int
        var miniblocks: Int
        var count: Int
        var first: Int64

        init(_ bytes: RawSpan, at position: inout Int) throws(ParquetError) {
            let blockSize = try bytes.unsignedVarint(at: &position)
            let miniblocks = try bytes.unsignedVarint(at: &position)
            let count = try bytes.unsignedVarint(at: &position)
            first = try bytes.signedVarint(at: &position)
            // The upper bound is ours: writers use 128 or 256, and it keeps the arithmetic below far from overflow.
            guard blockSize > 0, blockSize <= 1 << 20, blockSize % 128 == 0, miniblocks > 0, miniblocks <= blockSize,
                blockSize % miniblocks == 0, (blockSize / miniblocks) % 32 == 0
            else {
                throw ParquetError(
                    .malformed,
                    "delta-packed blocks of \(blockSize) values in \(miniblocks) parts; a block must be a multiple of 128"
                        + " and a part one of 32"
                )
            }
            guard count <= UInt64(Int32.max) else {
                throw ParquetError(.malformed, "\(count) delta-packed values, more than a page can hold")
            }
            self.miniblocks = Int(miniblocks)
            self.count = Int(count)
            valuesPerMiniblock = Int(blockSize / miniblocks)
        }
    }

    /// The `count` integers that begin at `position`, which moves to the byte behind them.
    ///
    /// - Throws: ``ParquetError`` with code `malformed` when the header announces another number of values, a part
    ///   is wider than `Value`, or the bytes end early.
    static func decode<Value: FixedWidthInteger & SignedInteger>(
        _ bytes: RawSpan,
        count: Int,
        at position: inout Int,
        as type: Value.Type
    ) throws(ParquetError) -> [Value] {
        let header = try Header(bytes, at: &position)
        guard header.count == count else {
            throw ParquetError(.malformed, "\(header.count) delta-packed values where the page has \(count)")
        }
        var cursor = position
        var failure: ParquetError?
        let values = unsafe [Value](unsafeUninitializedCapacity: count) { output, initialized in
            guard count > 0 else { return }
            unsafe output.initializeElement(at: 0, to: Value(truncatingIfNeeded: header.first))
            initialized = 1
            do throws(ParquetError) {
                while initialized < count {
                    unsafe try block(bytes, header, at: &cursor, into: output, &initialized)
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        position = cursor
        return values
    }

    @inline(__always)
    private static func block<Value: FixedWidthInteger & SignedInteger>(
        _ bytes: RawSpan,
        _ header: Header,
        at position: inout Int,
        into output: UnsafeMutableBufferPointer<Value>,
        _ initialized: inout Int
    ) throws(ParquetError) {
        let minimum = try bytes.signedVarint(at: &position)
        let widths = position
        guard bytes.byteCount - position >= header.miniblocks else { throw short() }
        position += header.miniblocks
        for miniblock in 0..<header.miniblocks where initialized < output.count {
            let width = Int(bytes.load(UInt8.self, at: widths + miniblock))
            guard width <= Value.bitWidth else {
                throw ParquetError(.malformed, "differences of \(width) bits between integers of \(Value.bitWidth)")
            }
            let count = min(header.valuesPerMiniblock, output.count - initialized)
            let available = bytes.byteCount - position
            guard available >= BitUnpackDecoder.byteCount(count, width: width) else { throw short() }
            unsafe sum(
                bytes,
                at: position,
                width: width,
                minimum: minimum,
                count: count,
                into: output.baseAddress.unsafelyUnwrapped + initialized
            )
            initialized += count
            // The last part is padded; a writer that left the padding out has only harmed itself.
            position += min(available, BitUnpackDecoder.byteCount(header.valuesPerMiniblock, width: width))
        }
    }

    /// Writes the running sums of `count` differences, beginning with the value before `output`.
    @inline(__always)
    private static func sum<Value: FixedWidthInteger & SignedInteger>(
        _ bytes: RawSpan,
        at start: Int,
        width: Int,
        minimum: Int64,
        count: Int,
        into output: UnsafeMutablePointer<Value>
    ) {
        var value = unsafe Int64(output[-1])
        // Values are unpacked in chunks that stay in the first-level cache.
        unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 64) { chunk in
            var done = 0
            while done < count {
                // Chunks of 64 values begin on whole bytes at any width.
                let length = min(64, count - done)
                let base = unsafe chunk.baseAddress.unsafelyUnwrapped
                unsafe BitUnpackDecoder.unpack(
                    bytes,
                    at: start + done * width / 8,
                    width: width,
                    count: length,
                    into: base
                )
                for index in 0..<length {
                    value = unsafe value &+ minimum &+ Int64(bitPattern: base[index])
                    unsafe (output + done + index).initialize(to: Value(truncatingIfNeeded: value))
                }
                done += length
            }
        }
    }

    private static func short() -> ParquetError {
        ParquetError(.malformed, "the page ends inside its delta-packed values")
    }
}
