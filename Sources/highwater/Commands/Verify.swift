internal import ArgumentParser
internal import EventJournal

/// `highwater verify`: a look at every byte.
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every segment whole and check it against its checksums and its name.",
        discussion: """
            Lists what is damaged; exit status 6 when anything is.

            EXAMPLES
              highwater verify ./commits
              highwater verify ./commits --json | jq '.damaged[].object'
            """
    )

    @OptionGroup var journal: JournalArgument

    @Flag(help: "One JSON object.")
    var json = false

    func run() async throws {
        let journal = try await journal.open(create: false)
        let report = try await Signals.cancellable {
            let bar = ProgressBar(unit: .segments)
            defer { bar.finish() }
            return try await journal.verify { done, total, _ in bar.update(done: done, total: total) }
        }
        try Output.line(json ? Verify.json(report) : Verify.table(report, journal.location))
        if !report.isClean {
            throw CommandError(
                status: Failure.damaged,
                message: "\(Text.count(report.damaged.count, "object")) of \(journal.location) damaged; "
                    + "restore from a copy, or replay with --skip-damaged."
            )
        }
    }

    private static func table(_ report: VerificationReport, _ location: String) -> String {
        var lines = report.damaged.map { "damaged  \($0.object): \($0.error.message)" }
        var sound = "sound    \(Text.count(report.soundSegments, "segment")), \(Text.count(report.events, "event")), "
        sound += "\(Text.bytes(report.payloadBytes)) of payload"
        if report.duplicates > 0 {
            sound +=
                ", \(Text.count(report.duplicates, "row")) that readers leave out (duplicates, or replaced or deleted since)"
        }
        lines.append(sound)
        return lines.joined(separator: "\n")
    }

    private static func json(_ report: VerificationReport) -> String {
        var text = JSONText()
        text.add("clean", report.isClean)
        text.add("segments", report.soundSegments)
        text.add("events", report.events)
        text.add("duplicates", report.duplicates)
        text.add("payload_bytes", report.payloadBytes)
        let damaged = report.damaged.map { segment in
            var text = JSONText()
            text.add("object", segment.object)
            if let events = segment.events { text.add("events", events) }
            text.add("reason", segment.error.message)
            return text.text
        }
        text.addRaw("damaged", "[" + damaged.joined(separator: ",") + "]")
        return text.text
    }
}
