internal import Synchronization

/// What a part of a benchmark came to.
struct BenchPhase: Sendable {
    var name: String
    var events = 0
    /// Of payload, or of objects where there are no events.
    var bytes = 0
    var seconds = 0.0
    /// How long each operation took, in seconds.
    var latencies: [Double] = []
    var requests: [RequestKind: Int] = [:]

    var eventsPerSecond: Double { seconds > 0 ? Double(events) / seconds : 0 }
    var megabytesPerSecond: Double { seconds > 0 ? Double(bytes) / 1e6 / seconds : 0 }

    /// The latency that so many of a hundred operations do not exceed, by nearest rank, in seconds.
    func percentile(_ percent: Int) -> Double? {
        if latencies.isEmpty { return nil }
        let sorted = latencies.sorted()
        return sorted[max(0, (sorted.count * percent + 99) / 100 - 1)]
    }

    /// How fast a replay took the objects in, as a share of plain gets of the same objects.
    static func replayShare(_ phases: [BenchPhase]) -> Double? {
        guard let replay = phases.first(where: { $0.name == "replay" }), replay.seconds > 0,
            let gets = phases.first(where: { $0.name == "plain gets" })
        else { return nil }
        return gets.seconds / replay.seconds
    }

    /// As a line for people, under ``header``.
    func row(_ prices: RequestPrices?) -> String {
        let percentiles = [50, 90, 99]
            .map { percentile($0).map { BenchPhase.pad(Text.decimal($0 * 1000), 9) } ?? BenchPhase.pad("", 9) }
        var columns = [
            name + String(repeating: " ", count: max(0, 14 - name.count)),
            BenchPhase.pad(events > 0 ? Text.count(Int(eventsPerSecond)) : "", 11),
            BenchPhase.pad(bytes > 0 ? Text.decimal(megabytesPerSecond) : "", 9),
        ]
        columns += percentiles
        columns.append(BenchPhase.pad(prices.map { BenchPhase.dollars($0.cost(requests)) } ?? "", 11))
        let words = RequestKind.allCases.compactMap { kind in
            requests[kind].map { "\(Text.count($0)) \(kind.rawValue)" }
        }
        return columns.joined() + "  " + words.joined(separator: ", ")
    }

    static let header = "                 events/s     MB/s   p50 ms   p90 ms   p99 ms       cost  requests"

    func json(_ prices: RequestPrices?) -> String {
        var text = JSONText()
        text.add("name", name)
        text.add("events", events)
        text.add("bytes", bytes)
        text.add("seconds", seconds)
        text.add("events_per_second", eventsPerSecond)
        text.add("megabytes_per_second", megabytesPerSecond)
        for percent in [50, 90, 99] {
            if let latency = percentile(percent) { text.add("p\(percent)_ms", latency * 1000) }
        }
        var counts = JSONText()
        for kind in RequestKind.allCases { counts.add(kind.rawValue, requests[kind] ?? 0) }
        text.addRaw("requests", counts.text)
        if let prices { text.add("cost_usd", prices.cost(requests)) }
        return text.text
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// `$0.000175`; of larger sums four decimals.
    private static func dollars(_ amount: Double) -> String {
        let places = amount < 0.01 ? 6 : 4
        let scale = places == 6 ? 1_000_000 : 10_000
        let units = Int((amount * Double(scale)).rounded(.up))
        let fraction = String(units % scale)
        return "$\(units / scale)." + String(repeating: "0", count: places - fraction.count) + fraction
    }
}

/// The phases so far.
final class BenchResults: Sendable {
    private let found = Mutex<[BenchPhase]>([])

    var phases: [BenchPhase] { found.withLock { $0 } }

    func add(_ phase: BenchPhase) { found.withLock { $0.append(phase) } }
}
