internal import EventJournal
internal import Parquet

/// Makes events of a shop: some 470 bytes of JSON each, ids without order, a key for each customer, times that ascend.
struct EventGenerator {
    private var state: UInt64
    private var number: Int64 = 0
    private let keys: UInt64

    init(seed: UInt64, keys: Int) {
        state = seed
        self.keys = UInt64(keys)
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    /// The id of an event by its number, as a UUID's text: the same in each run, in no order.
    static func id(_ number: Int64) -> [UInt8] {
        var generator = EventGenerator(seed: UInt64(bitPattern: number) &* 0xD1B5_4A32_D192_ED03, keys: 1)
        return UUIDv7(high: generator.next(), low: generator.next()).text
    }

    private static let countries = ["DE", "FR", "US", "GB", "NL", "SE", "JP", "BR", "IN", "CA"]
    private static let agents = [
        "Firefox on Linux", "Safari on iPhone", "Chrome on Windows", "Chrome on Android", "curl",
    ]
    private static let goods = [
        "espresso machine", "hiking boots", "paperback novel", "desk lamp", "running shirt", "cast iron pan",
        "headphones",
        "garden chair", "mechanical keyboard", "wool blanket", "bicycle pump", "chess set",
    ]

    /// The next events.
    mutating func batch(_ count: Int) -> EventBatch {
        var ids = ByteArrays()
        var keys = ByteArrays()
        var payloads = ByteArrays()
        var timestamps: [Int64] = []
        for _ in 0..<count {
            let customer = next() % self.keys
            let random = next()
            var items = ""
            for item in 0..<(2 + random % 3) {
                let pick = next()
                let good = EventGenerator.goods[Int(pick % UInt64(EventGenerator.goods.count))]
                items += item == 0 ? "" : ","
                items +=
                    "{\"sku\":\"\(100_000 + pick >> 20 % 900_000)\",\"name\":\"\(good)\",\"price\":\(pick >> 40 % 20_000),\"count\":\(1 + pick >> 56 % 4)}"
            }
            let country = EventGenerator.countries[Int(random >> 8 % 10)]
            let agent = EventGenerator.agents[Int(random >> 16 % 5)]
            let text =
                "{\"type\":\"order.\(random >> 24 % 8 == 0 ? "returned" : "placed")\",\"customer\":{\"id\":\(customer),"
                + "\"country\":\"\(country)\",\"agent\":\"\(agent)\"},\"order\":{\"number\":\(next() >> 24),"
                + "\"total\":\(random >> 32 % 100_000),\"currency\":\"EUR\",\"items\":[\(items)]},"
                + "\"trace\":\"\(String(next(), radix: 16))\(String(next(), radix: 16))\"}"
            ids.append(EventGenerator.id(number))
            keys.append("customer-\(customer)".utf8)
            payloads.append(text.utf8)
            timestamps.append(1_700_000_000_000_000 + number * 250_000 + Int64(random % 200_000))
            number += 1
        }
        return EventBatch(timestamps: timestamps, ids: ids, keys: keys, payloads: payloads)
    }

    /// A number below a bound, at random.
    mutating func number(below bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
