/// The 64-bit xxHash with seed 0, which Parquet's Bloom filters use.
///
/// Source: xxHash specification, `doc/xxhash_spec.md`, version 0.1.1, section "XXH64 algorithm description".
enum XXHash64 {
    private static var prime1: UInt64 { 0x9E37_79B1_85EB_CA87 }
    private static var prime2: UInt64 { 0xC2B2_AE3D_27D4_EB4F }
    private static var prime3: UInt64 { 0x1656_67B1_9E37_79F9 }
    private static var prime4: UInt64 { 0x85EB_CA77_C2B2_AE63 }
    private static var prime5: UInt64 { 0x27D4_EB2F_1656_67C5 }

    /// The hash of a string of bytes.
    ///
    /// - Complexity: O(n); 8 bytes a step.
    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let count = bytes.count
        guard count > 0, let base = bytes.baseAddress else { return avalanche(prime5) }
        var offset = 0
        var hash: UInt64
        if count >= 32 {
            var lane1 = prime1 &+ prime2
            var lane2 = prime2
            var lane3: UInt64 = 0
            var lane4 = 0 &- prime1
            // All loads below stay inside `count`; the specification reads little-endian words at any address.
            repeat {
                lane1 = round(lane1, unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian)
                lane2 = round(
                    lane2,
                    unsafe base.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self).littleEndian
                )
                lane3 = round(
                    lane3,
                    unsafe base.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self).littleEndian
                )
                lane4 = round(
                    lane4,
                    unsafe base.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self).littleEndian
                )
                offset += 32
            } while offset <= count - 32
            hash = rotate(lane1, 1) &+ rotate(lane2, 7) &+ rotate(lane3, 12) &+ rotate(lane4, 18)
            hash = merge(hash, lane1)
            hash = merge(hash, lane2)
            hash = merge(hash, lane3)
            hash = merge(hash, lane4)
        } else {
            hash = prime5
        }
        hash &+= UInt64(count)
        while offset + 8 <= count {
            hash = mix8(hash, unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian)
            offset += 8
        }
        if offset + 4 <= count {
            hash = mix4(hash, unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian)
            offset += 4
        }
        while offset < count {
            hash ^= UInt64(unsafe base.load(fromByteOffset: offset, as: UInt8.self)) &* prime5
            hash = rotate(hash, 11) &* prime1
            offset += 1
        }
        return avalanche(hash)
    }

    /// The hash of the eight little-endian bytes of a number.
    @inline(__always)
    static func hash(_ value: UInt64) -> UInt64 { avalanche(mix8(prime5 &+ 8, value)) }

    /// The hash of the four little-endian bytes of a number.
    @inline(__always)
    static func hash(_ value: UInt32) -> UInt64 { avalanche(mix4(prime5 &+ 4, value)) }

    // Arithmetic is modulo 2⁶⁴, as the specification says.

    @inline(__always)
    private static func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 { value &<< bits | value &>> (64 - bits) }

    @inline(__always)
    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotate(lane &+ word &* prime2, 31) &* prime1
    }

    @inline(__always)
    private static func merge(_ hash: UInt64, _ lane: UInt64) -> UInt64 {
        (hash ^ round(0, lane)) &* prime1 &+ prime4
    }

    @inline(__always)
    private static func mix8(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        rotate(hash ^ round(0, word), 27) &* prime1 &+ prime4
    }

    @inline(__always)
    private static func mix4(_ hash: UInt64, _ word: UInt32) -> UInt64 {
        rotate(hash ^ UInt64(word) &* prime1, 23) &* prime2 &+ prime3
    }

    @inline(__always)
    private static func avalanche(_ value: UInt64) -> UInt64 {
        var hash = value
        hash ^= hash &>> 33
        hash &*= prime2
        hash ^= hash &>> 29
        hash &*= prime3
        hash ^= hash &>> 32
        return hash
    }
}
