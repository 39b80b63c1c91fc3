public import EventJournal
public import ObjectStorage
internal import Parquet

/// Writes the events of a journal as a flash-flood that its original library (0.4.3) reads: `get_event`, `replay`,
/// `list_event_streams`, and updates from there on.
///
/// Journals are named by what is in them, so an export that was interrupted goes on where it stopped, and one of a
/// journal that has grown writes what is new; journals of earlier exports whose events are others now are removed.
/// Nothing else may be under the prefix: what flash-flood has written or changed itself is never touched.
///
/// Cost: a put for each event, which is flash-flood's index, and two for each journal. Memory: five times
/// ``FlashFloodExportOptions/journalBytes`` and more where many events are of one moment, beside that of a replay.
public struct FlashFloodExporter: Sendable {
    private let journal: Journal
    private let store: any ObjectStore
    private let options: FlashFloodExportOptions

    /// An exporter.
    ///
    /// - Parameters:
    ///   - journal: What to export.
    ///   - store: Opened at the prefix of the flash-flood to write; flash-flood's index is in the metadata of objects,
    ///     so it has to be a `MetadataObjectStore`.
    ///   - options: Settings.
    public init(
        of journal: Journal,
        to store: any ObjectStore,
        options: FlashFloodExportOptions = FlashFloodExportOptions()
    ) {
        self.journal = journal
        self.store = store
        self.options = options
    }

    /// Exports all events there are now.
    ///
    /// - Parameters:
    ///   - rejected: Called for each event that flash-flood cannot hold; it is left out.
    ///   - progress: Called as the export gets on.
    /// - Returns: What was written.
    /// - Throws: ``FlashFloodError/Code/unsupportedStore``, ``FlashFloodError/Code/occupied``, `ObjectStoreError`,
    ///   `JournalError`, `CancellationError`. The same export may be run again.
    public func run(
        rejected: @escaping @Sendable (FlashFloodRejectedEvent) -> Void = { _ in },
        progress: @escaping @Sendable (FlashFloodProgress) -> Void = { _ in }
    ) async throws -> FlashFloodExportReport {
        let start = ContinuousClock.now
        guard let store = store as? any MetadataObjectStore else {
            throw FlashFloodError(
                .unsupportedStore,
                "flash-flood keeps its index in the metadata of objects, which \(store.location) has none of; export to "
                    + "s3://bucket/prefix, or to a store that speaks S3's language (?endpoint=…)."
            )
        }
        let earlier = try await FlashFloodExporter.earlierJournals(in: store)
        let total = try await journal.segments().reduce(0) { $0 + $1.events }
        let writer = FloodWriter(store: store, requests: options.requests)
        var run = ExportRun(options: options, total: total, earlier: earlier, rejected: rejected, progress: progress)
        try await withThrowingTaskGroup(of: JournalDraft.self) { group in
            var underway = 0
            func write(_ draft: JournalDraft) async throws {
                if underway == options.parallelism, let written = try await group.next() {
                    underway -= 1
                    run.wrote(written)
                }
                let (name, manifest) = draft.finished()
                guard run.isNew(name, draft) else { return }
                underway += 1
                group.addTask {
                    try await writer.write(draft, name, manifest: manifest)
                    return draft
                }
            }
            for try await batch in journal.replay() {
                for row in 0..<batch.count {
                    guard try await run.accepts(batch, row, store) else { continue }
                    let size = Int(batch.payloads.views[row].length)
                    if run.draft.isFull(before: batch.timestamps[row], size: size, options) {
                        try await write(run.takeDraft())
                    }
                    run.draft.append(batch, row)
                }
            }
            if run.draft.count > 0 { try await write(run.takeDraft()) }
            for try await written in group { run.wrote(written) }
        }
        let leftovers = earlier.filter { !run.names.contains($0.key) }.values
        if !leftovers.isEmpty {
            // An event may have left a journal and come back to it, while the index leads to one that is removed now.
            for name in run.skipped {
                try await writer.index(try await FloodReader(store: store).manifest(of: name).ids, name)
            }
            for name in leftovers { try await writer.remove(name) }
        }
        try await writer.separateIDs()
        var report = run.report
        report.removedJournals = leftovers.count
        report.duration = ContinuousClock.now - start
        return report
    }

