internal import ArgumentParser
internal import CAllocator
internal import EventJournal

/// `highwater compact`: the inbox and small segments into larger ones.
struct Compact: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Merge what was appended, and small or overlapping segments, into larger ones.",
        discussion: """
            Readers and writers go on meanwhile and see the same events. Updates and deletes are applied when there are many of \
            them, or with --apply-changes. Interrupted at any point it leaves nothing wrong; what it had written goes with \
            the next `highwater vacuum`. Exit status 7 when there is less than the minimum.

            EXAMPLES
              highwater compact ./commits
              highwater compact ./commits --minimum-events 100000 --minimum-size 64MiB
              highwater compact ./commits --apply-changes --thorough --json
            """
    )

    @OptionGroup var journal: JournalArgument

    @Option(help: ArgumentHelp("Refuse when fewer events are in the inbox.", valueName: "count"))
    var minimumEvents = 1

    @Option(help: ArgumentHelp("Refuse when less payload is in the inbox: bytes, 64MiB, 1GB.", valueName: "size"))
    var minimumSize = SizeArgument(bytes: 0)

    @Flag(help: "Compact however little there is: the minimums do not count.")
    var force = false

    @Option(help: ArgumentHelp("Size of the segments to be made.", valueName: "size"))
    var targetSize = SizeArgument(bytes: CompactionPolicy.defaults.targetObjectBytes)

    @Option(help: ArgumentHelp("zstd level of the segments, 1 to 22.", valueName: "level"))
    var compressionLevel = CompactionPolicy.defaults.compressionLevel

    @Flag(help: "Apply updates and deletes, however few.")
    var applyChanges = false

    @Flag(help: "Merge everything that overlaps and combine everything small, whatever it costs.")
    var thorough = false

    @Flag(help: "Report as one JSON object.")
    var json = false

    func validate() throws {
        guard (1...22).contains(compressionLevel) else {
            throw ValidationError("--compression-level is 1 to 22, not \(compressionLevel).")
        }
        guard targetSize.bytes > 0 else { throw ValidationError("--target-size must be more than nothing.") }
        guard minimumEvents >= 0 else { throw ValidationError("--minimum-events cannot be negative.") }
    }

    func run() async throws {
        let journal = try await journal.open(create: false)
        let policy = CompactionPolicy(
            minimumEvents: minimumEvents,
            minimumPayloadBytes: minimumSize.bytes,
            force: force,
            targetObjectBytes: targetSize.bytes,
            compressionLevel: compressionLevel,
            appliesChanges: applyChanges,
            isThorough: thorough
        )
        let start = ContinuousClock.now
        let report = try await Signals.cancellable { try await Compact.compact(journal, policy) }
        let seconds = (ContinuousClock.now - start).seconds
        for warning in report.warnings { Output.error("highwater: \(warning)") }
        Compact.tellMisfits(report)
        try Output.line(json ? Compact.json(report, seconds) : Compact.text(report, journal.location, seconds))
    }

    private static func compact(_ journal: Journal, _ policy: CompactionPolicy) async throws -> CompactionReport {
        let bar = ProgressBar(unit: .events)
        defer { bar.finish() }
        return try await journal.compact(policy) { bar.update($0) }
    }

    /// Compacts a journal whose inbox has grown large, for commands that write.
    static func ifDue(_ journal: Journal) async throws {
        let bar = ProgressBar(unit: .events)
        defer { bar.finish() }
        // What the command has used so far and what a compaction uses need not be there at once.
        hw_return_free_buffers()
        defer { hw_return_free_buffers() }
        do {
            guard let report = try await journal.compactIfDue(progress: { bar.update($0) }) else { return }
            bar.finish()
            Output.error("The inbox was large: \(text(report, journal.location, nil))")
            for warning in report.warnings { Output.error("highwater: \(warning)") }
        } catch let error as JournalError {
            // What the command was asked for is done; the next one will try again.
            Output.error("highwater: the inbox was not compacted: \(error.message)")
        }
    }

    /// Says on standard error how many values of promoted columns are null because they do not fit.
    static func tellMisfits(_ report: CompactionReport) {
        for (name, count) in report.misfits.sorted(by: { $0.key < $1.key }) {
            Output.error("highwater: \(Text.count(count, "value")) of the column \(name) not of its type: null there.")
        }
    }

    static func text(_ report: CompactionReport, _ location: String, _ seconds: Double?) -> String {
        let waiting =
            report.waitingChanges == 0
            ? ""
            : " \(Text.count(report.waitingChanges, "update or delete", "updates and deletes")) kept for later; "
                + "--apply-changes applies them now."
        if report.commits == 0 { return "Nothing to compact in \(location).\(waiting)" }
        var from: [String] = []
        if report.absorbedSegments > 0 { from.append("\(Text.count(report.absorbedSegments, "segment")) of the inbox") }
        if report.replacedSegments > 0 {
            from.append("\(Text.count(report.replacedSegments, "segment")) of the catalog")
        }
        var text = from.joined(separator: " and ")
        text += " became \(Text.count(report.writtenSegments)) with \(Text.count(report.events, "event"))"
        if let seconds, seconds > 0 {
            text += " in \(Text.seconds(seconds)) (\(Text.bytes(Int(Double(report.payloadBytes) / seconds)))/s)"
        }
        if report.appliedChanges > 0 {
            text += ", \(Text.count(report.appliedChanges, "update or delete", "updates and deletes")) applied"
        }
        if report.droppedRows > 0 {
            text += ", \(Text.count(report.droppedRows, "row")) of repeated ids or deleted events left out"
        }
        return text + "." + waiting
    }

    static func json(_ report: CompactionReport, _ seconds: Double) -> String {
        var text = JSONText()
        text.add("commits", report.commits)
        if let version = report.version { text.add("version", Int(version)) }
        text.add("absorbed_segments", report.absorbedSegments)
        text.add("replaced_segments", report.replacedSegments)
        text.add("written_segments", report.writtenSegments)
        text.add("events", report.events)
        text.add("dropped_rows", report.droppedRows)
        text.add("applied_changes", report.appliedChanges)
        text.add("waiting_changes", report.waitingChanges)
        var misfits = JSONText()
        for (name, count) in report.misfits.sorted(by: { $0.key < $1.key }) { misfits.add(name, count) }
        text.addRaw("misfits", misfits.text)
        text.add("payload_bytes", report.payloadBytes)
        text.add("object_bytes", report.objectBytes)
        text.add("deleted_objects", report.deletedObjects)
        text.add("seconds", seconds)
        text.addRaw("warnings", JSONText.list(report.warnings))
        return text.text
    }
}

extension ProgressBar {
    fileprivate func update(_ progress: CompactionProgress) {
        let note = progress.commits == 0 ? "" : "after \(Text.count(progress.commits, "commit"))"
        update(done: progress.events, total: progress.ofEvents, note: note)
    }
}
