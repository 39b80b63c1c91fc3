internal import ArgumentParser

/// A length of time on the command line: `90s`, `15m`, `6h`, `7d`, `3w`.
struct DurationArgument: ExpressibleByArgument, CustomStringConvertible {
    let duration: Duration
    let description: String

    init(seconds: Int64, description: String) {
        duration = .seconds(seconds)
        self.description = description
    }

    init?(argument: String) {
        guard let unit = argument.last, let count = Int64(argument.dropLast()), count >= 0 else { return nil }
        let seconds: Int64
        switch unit {
        case "s": seconds = 1
        case "m": seconds = 60
        case "h": seconds = 3600
        case "d": seconds = 86_400
        case "w": seconds = 604_800
        default: return nil
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: seconds)
        // A hundred thousand years are enough, and cannot overflow what is made of them.
        guard !overflow, product < 3_000_000_000_000 else { return nil }
        duration = .seconds(product)
        description = argument
    }

    var defaultValueDescription: String { description }
}
