internal import ArgumentParser
internal import EventJournal

/// A moment on the command line: RFC 3339, a date, or an age such as `-2d`.
struct TimeArgument: ExpressibleByArgument {
    let timestamp: Timestamp

    init?(argument: String) {
        if argument.hasPrefix("-"), let age = DurationArgument(argument: String(argument.dropFirst())) {
            timestamp = Timestamp(
                microseconds: Timestamp.now.microseconds - age.duration.components.seconds * 1_000_000
            )
        } else if argument == "now" {
            timestamp = .now
        } else if let parsed = Timestamp(rfc3339: argument) {
            timestamp = parsed
        } else {
            return nil
        }
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
