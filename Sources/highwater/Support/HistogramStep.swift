internal import ArgumentParser

/// How much time a bar of a histogram stands for.
struct HistogramStep: ExpressibleByArgument, Equatable {
    /// As users write it: `15m`.
    let name: String
    /// As SQL has it.
    let interval: String
    /// Its length; of months and years that of the shortest.
    let seconds: Int64
    /// How the begin of a bar is printed, for strftime.
    let label: String

    static let all = [
        HistogramStep(name: "1s", interval: "1 second", seconds: 1, label: "%Y-%m-%d %H:%M:%S"),
        HistogramStep(name: "5s", interval: "5 seconds", seconds: 5, label: "%Y-%m-%d %H:%M:%S"),
        HistogramStep(name: "15s", interval: "15 seconds", seconds: 15, label: "%Y-%m-%d %H:%M:%S"),
        HistogramStep(name: "1m", interval: "1 minute", seconds: 60, label: "%Y-%m-%d %H:%M"),
        HistogramStep(name: "5m", interval: "5 minutes", seconds: 300, label: "%Y-%m-%d %H:%M"),
        HistogramStep(name: "15m", interval: "15 minutes", seconds: 900, label: "%Y-%m-%d %H:%M"),
        HistogramStep(name: "1h", interval: "1 hour", seconds: 3600, label: "%Y-%m-%d %H:%M"),
        HistogramStep(name: "3h", interval: "3 hours", seconds: 3 * 3600, label: "%Y-%m-%d %H:%M"),
        HistogramStep(name: "12h", interval: "12 hours", seconds: 12 * 3600, label: "%Y-%m-%d %H:%M"),
        HistogramStep(name: "1d", interval: "1 day", seconds: 86_400, label: "%Y-%m-%d"),
        HistogramStep(name: "1w", interval: "7 days", seconds: 7 * 86_400, label: "%Y-%m-%d"),
        HistogramStep(name: "1mo", interval: "1 month", seconds: 28 * 86_400, label: "%Y-%m"),
        HistogramStep(name: "3mo", interval: "3 months", seconds: 90 * 86_400, label: "%Y-%m"),
        HistogramStep(name: "1y", interval: "1 year", seconds: 365 * 86_400, label: "%Y"),
        HistogramStep(name: "10y", interval: "10 years", seconds: 3652 * 86_400, label: "%Y"),
        HistogramStep(name: "100y", interval: "100 years", seconds: 36_524 * 86_400, label: "%Y"),
    ]

    /// The shortest step that needs no more than so many bars for a span.
    static func fitting(seconds span: Int64, bars: Int) -> HistogramStep {
        all.first { span / $0.seconds < Int64(bars) } ?? all[all.count - 1]
    }

    static var allValueStrings: [String] { all.map(\.name) }
}

extension HistogramStep {
    init?(argument: String) {
        guard let step = Self.all.first(where: { $0.name == argument }) else { return nil }
        self = step
    }
}
