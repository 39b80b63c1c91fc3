internal import EventJournal
internal import FlashFlood
internal import ObjectStorage

/// `highwater import --from flash-flood`.
struct FlashFloodImport: Sendable {
    let url: String
    let isJSON: Bool
    let compacts: Bool

    func run(into argument: JournalArgument, _ configuration: JournalConfiguration) async throws {
        let source = try ObjectStoreRegistry.openOfProgram(url)
        let journal = try await argument.open(create: true, configuration: configuration)
        var options = FlashFloodImportOptions()
        if compacts { options.checkpoint = { try await Compact.ifDue(journal) } }
        let importer = FlashFloodImporter(from: source, into: journal, options: options)
        let report: FlashFloodImportReport
        do {
            report = try await Signals.cancellable {
                let bar = ProgressBar(unit: .journals)
                defer { bar.finish() }
                return try await importer.run { progress in
                    let note = Text.count(progress.events + progress.alreadyThere, "event")
                    bar.update(done: progress.done, total: progress.total, note: note)
                }
            }
        } catch is CancellationError {
            throw CommandError(
                status: Failure.interrupted,
                message: "Interrupted; what was stored stays. Run the same import again to go on where it stopped."
            )
        }
        try Output.line(isJSON ? json(report) : text(report, journal.location))
        for stranger in report.strangers.prefix(10) {
            Output.error("highwater: \(source.location)/\(stranger) is nothing of flash-flood's; it was left out.")
        }
        if report.strangers.count > 10 {
            Output.error("highwater: \(Text.count(report.strangers.count - 10)) more such objects were left out.")
        }
        if report.orphanedChanges > 0 {
            Output.error(
                "highwater: \(Text.count(report.orphanedChanges, "change")) noted for journals that are gone; left out, as "
                    + "flash-flood itself leaves them out of what it replays."
            )
        }
        if compacts { try await Compact.ifDue(journal) }
        for failure in report.failures.dropLast() { Output.error("highwater: \(failure.message)") }
        if let last = report.failures.last { throw CommandError(status: Failure.damaged, message: last.message) }
    }

    private func text(_ report: FlashFloodImportReport, _ location: String) -> String {
        let seconds = max(report.duration.seconds, 0.000_001)
        var text = "\(Text.count(report.imported, "event")) of \(Text.count(report.journals, "journal")) imported into "
        text += "\(location) in \(Text.seconds(seconds))"
        if report.imported > 0 {
            text += " (\(Text.count(Int(Double(report.imported) / seconds))) events/s)"
        }
        if report.alreadyThere > 0 { text += ", \(Text.count(report.alreadyThere)) already there" }
        if report.deleted > 0 { text += ", \(Text.count(report.deleted)) deleted there" }
        return text + "."
    }

    private func json(_ report: FlashFloodImportReport) -> String {
        var text = JSONText()
        text.add("imported", report.imported)
        text.add("already_there", report.alreadyThere)
        text.add("deleted", report.deleted)
        text.add("journals", report.journals)
        text.add("payload_bytes", report.payloadBytes)
        text.add("orphaned_changes", report.orphanedChanges)
        text.add("seconds", report.duration.seconds)
        text.addRaw("strangers", JSONText.list(report.strangers))
        text.addRaw("failures", JSONText.list(report.failures.map(\.message)))
        return text.text
    }
}
