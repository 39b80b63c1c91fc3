internal import ArgumentParser
internal import EventJournal

/// A moment on the command line: RFC 3339, a date, or an age such as `-2d`.
struct TimeArgument: ExpressibleByArgument {
    let timestamp: Timestamp

    init?(argument: String) {
        if let age = TimeArgument.age(argument) {
            timestamp = Timestamp(microseconds: Timestamp.now.microseconds - age)
        } else if argument == "now" {
            timestamp = .now
        } else if let parsed = Timestamp(rfc3339: argument) {
            timestamp = parsed
        } else {
            return nil
        }
    }

    /// Microseconds of `-90s`, `-15m`, `-6h`, `-2d` or `-3w`.
    private static func age(_ text: String) -> Int64? {
        guard text.hasPrefix("-"), let unit = text.last, let count = Int64(text.dropFirst().dropLast()), count >= 0
        else { return nil }
        let seconds: Int64
        switch unit {
        case "s": seconds = 1
        case "m": seconds = 60
        case "h": seconds = 3600
        case "d": seconds = 86_400
        case "w": seconds = 604_800
        default: return nil
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: seconds * 1_000_000)
        return overflow ? nil : product
    }
}

/// The range of a command, in the words flash-flood had.
struct RangeOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Only events behind this moment (exclusive): RFC 3339, a date, or an age such as -2d.",
            valueName: "time"
        )
    )
    var after: TimeArgument?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Only events up to this moment (inclusive); a date means its first moment.",
            valueName: "time"
        )
    )
    var through: TimeArgument?

    func validate() throws {
        if let after, let through, after.timestamp >= through.timestamp {
            throw ValidationError(
                "--after \(after.timestamp.rfc3339) is not before --through \(through.timestamp.rfc3339); swap them?"
            )
        }
    }
}
