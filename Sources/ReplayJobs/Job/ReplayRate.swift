/// How fast a job sends.
public enum ReplayRate: Sendable, Hashable {
    /// At most so many records a second.
    case records(perSecond: Double)
    /// At most so many bytes of payload a second.
    case bytes(perSecond: Double)
    /// As the events happened, by their timestamps, so many times as fast.
    case recorded(times: Double)

    private static let units: [(name: String, bytes: Double)] = [
        ("kib", 1024), ("mib", 1_048_576), ("gib", 1_073_741_824), ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("b", 1),
    ]

    /// Reads `500/s`, `2.5MB/s` (also kB, GB, KiB, MiB, GiB and B), `recorded`, `recorded×10` or `recordedx0.5`.
    ///
    /// - Returns: `nil` for anything else, and for a rate that is not above zero.
    public init?(_ text: some StringProtocol) {
        func positive(_ text: some StringProtocol) -> Double? {
            guard let value = Double(text), value > 0, value < 1e15 else { return nil }
            return value
        }
        let text = text.lowercased()
        if text.hasPrefix("recorded") {
            let factor = text.dropFirst("recorded".count)
            if factor.isEmpty {
                self = .recorded(times: 1)
                return
            }
            guard let sign = factor.first, "x×*".contains(sign), let times = positive(factor.dropFirst()) else {
                return nil
            }
            self = .recorded(times: times)
            return
        }
        guard text.hasSuffix("/s") else { return nil }
        let amount = text.dropLast(2)
        for (name, bytes) in ReplayRate.units where amount.hasSuffix(name) {
            guard let number = positive(amount.dropLast(name.count)) else { return nil }
            self = .bytes(perSecond: number * bytes)
            return
        }
        guard let number = positive(amount) else { return nil }
        self = .records(perSecond: number)
    }

    /// As it can be read again.
    public var text: String {
        func number(_ value: Double) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
        return switch self {
        case .records(let rate): "\(number(rate))/s"
        case .bytes(let rate): "\(number(rate))B/s"
        case .recorded(let times): "recorded×\(number(times))"
        }
    }
}
