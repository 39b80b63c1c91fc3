public import EventJournal
internal import Parquet

/// Events much as the peer benchmark has them: transactions as compressible JSON of some 440 bytes.
///
/// The same numbers give the same events on every machine.
public struct SampleEvents {
    private var random: SplitMix
    private var number = 0

    /// Microseconds since 1970 of the first event: 2024-03-01.
    public static let start: Int64 = 1_709_251_200_000_000
    /// Microseconds from one event to the next.
    public static let step: Int64 = 2_592_000

    /// A sequence of events.
    public init(seed: UInt64 = 42) { random = SplitMix(state: seed) }

    /// The next events, each a step behind the one before.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - stride: How many steps lie between them; more than one leaves gaps for other batches.
    ///   - first: The step of the first one; `nil` goes on behind the last.
    /// - Returns: The events in order of time.
    public mutating func batch(_ count: Int, stride: Int = 1, first: Int? = nil) -> EventBatch {
        if let first { number = first }
        var batch = EventBatch()
        for _ in 0..<count {
            batch.append(
                Event(
                    id: identifier(),
                    timestamp: Timestamp(microseconds: Self.start + Int64(number) * Self.step),
                    key: "cust-\(random.below(5000))",
                    data: Array(payload().utf8)
                )
            )
            number += stride
        }
        return batch
    }

    /// Events as lines of NDJSON: an envelope with id, time and key around each payload.
    public mutating func lines(_ count: Int) -> [UInt8] {
        let batch = batch(count)
        var text: [UInt8] = []
        for row in 0..<count {
            let event = batch[row]
            text += "{\"event_id\":\"\(event.id)\",\"timestamp\":\"\(event.timestamp.rfc3339)\",".utf8
            text += "\"key\":\"\(event.key ?? "")\",\"data\":".utf8
            text += event.data
            text += "}\n".utf8
        }
        return text
    }

    private mutating func identifier() -> String {
        UUIDv7(high: random.next(), low: random.next()).description
    }

    private mutating func payload() -> String {
        let items = (0...random.below(2))
            .map { _ in
                "{\"sku\":\"SKU-\(random.below(90_000))\",\"qty\":\(random.below(5)),"
                    + "\"price\":\(random.below(20_000)),\"tags\":[\"\(random.one(Self.tags))\"]}"
            }
        return "{\"type\":\"\(random.one(Self.types))\",\"version\":\(random.below(4)),"
            + "\"actor\":{\"id\":\(random.below(1_000_000_000)),\"login\":\"\(random.one(Self.logins))\(random.below(100))\","
            + "\"country\":\"\(random.one(Self.countries))\",\"bot\":\(random.below(10) == 0)},"
            + "\"order\":{\"id\":\"ord_\(random.hexadecimal())\",\"total\":\(random.below(100_000)),"
            + "\"currency\":\"EUR\",\"items\":[\(items.joined(separator: ","))]},"
            + "\"source\":{\"ip\":\"10.\(random.below(256)).\(random.below(256)).\(random.below(256))\","
            + "\"agent\":\"Mozilla/5.0 (X11; Linux x86_64)\",\"region\":\"\(random.one(Self.regions))\"},\"note\":null,"
            + "\"trace\":{\"request_id\":\"\(random.hexadecimal())\",\"retries\":\(random.below(3))}}"
    }

    private static let types = ["order.created", "order.paid", "order.shipped", "cart.updated", "payment.failed"]
    private static let logins = ["maria.garcia", "john.smith", "wei.chen", "jörg.müller", "yuki.tanaka", "olga.novak"]
    private static let countries = ["US", "GB", "DE", "FR", "JP", "BR", "IN", "CA"]
    private static let regions = ["us-east-1", "eu-west-1", "eu-central-1", "ap-northeast-1"]
    private static let tags = ["new", "sale", "fragile", "gift", "bulk", "eco"]
}

/// Numbers that look random and are the same each time.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func one(_ texts: [String]) -> String { texts[below(texts.count)] }
    mutating func hexadecimal() -> String { String(next(), radix: 16) }
}
