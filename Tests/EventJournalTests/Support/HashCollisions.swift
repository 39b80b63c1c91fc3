import Parquet
import Testing

/// Different ids with one 64-bit hash.
///
/// A round of XXH64 is a bijection of its lane for each input, and of its input for each lane. So two first stripes
/// that differ in their first eight bytes are brought together again by the first eight bytes of the second stripe.
enum HashCollisions {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F

    private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
        let sum = lane &+ input &* prime2
        return (sum << 31 | sum >> 33) &* prime1
    }

    /// The number whose product with an odd one is 1, by Newton's iteration modulo 2^64.
    private static func inverse(_ number: UInt64) -> UInt64 {
        var inverse = number
        for _ in 0..<6 { inverse = inverse &* (2 &- number &* inverse) }
        return inverse
    }

    private static func text(_ first: UInt64, _ second: UInt64) -> String? {
        let words = [first, 0x2E2E_2E2E_2E2E_2E2E, 0x2E2E_2E2E_2E2E_2E2E, 0x2E2E_2E2E_2E2E_2E2E]
        let bytes = (words + [second] + words.dropFirst())
            .flatMap { word in
                (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
            }
        return bytes.allSatisfy { $0 < 0x80 } ? String(decoding: bytes, as: UTF8.self) : nil
    }

    /// So many ids of 64 ASCII bytes, different by the seed.
    static func ids(_ count: Int, seed: UInt64) throws -> [String] {
        var random = SeededGenerator(seed: seed)
        let lane = prime1 &+ prime2
        let ascii: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
        let (first, second) = (random.next() & ascii, random.next() & ascii)
        let target = round(lane, first) &+ second &* prime2
        var ids = [try #require(text(first, second))]
        while ids.count < count {
            let other = random.next() & ascii
            if let id = text(other, (target &- round(lane, other)) &* inverse(prime2)) { ids.append(id) }
        }
        #expect(Set(ids.map { BloomFilter.hash(Array($0.utf8)) }).count == 1 && Set(ids).count == count)
        return ids
    }
}
