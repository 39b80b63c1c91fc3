/// A run of the RLE / bit-packed hybrid.
enum HybridRun {
    /// The same value over and over.
    case repeated(value: UInt32, count: Int)
    /// Values packed from byte `at` on.
    case packed(at: Int, count: Int)
}

/// Walks over the runs of the RLE / bit-packed hybrid.
///
/// Source: Apache Parquet format, `Encodings.md`, "Run Length Encoding / Bit-Packing Hybrid (RLE = 3)".
struct HybridDecoder {
    /// Bits of a value, 0 to 32.
    let bitWidth: Int
    /// Where the next run begins.
    private(set) var position: Int
    /// How many values are still due.
    private(set) var remaining: Int

    /// Begins at byte `position` with `count` values due.
    init(bitWidth: Int, count: Int, position: Int = 0) throws(ParquetError) {
        guard 0...32 ~= bitWidth else {
            throw ParquetError(.malformed, "a bit width of \(bitWidth) where 0 to 32 is possible")
        }
        self.bitWidth = bitWidth
        self.position = position
        remaining = count
    }

    /// The next run, cut to the values that are due; `nil` when none is.
    ///
    /// A last packed run may be cut short by the end of the bytes, as some writers do, as long as the values due are
    /// there.
    mutating func next(in bytes: RawSpan) throws(ParquetError) -> HybridRun? {
        while remaining > 0 {
            guard position < bytes.byteCount else {
                throw ParquetError(.malformed, "the runs of the page end \(remaining) values early")
            }
            let header = try bytes.unsignedVarint(at: &position)
            guard header <= UInt64(UInt32.max) else {
                throw ParquetError(.malformed, "a run of \(header >> 1) values or groups, more than the format allows")
            }
            let length = Int(header >> 1)
            if header & 1 == 0 {
                let width = (bitWidth + 7) / 8
                guard bytes.byteCount - position >= width else {
                    throw ParquetError(.malformed, "the page ends inside a run")
                }
                var value: UInt32 = 0
                for byte in 0..<width {
                    value |= UInt32(bytes.load(UInt8.self, at: position + byte)) << UInt32(8 * byte)
                }
                position += width
                guard bitWidth == 32 || value >> UInt32(bitWidth) == 0 else {
                    throw ParquetError(.malformed, "a run of the value \(value), which has more than \(bitWidth) bits")
                }
                if length == 0 { continue }
                let count = min(length, remaining)
                remaining -= count
                return .repeated(value: value, count: count)
            }
            let start = position
            let available = bytes.byteCount - start
            var count = min(length * 8, remaining)
            if bitWidth > 0 { count = min(count, available * 8 / bitWidth) }
            position += min(length * bitWidth, available)
            if count == 0 { continue }
            remaining -= count
            return .packed(at: start, count: count)
        }
        return nil
    }

    /// All values that are due.
    static func decode(
        _ bytes: RawSpan,
        bitWidth: Int,
        count: Int,
        position: Int = 0
    ) throws(ParquetError) -> [UInt32] {
        try collect(bytes, bitWidth: bitWidth, count: count, position: position)
    }

    /// All values that are due, as levels: the bit width must be 8 at most.
    static func decodeLevels(_ bytes: RawSpan, bitWidth: Int, count: Int) throws(ParquetError) -> [UInt8] {
        try collect(bytes, bitWidth: bitWidth, count: count, position: 0)
    }

    @inline(__always)
    private static func collect<Value: FixedWidthInteger & UnsignedInteger>(
        _ bytes: RawSpan,
        bitWidth: Int,
        count: Int,
        position: Int
    ) throws(ParquetError) -> [Value] {
        var runs = try HybridDecoder(bitWidth: bitWidth, count: count, position: position)
        var failure: ParquetError?
        let values = unsafe [Value](unsafeUninitializedCapacity: count) { output, initialized in
            guard let base = output.baseAddress else { return }
            do throws(ParquetError) {
                while let run = try runs.next(in: bytes) {
                    switch run {
                    case .repeated(let value, let length):
                        unsafe (base + initialized)
                            .update(
                                repeating: Value(truncatingIfNeeded: value),
                                count: length
                            )
                        initialized += length
                    case .packed(let start, let length):
                        unsafe BitUnpackDecoder.unpack(
                            bytes,
                            at: start,
                            width: bitWidth,
                            count: length,
                            into: base + initialized
                        )
                        initialized += length
                    }
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return values
    }
}
