internal import CDeflate

/// The frame of a page: CRC-32 (RFC 1952) of all that follows it, then 16 bits for how many entries or filter blocks
/// it has, then the lower 16 bits of its number among the pages of its kind; all big-endian.
enum IndexPage {
    /// Fills in the frame of a page whose content is there.
    ///
    /// - Parameters:
    ///   - bytes: The buffer the page is in.
    ///   - range: Which bytes of it are the page.
    ///   - count: How many entries or blocks it has.
    ///   - number: Its place.
    static func seal(_ bytes: inout [UInt8], _ range: Range<Int>, count: Int, number: Int) {
        store(UInt16(count), in: &bytes, at: range.lowerBound + 4)
        store(UInt16(truncatingIfNeeded: number), in: &bytes, at: range.lowerBound + 6)
        store(crc(bytes[(range.lowerBound + 4)..<range.upperBound]), in: &bytes, at: range.lowerBound)
    }

    /// Whether the bytes of a range are what was sealed with this count and number.
    static func isSound(_ bytes: [UInt8], _ range: Range<Int>, count: Int, number: Int) -> Bool {
        let span = unsafe bytes.span.bytes
        return span.bigEndian(UInt32.self, at: range.lowerBound)
            == crc(bytes[(range.lowerBound + 4)..<range.upperBound])
            && span.bigEndian(UInt16.self, at: range.lowerBound + 4) == UInt16(truncatingIfNeeded: count)
            && span.bigEndian(UInt16.self, at: range.lowerBound + 6) == UInt16(truncatingIfNeeded: number)
    }

    /// The CRC-32 of RFC 1952.
    static func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe libdeflate_crc32(0, $0.baseAddress, $0.count) }
    }

    private static func store(_ value: some FixedWidthInteger, in bytes: inout [UInt8], at offset: Int) {
        unsafe bytes.withUnsafeMutableBytes {
            unsafe $0.storeBytes(of: value.bigEndian, toByteOffset: offset, as: type(of: value))
        }
    }
}

extension RawSpan {
    /// The big-endian number at an offset.
    @inline(__always)
    func bigEndian<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value {
        // Traps outside the span; any bytes are a number.
        unsafe Value(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: type))
    }

    /// The hash of the entry at an offset: its first six bytes, the lower 16 bits zero.
    @inline(__always)
    func indexHash(at offset: Int) -> UInt64 { IndexEntry.significant(bigEndian(UInt64.self, at: offset)) }

    /// The entry at an offset.
    @inline(__always)
    func indexEntry(at offset: Int) -> IndexEntry {
        IndexEntry(hash: indexHash(at: offset), timestamp: bigEndian(Int64.self, at: offset + 6))
    }
}
