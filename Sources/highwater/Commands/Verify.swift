internal import ArgumentParser
internal import EventJournal
internal import ObjectStorage
internal import SQLQuery
internal import Synchronization

/// `highwater verify`: a look at every byte.
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every segment whole and check it against its checksums and its name; and the id index.",
        discussion: """
            Lists what is damaged; exit status 6 when anything is. Of the index of ids every byte is checked, and that it
            has every id of the compacted segments; marks of followers and lists of applied changes must be readable.
            Ids of more than two million events go through temporary files, 14 bytes each (TMPDIR says where).

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
        let scratch = VerificationScratch()
        let report = try await Signals.cancellable {
            let bar = ProgressBar(unit: .bytes)
            defer { bar.finish() }
            return try await journal.verify(scratch: { try scratch.store() }) { progress in
                let note = progress.phase == .index ? "index of ids" : "segments"
                bar.update(done: progress.bytes, total: progress.ofBytes, note: note)
            }
        }
        try Output.line(json ? Verify.json(report) : Verify.table(report))
        if !report.isClean {
            throw CommandError(
                status: Failure.damaged,
                message: "\(Text.count(report.damaged.count, "object")) of \(journal.location) damaged: "
                    + Verify.advice(report, journal.location)
            )
        }
    }

    /// What to do, for each kind of damage there is.
    private static func advice(_ report: VerificationReport, _ location: String) -> String {
        var kinds: [String] = []
        for damaged in report.damaged {
            let advice =
                switch damaged.error.code {
                case .damagedIndex: "build the index anew with `highwater reindex \(location)`"
                case .positionExpired, .invalidMark: "delete the mark and follow from the beginning"
                case .damagedCatalog: "restore what belongs to the catalog from a copy"
                default: "restore segments from a copy, or replay with --skip-damaged"
                }
            if !kinds.contains(advice) { kinds.append(advice) }
        }
        return kinds.joined(separator: "; ") + "."
    }

    private static func table(_ report: VerificationReport) -> String {
        var lines = report.damaged.map { "damaged  \($0.object): \($0.error.message)" }
        let events =
            report.isExact
            ? Text.count(report.events, "event") : Text.count(report.events, "row") + " (ids not compared)"
        var sound = "sound    \(Text.count(report.soundSegments, "segment")), \(events), "
        sound += "\(Text.bytes(report.payloadBytes)) of payload"
        if report.duplicates > 0 {
            sound +=
                ", \(Text.count(report.duplicates, "row")) that readers leave out (duplicates, or replaced or deleted since)"
        }
        lines.append(sound)
        if report.soundIndexObjects > 0 {
            let objects = Text.count(report.soundIndexObjects, "object")
            let lacks = report.damaged.contains { $0.error.code == .damagedIndex }
            let ids = "\(Text.count(report.indexEntries)) ids" + (lacks ? "" : ", every compacted event found")
            lines.append("index    \(objects) with \(ids)")
        }
        var others: [String] = []
        if report.soundMarks > 0 { others.append(Text.count(report.soundMarks, "mark")) }
        if report.soundChangeLists > 0 { others.append(Text.count(report.soundChangeLists, "list") + " of changes") }
        if !others.isEmpty { lines.append("others   " + others.joined(separator: ", ")) }
        return lines.joined(separator: "\n")
    }

    private static func json(_ report: VerificationReport) -> String {
        var text = JSONText()
        text.add("clean", report.isClean)
        text.add("segments", report.soundSegments)
        text.add("events", report.events)
        text.add("exact", report.isExact)
        text.add("duplicates", report.duplicates)
        text.add("payload_bytes", report.payloadBytes)
        text.add("index_objects", report.soundIndexObjects)
        text.add("index_entries", report.indexEntries)
        text.add("index_compared", report.indexIsCompared)
        text.add("marks", report.soundMarks)
        text.add("change_lists", report.soundChangeLists)
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

/// A directory for ids that do not fit into memory, made when it is needed and gone with its owner.
private final class VerificationScratch: Sendable {
    private let directory = Mutex<ScratchDirectory?>(nil)

    func store() throws -> any ObjectStore {
        try directory.withLock { directory in
            let scratch = try directory ?? ScratchDirectory(in: SQLEngine.temporaryDirectory)
            directory = scratch
            return LocalObjectStore(directory: scratch.path + "/ids")
        }
    }
}
