internal import CChecksum
internal import TextEncoding

/// The checksum that S3 and Google Cloud Storage both keep with their objects: CRC-32C, RFC 3720 appendix B.4.
package struct CRC32C: Sendable, Hashable {
    /// The checksum of what was added so far.
    package private(set) var value: UInt32

    /// The checksum of nothing, or one that is known already.
    package init(value: UInt32 = 0) { self.value = value }

    /// The checksum of bytes.
    package init(of bytes: some Collection<UInt8>) {
        value = 0
        add(bytes)
    }

    /// Adds bytes at the end; some GB/s with the processor's instruction.
    package mutating func add(_ bytes: some Collection<UInt8>) {
        let start = value
        let added = bytes.withContiguousStorageIfAvailable { buffer in
            unsafe hw_crc32c(start, buffer.baseAddress, buffer.count)
        }
        value = added ?? CRC32C.slowly(start, bytes)
    }

    private static func slowly(_ start: UInt32, _ bytes: some Collection<UInt8>) -> UInt32 {
        let bytes = Array(bytes)
        return unsafe bytes.withUnsafeBufferPointer { unsafe hw_crc32c(start, $0.baseAddress, $0.count) }
    }

    /// Adds bytes at the end of which only the checksum and the number are known.
    ///
    /// Multiplies by x to the 8·count modulo the polynomial; logarithmic in the count. The polynomials are
    /// bit-reversed, so the top bit is the coefficient of x⁰.
    package mutating func add(_ other: CRC32C, count: UInt64) {
        var shift: UInt32 = 1 << 31
        var power: UInt32 = 1 << 23  // x⁸, one byte
        var rest = count
        while rest > 0 {
            if rest & 1 == 1 { shift = CRC32C.product(shift, power) }
            power = CRC32C.product(power, power)
            rest >>= 1
        }
        value = CRC32C.product(shift, value) ^ other.value
    }

    private static func product(_ left: UInt32, _ right: UInt32) -> UInt32 {
        var sum: UInt32 = 0
        var shifted = right
        var mask: UInt32 = 1 << 31
        while mask > 0 {
            if left & mask != 0 { sum ^= shifted }
            shifted = shifted >> 1 ^ (shifted & 1 == 1 ? 0x82F6_3B78 : 0)
            mask >>= 1
        }
        return sum
    }

    /// Its four bytes, the most significant first.
    package var bytes: [UInt8] {
        [
            UInt8(truncatingIfNeeded: value >> 24), UInt8(truncatingIfNeeded: value >> 16),
            UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value),
        ]
    }

    /// Its bytes in base 64, as both stores write it.
    package var base64: String { Base64.encode(bytes) }

    /// A checksum as ``base64`` writes it; `nil` when it is not one.
    package init?(base64: some StringProtocol) {
        guard let bytes = Base64.decode(base64), bytes.count == 4 else { return nil }
        value = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }
}
