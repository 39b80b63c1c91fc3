internal import ArgumentParser
internal import EventJournal
internal import FlashFlood
internal import ObjectStorage

/// `highwater export`: a journal's events for another system.
struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the events of a journal where another system reads them.",
        discussion: """
            --to flash-flood writes a root prefix that flash-flood (0.4) opens: ids, dates and bytes; keys have no place \
            there. An export may be repeated: it goes on where it was interrupted, and writes what is new. An event that \
            flash-flood cannot hold (an id with "--" in it) is named, and the rest is exported (exit status 3).

            EXAMPLES
              highwater export ./events --to flash-flood s3://bucket/root-prefix
              highwater export ./events --to flash-flood 's3://test/flood?endpoint=http://127.0.0.1:9000' --json
            """
    )

    @OptionGroup var journal: JournalArgument

    @Option(help: ArgumentHelp("For which system.", valueName: "system"))
    var to: OtherSystem

    @Argument(help: "Where to: s3://bucket/prefix, empty or with an earlier export.")
    var destination: String

    @Flag(help: "Report as one JSON object.")
    var json = false

    func run() async throws {
        let store = try ObjectStoreRegistry.openOfProgram(destination)
        let exporter = FlashFloodExporter(of: try await journal.open(create: false), to: store)
        let report: FlashFloodExportReport
        do {
            report = try await Signals.cancellable {
                let bar = ProgressBar(unit: .events)
                defer { bar.finish() }
                return try await exporter.run { event in
                    bar.finish()
                    Output.error("highwater: event \"\(event.id)\" was left out: \(event.reason).")
                } progress: { progress in
                    bar.update(done: progress.done, total: progress.total)
                }
            }
        } catch is CancellationError {
            throw CommandError(
                status: Failure.interrupted,
                message: "Interrupted; run the same export again to go on where it stopped."
            )
        }
        try Output.line(json ? Export.json(report) : Export.text(report, store.location))
        if report.withoutFields > 0 {
            Output.error(
                "highwater: \(Text.count(report.withoutFields, "event")) had a key, a source or a sequence, which flash-flood "
                    + "has no place for."
            )
        }
        if report.rejected > 0 {
            throw CommandError(
                status: Failure.partial,
                message: "\(Text.count(report.rejected, "event")) left out; the rest is exported."
            )
        }
    }

    private static func text(_ report: FlashFloodExportReport, _ location: String) -> String {
        var text = "\(Text.count(report.exported, "event")) exported to \(location), "
        text += "\(Text.count(report.journals, "journal")), in \(Text.seconds(report.duration.seconds))"
        if report.alreadyThere > 0 { text += ", \(Text.count(report.alreadyThere)) already there" }
        if report.removedJournals > 0 {
            text += ", \(Text.count(report.removedJournals, "journal")) of an earlier export removed"
        }
        return text + "."
    }

    private static func json(_ report: FlashFloodExportReport) -> String {
        var text = JSONText()
        text.add("exported", report.exported)
        text.add("already_there", report.alreadyThere)
        text.add("rejected", report.rejected)
        text.add("journals", report.journals)
        text.add("removed_journals", report.removedJournals)
        text.add("payload_bytes", report.payloadBytes)
        text.add("without_fields", report.withoutFields)
        text.add("seconds", report.duration.seconds)
        return text.text
    }
}