    /// The journals of earlier exports, by name.
    ///
    /// - Throws: ``FlashFloodError/Code/occupied`` when there are others, or changes.
    private static func earlierJournals(in store: any ObjectStore) async throws -> [String: JournalName] {
        var names: [String: JournalName] = [:]
        for folder in [FloodLayout.journals, FloodLayout.changes] {
            for try await object in store.listAll(prefix: folder, keysOnly: true) {
                let text = String(decoding: object.key.utf8.dropFirst(FloodLayout.journals.utf8.count), as: UTF8.self)
                guard folder == FloodLayout.journals, let name = JournalName(text),
                    name.version == FloodLayout.exportVersion, name.blob.utf8.withoutTombstone == nil
                else {
                    throw FlashFloodError(
                        .occupied,
                        "\(ObjectKey.quoted(object.key)) in \(store.location) is not of an export: flash-flood has been at "
                            + "work there. Export to a prefix that is empty or holds an earlier export alone."
                    )
                }
                names[text] = name
            }
        }
        return names
    }
}

/// The part of an export that goes in order.
private struct ExportRun {
    let options: FlashFloodExportOptions
    let total: Int
    let earlier: [String: JournalName]
    let rejected: @Sendable (FlashFloodRejectedEvent) -> Void
    let progress: @Sendable (FlashFloodProgress) -> Void
    var draft = JournalDraft()
    private(set) var report = FlashFloodExportReport()
    /// Of all journals of this export.
    private(set) var names: Set<String> = []
    /// Those that were there.
    private(set) var skipped: [JournalName] = []
    /// An id up to this length fits behind any prefix that a bucket's key leaves room for beside it.
    private static let certainlyShort = 256

    init(
        options: FlashFloodExportOptions,
        total: Int,
        earlier: [String: JournalName],
        rejected: @escaping @Sendable (FlashFloodRejectedEvent) -> Void,
        progress: @escaping @Sendable (FlashFloodProgress) -> Void
    ) {
        self.options = options
        self.total = total
        self.earlier = earlier
        self.rejected = rejected
        self.progress = progress
    }

    mutating func takeDraft() -> JournalDraft {
        defer { draft = JournalDraft() }
        return draft
    }

    /// Whether a journal has to be written.
    mutating func isNew(_ name: JournalName, _ draft: JournalDraft) -> Bool {
        names.insert(name.text)
        report.journals += 1
        guard earlier[name.text] != nil else { return true }
        skipped.append(name)
        report.alreadyThere += draft.count
        tell()
        return false
    }

    mutating func wrote(_ draft: JournalDraft) {
        report.exported += draft.count
        report.payloadBytes += draft.blob.count
        tell()
    }

    private func tell() {
        progress(
            FlashFloodProgress(
                done: report.exported + report.alreadyThere,
                total: total,
                events: report.exported,
                alreadyThere: report.alreadyThere
            )
        )
    }

    /// Whether flash-flood can hold an event.
    mutating func accepts(_ batch: EventBatch, _ row: Int, _ store: any ObjectStore) async throws -> Bool {
        let id = String(decoding: batch.ids[row] ?? [], as: UTF8.self)
        if let reason = try await refusal(id, batch.timestamps[row], store) {
            report.rejected += 1
            rejected(FlashFloodRejectedEvent(id: id, reason: reason))
            return false
        }
        let columns = [batch.keys, batch.sources, batch.sequences]
        if columns.contains(where: { $0.map { !$0.views[row].isNull } ?? false }) { report.withoutFields += 1 }
        return true
    }

    private func refusal(_ id: String, _ timestamp: Int64, _ store: any ObjectStore) async throws -> String? {
        if zip(id.utf8, id.utf8.dropFirst()).contains(where: { $0 == UInt8(ascii: "-") && $1 == $0 }) {
            return "its id holds \"\(FloodLayout.delimiter)\", which flash-flood uses between the parts of a name"
        }
        guard (FloodTime.first...FloodTime.last).contains(timestamp) else {
            return "its time is not in the years 1 to 9999, which Python's calendar has"
        }
        let key = FloodLayout.indexKey(id + FloodLayout.lastCharacter)
        if let violation = ObjectKey.firstViolation(in: key) { return "its key in flash-flood's index \(violation)" }
        guard id.utf8.count > ExportRun.certainlyShort else { return nil }
        do {
            // Only the store knows how long the prefix is.
            _ = try await store.headIfPresent(key)
            return nil
        } catch let error as ObjectStoreError where error.code == .invalidKey {
            return "its key in flash-flood's index is too long behind the prefix"
        }
    }
}
