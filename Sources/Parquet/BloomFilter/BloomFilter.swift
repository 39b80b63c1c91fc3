#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A set of values that answers "certainly not" or "perhaps": a split-block Bloom filter.
///
/// Values go in as hashes, so that one hash serves many filters.
///
/// Source: Apache Parquet format, `BloomFilter.md`.
public struct BloomFilter: Sendable, Hashable {
    /// Limits of the length in bytes; both are powers of two.
    public static let byteCountRange = 32...(128 << 20)

    /// Eight words to a block, as they stand in a file.
    private var words: [UInt32]

    /// An empty filter for `distinctCount` values of which one in `1 / falsePositiveRate` absent ones is mistaken.
    ///
    /// The length is rounded up to a power of two, which some readers insist on; a rate outside 0.000001...0.5 is
    /// taken as the nearest.
    public init(distinctCount: Int, falsePositiveRate: Double) {
        let rate = min(max(falsePositiveRate, 0.000_001), 0.5)
        // From `BloomFilter.md`, "Sizing": the bits for eight hashes a value.
        let bits = -8 * Double(max(distinctCount, 1)) / log(1 - pow(rate, 1.0 / 8))
        let wanted = min(max(bits / 8, Double(Self.byteCountRange.lowerBound)), Double(Self.byteCountRange.upperBound))
        var byteCount = Self.byteCountRange.lowerBound
        while Double(byteCount) < wanted { byteCount *= 2 }
        words = [UInt32](repeating: 0, count: byteCount / 4)
    }

    /// A filter from the bits that follow its header in a file.
    ///
    /// - Throws: ``ParquetError/Code/malformed`` when the length is no positive multiple of 32.
    public init(bits: ArraySlice<UInt8>) throws(ParquetError) {
        guard !bits.isEmpty, bits.count % 32 == 0 else {
            throw ParquetError(.malformed, "a Bloom filter of \(bits.count) bytes is no multiple of 32")
        }
        words = unsafe bits.withUnsafeBytes { bytes in
            var words: [UInt32] = []
            words.reserveCapacity(bytes.count / 4)
            for offset in stride(from: 0, to: bytes.count, by: 4) {
                unsafe words.append(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian)
            }
            return words
        }
    }

    /// The length of the bits in bytes.
    public var byteCount: Int { words.count * 4 }

    /// The bits as they stand in a file.
    public var bits: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        for word in words {
            unsafe withUnsafeBytes(of: word.littleEndian) { unsafe bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// The hash of a BYTE_ARRAY or FIXED_LEN_BYTE_ARRAY value, without a length prefix.
    public static func hash(_ bytes: some Collection<UInt8>) -> UInt64 {
        let hash = bytes.withContiguousStorageIfAvailable { bytes in
            unsafe XXHash64.hash(UnsafeRawBufferPointer(bytes))
        }
        if let hash { return hash }
        return unsafe Array(bytes).withUnsafeBytes { unsafe XXHash64.hash($0) }
    }

    /// The hash of a BYTE_ARRAY or FIXED_LEN_BYTE_ARRAY value, without a length prefix.
    public static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 { unsafe XXHash64.hash(bytes) }

    /// The hash of an INT64 value.
    public static func hash(_ value: Int64) -> UInt64 { XXHash64.hash(UInt64(bitPattern: value)) }

    /// The hash of an INT32 value.
    public static func hash(_ value: Int32) -> UInt64 { XXHash64.hash(UInt32(bitPattern: value)) }

    /// The hash of a DOUBLE value.
    public static func hash(_ value: Double) -> UInt64 { XXHash64.hash(value.bitPattern) }

    /// The hash of a FLOAT value.
    public static func hash(_ value: Float) -> UInt64 { XXHash64.hash(value.bitPattern) }

    /// Adds the value with this hash.
    public mutating func insert(hash: UInt64) {
        let block = self.block(hash)
        let key = UInt32(truncatingIfNeeded: hash)
        for index in 0..<8 { words[block + index] |= Self.mask(key, index) }
    }

    /// Whether the value with this hash may have been added; `false` is certain.
    public func mightContain(hash: UInt64) -> Bool {
        let block = self.block(hash)
        let key = UInt32(truncatingIfNeeded: hash)
        for index in 0..<8 where words[block + index] & Self.mask(key, index) == 0 { return false }
        return true
    }

    /// The first word of the block: the upper half of the hash scaled to the number of blocks.
    @inline(__always)
    private func block(_ hash: UInt64) -> Int {
        Int(((hash >> 32) &* UInt64(words.count / 8)) >> 32) * 8
    }

    /// The bit of word `index` in a block.
    @inline(__always)
    private static func mask(_ key: UInt32, _ index: Int) -> UInt32 {
        let salt: UInt32 =
            switch index {
            case 0: 0x47b6_137b
            case 1: 0x4497_4d91
            case 2: 0x8824_ad5b
            case 3: 0xa2b7_289d
            case 4: 0x7054_95c7
            case 5: 0x2df1_424b
            case 6: 0x9efc_4947
            default: 0x5c6b_fb31
            }
        return 1 &<< ((key &* salt) &>> 27)
    }
}
