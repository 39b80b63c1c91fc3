internal import EventJournal

/// The events of a benchmark: orders of a shop, the same in each run, a third of a minute apart.
struct BenchWorkload: Sendable {
    /// The bytes of a payload, about.
    let size: Int

    private static let start: Int64 = 1_704_067_200_000_000
    private static let step: Int64 = 20_000_000
    private static let words = [
        "espresso", "boots", "novel", "lamp", "shirt", "pan", "headphones", "chair", "keyboard", "blanket", "pump",
        "chess",
        "Berlin", "Lyon", "Malmö", "Porto", "returned", "placed", "paid", "shipped", "express", "parcel", "pickup",
        "gift",
    ]

    /// SplitMix64 (Steele, Lea, Flood 2014), so that a number always makes the same event.
    private static func random(_ number: Int, _ turn: Int) -> UInt64 {
        var z = UInt64(truncatingIfNeeded: number) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(turn) &* 0xD1B5_4A32_D192_ED03
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    /// The id of an event.
    func id(_ number: Int) -> String { "order-\(String(BenchWorkload.random(number, 0), radix: 36))-\(number)" }

    /// When an event happened.
    func time(_ number: Int) -> Timestamp {
        Timestamp(microseconds: BenchWorkload.start + Int64(number) * BenchWorkload.step)
    }

    /// An event.
    func event(_ number: Int) -> Event {
        var text = "{\"order\":\(number),\"customer\":\(BenchWorkload.random(number, 1) % 10_000),\"note\":\""
        var turn = 2
        while text.utf8.count < size - 2 {
            let random = BenchWorkload.random(number, turn)
            text += BenchWorkload.words[Int(random % UInt64(BenchWorkload.words.count))] + " \(random >> 48) "
            turn += 1
        }
        text += "\"}"
        return Event(
            id: id(number),
            timestamp: time(number),
            key: "customer-\(BenchWorkload.random(number, 1) % 10_000)",
            data: Array(text.utf8)
        )
    }
}
