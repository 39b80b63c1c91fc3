internal import ArgumentParser
internal import EventJournal

/// `highwater vacuum`: away with what nobody needs.
struct VacuumCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vacuum",
        abstract: "Delete what compactions replaced or left behind, and what has expired.",
        discussion: """
            What was replaced is kept for the retention, since readers of older versions of the table, Highwater and others, may \
            still be reading it. Absorbed segments of the inbox go an hour after the compaction. Ages are those the store tells; \
            the clock of this machine does not count. Exit status 3 when something could not be deleted.

            EXAMPLES
              highwater vacuum ./commits --dry-run
              highwater vacuum ./commits --retention 2d
              highwater vacuum ./commits --retention 0s --allow-short-retention
            """
    )

    @OptionGroup var journal: JournalArgument

    @Option(help: ArgumentHelp("Keep what was replaced since: 90s, 6h, 7d; default 7d.", valueName: "time"))
    var retention: DurationArgument?

    @Flag(help: "Allow retentions of less than an hour; then nobody else may be compacting.")
    var allowShortRetention = false

    @Option(help: ArgumentHelp("Keep the catalog's log since; default 30d.", valueName: "time"))
    var logRetention: DurationArgument?

    @Flag(help: "Only say what would be deleted, and why.")
    var dryRun = false

    @Flag(help: "Report as one JSON object.")
    var json = false

    func run() async throws {
        let journal = try await journal.open(create: false)
        var options = VacuumOptions(allowsShortRetention: allowShortRetention, isDryRun: dryRun)
        if let retention { options.retention = retention.duration }
        if let logRetention { options.logRetention = logRetention.duration }
        let chosen = options
        let report = try await Signals.cancellable { try await journal.vacuum(chosen) }
        try Output.line(json ? VacuumCommand.json(report) : VacuumCommand.text(report, journal.location))
        guard report.warnings.isEmpty else {
            throw CommandError(
                status: Failure.partial,
                message: report.warnings.joined(separator: "\nhighwater: ")
            )
        }
    }

    private static func text(_ report: VacuumReport, _ location: String) -> String {
        var lines: [String] = []
        if report.isDryRun {
            lines = report.items.map { item in
                "\(item.key)  \(item.bytes.map(Text.bytes) ?? "")  \(VacuumCommand.words(item.reason))"
            }
        }
        if report.items.isEmpty {
            return "Nothing to delete from \(location): all is in use, or younger than the retention."
        }
        let verb = report.isDryRun ? "would be deleted from" : "deleted from"
        lines.append(
            "\(Text.count(report.items.count, "object")) with \(Text.bytes(report.bytes)) \(verb) \(location)."
        )
        return lines.joined(separator: "\n")
    }

    private static func words(_ reason: VacuumReport.Reason) -> String {
        switch reason {
        case .replaced: "replaced by a compaction"
        case .unreferenced: "named by nothing, older than the retention"
        case .absorbed: "absorbed by a compaction"
        case .replacedIndex: "replaced part of the index"
        case .expired: "expired"
        case .oldHint: "older hint"
        }
    }

    private static func json(_ report: VacuumReport) -> String {
        var text = JSONText()
        text.add("dry_run", report.isDryRun)
        text.add("objects", report.items.count)
        text.add("bytes", report.bytes)
        let items = report.items.map { item in
            var text = JSONText()
            text.add("object", item.key)
            if let bytes = item.bytes { text.add("bytes", bytes) }
            text.add("reason", item.reason.rawValue)
            return text.text
        }
        text.addRaw("items", "[" + items.joined(separator: ",") + "]")
        text.addRaw("warnings", JSONText.list(report.warnings))
        return text.text
    }
}
