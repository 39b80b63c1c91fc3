internal import ArgumentParser
internal import EventImport
internal import EventJournal
internal import JMESPath
internal import Synchronization

/// `highwater import`: NDJSON into a journal.
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import NDJSON files, each line of which becomes the payload of an event, or a flash-flood.",
        discussion: """
            Files may be plain or compressed by gzip or zstd; - is standard input. A line that is no event is reported, kept \
            aside with --rejects, and the rest is imported (exit status 3). With --id the import may be repeated: events that \
            are there already are left out.

            An EXPRESSION is JMESPath over the line: a path such as sha, meta.created_at, "a.b" or items[0].id, which is \
            fastest and takes the value as it stands, or any other, such as join('-', [shop, order]).

            --from flash-flood imports every live event of a flash-flood bucket with its id, date and bytes; updates and \
            deletions that flash-flood has not applied yet are taken into account. It may be interrupted and repeated. A \
            journal of it that is damaged is named, and the rest is imported (exit status 6).

            EXAMPLES
              highwater import ./commits redis-commits.ndjson.zst --id sha --timestamp committed_at --key area
              zcat day-*.gz | highwater import ./clicks - --id event.id --timestamp ts --timestamp-unit milliseconds
              highwater import ./orders day.ndjson --id "join('-', [shop, order])" --timestamp at --key "user || guest"
              highwater import ./commits *.ndjson --id sha --timestamp at --rejects bad.ndjson --json
              highwater import ./events --from flash-flood s3://bucket/root-prefix
            """
    )

    @OptionGroup var journal: JournalArgument

    @Argument(help: "NDJSON files, - for standard input; with --from the URL or the directory.", completion: .file())
    var files: [String]

    @Option(
        help: ArgumentHelp(
            "What to import in place of NDJSON: a flash-flood (0.4) at its root prefix.",
            valueName: "system"
        )
    )
    var from: OtherSystem?

    @Option(
        help: ArgumentHelp("Where a line has the event's id; without, each gets a fresh UUID.", valueName: "expression")
    )
    var id: String?

    @Option(
        help: ArgumentHelp("Where it has the time; without, it is the time of the import.", valueName: "expression")
    )
    var timestamp: String?

    @Option(
        help: ArgumentHelp("Where it has the key, if at all.", valueName: "expression")
    )
    var key: String?

    @Option(help: "How the time is given.")
    var timestampUnit: TimestampUnit = .automatic

    @Option(
        help: ArgumentHelp("Write the lines that were rejected to this file.", valueName: "file"),
        completion: .file()
    )
    var rejects: String?

    @Option(help: ArgumentHelp("zstd level of the segments, 1 (fastest) to 22.", valueName: "level"))
    var compressionLevel = JournalConfiguration.defaults.compressionLevel

    @Flag(inversion: .prefixedNo, help: "Compact the journal, during the import too, when its inbox has grown large.")
    var compact = true

    @Flag(help: "Report as one JSON object.")
    var json = false

    func validate() throws {
        guard !files.isEmpty else { throw ValidationError("Name at least one file, or - for standard input.") }
        if from != nil {
            guard files.count == 1, files != ["-"] else {
                throw ValidationError("--from takes one flash-flood at a time: its s3://bucket/prefix.")
            }
            guard id == nil, timestamp == nil, key == nil, rejects == nil, timestampUnit == .automatic else {
                throw ValidationError(
                    "--from brings ids and times along; leave out --id, --timestamp, --key and --rejects."
                )
            }
        }
        guard (1...22).contains(compressionLevel) else {
            throw ValidationError("--compression-level is 1 to 22, not \(compressionLevel).")
        }
    }

    func run() async throws {
        var configuration = JournalConfiguration.defaults
        configuration.compressionLevel = compressionLevel
        // Not beside the import, but now and then, and afterwards.
        configuration.automaticCompaction = nil
        if from != nil {
            return try await FlashFloodImport(url: files[0], isJSON: json, compacts: compact)
                .run(into: journal, configuration)
        }
        let mapping = FieldMapping(
            id: try Import.compile(id, "--id"),
            timestamp: try Import.compile(timestamp, "--timestamp"),
            timestampUnit: timestampUnit,
            key: try Import.compile(key, "--key")
        )
        let journal = try await journal.open(create: true, configuration: configuration)
        var options = ImportOptions(mapping: mapping)
        if compact { options.checkpoint = { try await Compact.ifDue(journal) } }
        let importer = Importer(into: journal, options: options)
        let log = try RejectLog(path: rejects)
        let files = files
        let report: ImportReport
        do {
            report = try await Signals.cancellable {
                let bar = ProgressBar(unit: .bytes)
                defer { bar.finish() }
                return try await importer.run(files) { line in
                    bar.finish()
                    try log.add(line)
                } progress: { progress in
                    let events = Text.count(progress.imported + progress.alreadyThere, "event")
                    bar.update(done: progress.inputBytes, total: progress.totalBytes, note: events)
                }
            }
        } catch is CancellationError {
            throw CommandError(
                status: Failure.interrupted,
                message: "Interrupted; what was stored stays. Run the same import again to go on where it stopped"
                    + (id == nil ? " (without --id it begins anew)." : ".")
            )
        }
        try log.finish()
        let isNothingRead = report.failures.count == files.count && report.imported + report.alreadyThere == 0
        if json || !isNothingRead {
            try Output.line(json ? Import.json(report) : Import.text(report, journal.location))
        }
        if compact { try await Compact.ifDue(journal) }
        try Import.fail(report)
    }

    private static func compile(_ text: String?, _ option: String) throws -> JMESPathExpression? {
        guard let expression = try text.map(Expression.compile) else { return nil }
        guard !expression.usesEnvelope else {
            throw CommandError(
                status: Failure.usage,
                message: "\(option) makes the event from its line, so there is no @event for it to look at yet."
            )
        }
        return expression
    }

    /// An exit status other than 0 when not everything was imported.
    private static func fail(_ report: ImportReport) throws {
        for failure in report.failures.dropLast() { Output.error("highwater: \(failure.message)") }
        if let last = report.failures.last { throw CommandError(status: Failure.storage, message: last.message) }
        if report.rejected > 0 {
            throw CommandError(
                status: Failure.partial,
                message: "\(Text.count(report.rejected, "line")) rejected; the rest is imported."
            )
        }
    }

    private static func text(_ report: ImportReport, _ location: String) -> String {
        let seconds = max(report.duration.seconds, 0.000_001)
        var text = "\(Text.count(report.imported, "event")) imported into \(location) in \(Text.seconds(seconds))"
        if report.imported > 0 {
            text += " (\(Text.count(Int(Double(report.imported) / seconds))) events/s)"
        }
        if report.alreadyThere > 0 { text += ", \(Text.count(report.alreadyThere)) already there" }
        return text + "."
    }

    private static func json(_ report: ImportReport) -> String {
        var text = JSONText()
        text.add("imported", report.imported)
        text.add("already_there", report.alreadyThere)
        text.add("rejected", report.rejected)
        text.add("input_bytes", report.inputBytes)
        text.add("seconds", report.duration.seconds)
        text.addRaw("failures", JSONText.list(report.failures.map(\.message)))
        return text.text
    }
}
