/// Packs numbers of equal width one behind the other, lowest bit first.
///
/// Source: Apache Parquet format, `Encodings.md` (RLE / bit-packing hybrid).
enum BitPackingEncoder {
    /// Packs `count` values of `width` bits (1...64) to `target`, which has room for `count * width` bits rounded up
    /// to bytes; `value` gives each of them, with no bits set above `width`.
    ///
    /// - Returns: How many bytes were written.
    @inline(__always)
    static func pack(
        count: Int,
        width: Int,
        to target: UnsafeMutableRawPointer,
        _ value: (Int) -> UInt64
    ) -> Int {
        var word: UInt64 = 0
        var filled = 0
        var offset = 0
        for index in 0..<count {
            let bits = value(index)
            word |= bits &<< UInt64(truncatingIfNeeded: filled)
            filled += width
            if filled >= 64 {
                unsafe target.storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt64.self)
                offset += 8
                filled -= 64
                // What did not fit: the upper `filled` bits of the value, none when it ended with the word.
                word = filled == 0 ? 0 : bits &>> UInt64(truncatingIfNeeded: width - filled)
            }
        }
        while filled > 0 {
            unsafe target.storeBytes(of: UInt8(truncatingIfNeeded: word), toByteOffset: offset, as: UInt8.self)
            word >>= 8
            filled -= 8
            offset += 1
        }
        return offset
    }

    /// How many bits the largest number up to `maximum` needs.
    @inline(__always)
    static func width(of maximum: UInt64) -> Int { 64 - maximum.leadingZeroBitCount }
}
