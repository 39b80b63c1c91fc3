/// How many events are looked at to learn about fields, and which.
public struct FieldSampling: Sendable, Hashable {
    /// Events in the sample; default 10,000.
    public var events: Int
    /// Makes the choice: the same journal, range and seed give the same sample; default 0.
    public var seed: UInt64
    /// Row groups to read at most; default 256, which is as many requests of a store or a few times as many.
    public var rowGroups: Int
    /// Bytes of payload to read at most, as far as ``minimumRowGroups`` allow; default 256 MiB.
    public var payloadBytes: Int

    /// Row groups that are read, if there are as many, however large they are.
    public static let minimumRowGroups = 16

    /// Makes settings.
    public init(events: Int = 10_000, seed: UInt64 = 0, rowGroups: Int = 256, payloadBytes: Int = 256 << 20) {
        self.events = max(events, 1)
        self.seed = seed
        self.rowGroups = max(rowGroups, 1)
        self.payloadBytes = payloadBytes
    }
}

/// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators"), the same everywhere.
struct SamplingGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// One place in each of `count` equal stretches of `0..<end`, ascending, no two the same.
    mutating func spread(_ count: Int, over end: Int) -> [Int] {
        guard count < end else { return Array(0..<max(end, 0)) }
        return (0..<count)
            .map { stretch in
                let low = Int(Double(stretch) / Double(count) * Double(end))
                let high = Int(Double(stretch + 1) / Double(count) * Double(end))
                return low < high ? Int.random(in: low..<high, using: &self) : low
            }
    }
}
