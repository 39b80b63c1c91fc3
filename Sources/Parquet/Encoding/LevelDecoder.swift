/// The definition or repetition levels of a page.
struct Levels {
    /// One per slot; `nil` when each is `uniform`.
    var values: [UInt8]?
    /// The level of every slot where `values` is `nil`.
    var uniform: UInt8
    /// How many slots there are.
    var count: Int

    /// How many slots have this level.
    func count(of level: UInt8) -> Int {
        guard let values else { return level == uniform ? count : 0 }
        var found = 0
        for value in values where value == level { found &+= 1 }
        return found
    }

    /// The levels as an array, whatever they are.
    func array() -> [UInt8] { values ?? [UInt8](repeating: uniform, count: count) }
}

/// Decodes definition and repetition levels.
///
/// Source: Apache Parquet format, `Encodings.md` (RLE = 3, BIT_PACKED = 4).
enum LevelDecoder {
    /// Bits of a level up to `maximum`.
    static func bitWidth(_ maximum: Int) -> Int { Int.bitWidth - maximum.leadingZeroBitCount }

    /// Levels in the RLE / bit-packed hybrid; a page that is one run costs O(1).
    static func hybrid(_ bytes: RawSpan, count: Int, maximum: UInt8) throws(ParquetError) -> Levels {
        let width = bitWidth(Int(maximum))
        if count > 0 {
            var runs = try HybridDecoder(bitWidth: width, count: count)
            if case .repeated(let value, count)? = try runs.next(in: bytes) {
                guard value <= maximum else { throw excess(value, maximum) }
                return Levels(values: nil, uniform: UInt8(value), count: count)
            }
        }
        let values = try HybridDecoder.decodeLevels(bytes, bitWidth: width, count: count)
        return try checked(values, maximum: maximum)
    }

    /// How many bytes `count` levels take in the deprecated encoding BIT_PACKED.
    static func bitPackedByteCount(_ count: Int, maximum: UInt8) -> Int {
        BitUnpackDecoder.byteCount(count, width: bitWidth(Int(maximum)))
    }

    /// Levels in the deprecated encoding BIT_PACKED: most significant bit first, no header.
    static func bitPacked(_ bytes: RawSpan, count: Int, maximum: UInt8) throws(ParquetError) -> Levels {
        let width = bitWidth(Int(maximum))
        guard bytes.byteCount >= bitPackedByteCount(count, maximum: maximum) else {
            throw ParquetError(.malformed, "the page ends inside its bit-packed levels")
        }
        var values = [UInt8](repeating: 0, count: count)
        var bit = 0
        for index in 0..<count {
            var value: UInt8 = 0
            for _ in 0..<width {
                value = value << 1 | (bytes.load(UInt8.self, at: bit >> 3) >> UInt8(7 - bit & 7)) & 1
                bit += 1
            }
            values[index] = value
        }
        return try checked(values, maximum: maximum)
    }

    private static func checked(_ values: [UInt8], maximum: UInt8) throws(ParquetError) -> Levels {
        var highest: UInt8 = 0
        for value in values { highest = max(highest, value) }
        guard highest <= maximum else { throw excess(UInt32(highest), maximum) }
        return Levels(values: values, uniform: 0, count: values.count)
    }

    private static func excess(_ level: UInt32, _ maximum: UInt8) -> ParquetError {
        ParquetError(.malformed, "a level of \(level) in a column whose highest is \(maximum)")
    }
}
