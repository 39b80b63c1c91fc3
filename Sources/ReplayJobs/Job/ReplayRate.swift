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
    /// - Returns: `nil` for anything else, and for a rate that is not from 1e-6 to 1e15: records a second, bytes a
    ///   second, or times as fast.
    public init?(_ text: some StringProtocol) {
        func rate(_ text: some StringProtocol, times unit: Double = 1) -> Double? {
            guard let value = Double(text), (1e-6...1e15).contains(value * unit) else { return nil }
            return value * unit
        }
        let text = text.lowercased()
        if text.hasPrefix("recorded") {
            let factor = text.dropFirst("recorded".count)
            if factor.isEmpty {
                self = .recorded(times: 1)
                return
            }
            guard let sign = factor.first, "x×*".contains(sign), let times = rate(factor.dropFirst()) else {
                return nil
            }
            self = .recorded(times: times)
            return
        }
        guard text.hasSuffix("/s") else { return nil }
        let amount = text.dropLast(2)
        for (name, bytes) in ReplayRate.units where amount.hasSuffix(name) {
            guard let number = rate(amount.dropLast(name.count), times: bytes) else { return nil }
            self = .bytes(perSecond: number)
            return
        }
        guard let number = rate(amount) else { return nil }
        self = .records(perSecond: number)
    }

    /// As it can be read again.
    public var text: String {
        func number(_ value: Double) -> String { Int(exactly: value).map { "\($0)" } ?? "\(value)" }
        return switch self {
        case .records(let rate): "\(number(rate))/s"
        case .bytes(let rate): "\(number(rate))B/s"
        case .recorded(let times): "recorded×\(number(times))"
        }
    }
}
