/// Unpacks integers of a fixed number of bits, least significant bit first.
///
/// Source: Apache Parquet format, `Encodings.md`, "Run Length Encoding / Bit-Packing Hybrid".
enum BitUnpackDecoder {
    /// How many bytes `count` values of `width` bits take.
    @inline(__always)
    static func byteCount(_ count: Int, width: Int) -> Int { (count * width + 7) / 8 }

    /// Unpacks `count` values of `width` bits from byte `start` on.
    ///
    /// The caller has checked that `start + byteCount(count, width:)` lies inside `bytes`, that `width` is at most the
    /// width of `Value` and that `output` has room.
    @inline(__always)
    static func unpack<Value: FixedWidthInteger & UnsignedInteger>(
        _ bytes: RawSpan,
        at start: Int,
        width: Int,
        count: Int,
        into output: UnsafeMutablePointer<Value>
    ) {
        guard width > 0 else {
            unsafe output.update(repeating: 0, count: count)
            return
        }
        let mask = width >= 64 ? UInt64.max : (1 << UInt64(width)) &- 1
        // An eight-byte load at value `i` is inside the span while (i * width) / 8 <= slack.
        let slack = bytes.byteCount - start - 8
        let fast = width > 57 || slack < 0 ? 0 : min(count, (slack * 8 + 7) / width + 1)
        var bit = 0
        for index in 0..<fast {
            // In bounds by the choice of `fast`.
            let word = unsafe bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: start &+ (bit &>> 3),
                as: UInt64.self
            )
            unsafe output[index] = Value(truncatingIfNeeded: (word &>> UInt64(bit & 7)) & mask)
            bit &+= width
        }
        for index in fast..<count {
            unsafe output[index] = Value(truncatingIfNeeded: slow(bytes, at: start, bit: bit, width: width) & mask)
            bit += width
        }
    }

    /// The value at a bit, byte by byte: for the last few of a page and for those wider than 57 bits.
    @inline(never)
    private static func slow(_ bytes: RawSpan, at start: Int, bit: Int, width: Int) -> UInt64 {
        var result: UInt64 = 0
        var filled = -(bit & 7)
        var offset = start + bit >> 3
        while filled < width {
            let byte = UInt64(bytes.load(UInt8.self, at: offset))
            // A smart shift: a negative one drops the bits that belong to the value before.
            result |= filled >= 0 ? byte << UInt64(filled) : byte >> UInt64(-filled)
            filled += 8
            offset += 1
        }
        return result
    }
}
