/// Writes integers as packed differences in blocks of 128.
///
/// Differences wrap around at the width of the type, so that any values can follow each other.
///
/// Source: Apache Parquet format, `Encodings.md` (DELTA_BINARY_PACKED).
enum DeltaBinaryPackedEncoder {
    private static var blockSize: Int { 128 }
    private static var miniblockCount: Int { 4 }
    private static var miniblockSize: Int { blockSize / miniblockCount }

    /// Adds all of `values`.
    static func append<Value: FixedWidthInteger & SignedInteger>(
        _ values: UnsafeBufferPointer<Value>,
        to buffer: inout PageBuffer
    ) where Value.Magnitude: FixedWidthInteger {
        buffer.appendVarint(UInt64(blockSize))
        buffer.appendVarint(UInt64(miniblockCount))
        buffer.appendVarint(UInt64(values.count))
        guard values.count > 0, let base = values.baseAddress else {
            buffer.appendVarint(0)
            return
        }
        unsafe buffer.appendVarint(zigZag(Int64(base[0])))
        unsafe withUnsafeTemporaryAllocation(of: Value.self, capacity: blockSize) { deltas in
            guard let deltas = deltas.baseAddress else { return }
            var next = 1
            while next < values.count {
                let count = min(blockSize, values.count - next)
                var minimum = Value.max
                for index in 0..<count {
                    let delta = unsafe base[next + index] &- base[next + index - 1]
                    unsafe deltas[index] = delta
                    minimum = min(minimum, delta)
                }
                unsafe appendBlock(deltas, count, minimum, to: &buffer)
                next += count
            }
        }
    }

    private static func appendBlock<Value: FixedWidthInteger & SignedInteger>(
        _ deltas: UnsafeMutablePointer<Value>,
        _ count: Int,
        _ minimum: Value,
        to buffer: inout PageBuffer
    ) where Value.Magnitude: FixedWidthInteger {
        buffer.appendVarint(zigZag(Int64(minimum)))
        // Four widths, then up to 128 numbers of 64 bits.
        unsafe buffer.append(upTo: miniblockCount + blockSize * 8) { target in
            var written = miniblockCount
            for miniblock in 0..<miniblockCount {
                let start = miniblock * miniblockSize
                let end = min(start + miniblockSize, count)
                var width = 0
                if start < end {
                    var largest: Value.Magnitude = 0
                    for index in start..<end {
                        let excess = unsafe Value.Magnitude(truncatingIfNeeded: deltas[index] &- minimum)
                        largest |= excess
                    }
                    width = BitPackingEncoder.width(of: UInt64(largest))
                }
                unsafe target.storeBytes(of: UInt8(width), toByteOffset: miniblock, as: UInt8.self)
                if width == 0 { continue }
                // The last miniblock is filled up with zeros; those behind it are not written at all.
                written += unsafe BitPackingEncoder.pack(
                    count: miniblockSize,
                    width: width,
                    to: target + written
                ) { index in
                    guard start + index < end else { return 0 }
                    return unsafe UInt64(Value.Magnitude(truncatingIfNeeded: deltas[start + index] &- minimum))
                }
            }
            return written
        }
    }

    @inline(__always)
    private static func zigZag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }
}
