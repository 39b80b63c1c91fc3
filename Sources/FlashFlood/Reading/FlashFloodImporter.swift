public import EventJournal
public import ObjectStorage
internal import Parquet

/// Imports a flash-flood into a journal: every live event once, by the offsets in flash-flood's own manifests.
///
/// Updates and deletions that flash-flood has noted and not applied yet are taken into account. The ids of events stay,
/// so an import may be interrupted and repeated: manifests are read again, payloads only of events that are missing. Of
/// an event that two live journals have (flash-flood died between two steps) the version written last counts.
///
/// Journals are worked on side by side. Memory: about twice ``FlashFloodImportOptions/unitBytes`` and one blob request
/// of 8 MiB for each of ``FlashFloodImportOptions/parallelism``, 64 MiB of manifests or the largest one, some 200 bytes
/// for each live journal, and 16 to 32 for each event that is not compacted yet (see
/// ``FlashFloodImportOptions/checkpoint``).
public struct FlashFloodImporter: Sendable {
    private let reader: FloodReader
    private let journal: Journal
    private let options: FlashFloodImportOptions

    /// An importer.
    ///
    /// - Parameters:
    ///   - store: Opened at the prefix of the flash-flood: `journals/` and `blobs/` are in its root.
    ///   - journal: Where events go.
    ///   - options: Settings.
    public init(
        from store: any ObjectStore,
        into journal: Journal,
        options: FlashFloodImportOptions = FlashFloodImportOptions()
    ) {
        reader = FloodReader(store: store)
        self.journal = journal
        self.options = options
    }

    /// Imports what is there now.
    ///
    /// Everything counted as imported in the result is durable. When it throws, what was stored so far stays, and the
    /// same import may be run again.
    ///
    /// Cost: a list request per 1000 objects among journals and pending changes, and for each live journal a get of its
    /// manifest and one or more of its blob.
    ///
    /// - Parameter progress: Called as the import gets on.
    /// - Returns: What was imported, what was left out, and what could not be read.
    /// - Throws: ``FlashFloodError/Code/notFlashFlood``, `ObjectStoreError`, `JournalError`, `CancellationError`. A
    ///   journal that is damaged is no reason to stop: it is in ``FlashFloodImportReport/failures``.
    public func run(
        progress: @escaping @Sendable (FlashFloodProgress) -> Void = { _ in }
    ) async throws -> FlashFloodImportReport {
        let start = ContinuousClock.now
        let survey = try await FloodSurvey(of: reader.store)
        guard survey.hasJournals else {
            throw FlashFloodError(
                .notFlashFlood,
                "There is no flash-flood at \(reader.store.location): no object of its folder journals/ has the name of a "
                    + "flash-flood journal. Give the bucket and the root prefix that FlashFlood(…) was opened with."
            )
        }
        let appender = try await BulkAppender(journal)
        var run = ImportRun(survey, options, progress)
        let (reader, limit) = (reader, options.requests)
        try await withThrowingTaskGroup(of: ImportStep.self) { group in
            while true {
                if run.isAtCheckpoint, let checkpoint = options.checkpoint {
                    try await checkpoint()
                    try await appender.refresh()
                    run.passedCheckpoint()
                }
                while let (number, entry) = run.nextManifest() {
                    group.addTask { .manifest(number, try await ImportStep.load(entry, survey, reader)) }
                }
                while let unit = run.nextUnit() {
                    group.addTask { .fetched(try await FetchedUnit(unit, reader, appender, limit: limit)) }
                }
                guard let step = try await group.next() else { break }
                switch step {
                case .manifest(let number, let result): run.take(number, result)
                case .fetched(let unit):
                    for unit in run.inOrder(unit) {
                        let reservation = try await appender.reserve(unit.batch)
                        run.reserved(unit, alreadyThere: reservation.alreadyThere)
                        let journals = unit.journals
                        group.addTask {
                            try await appender.commit(reservation)
                            return .stored(
                                events: reservation.batch.count,
                                bytes: reservation.batch.payloads.payloadBytes,
                                journals: journals
                            )
                        }
                    }
                case .stored(let events, let bytes, let journals): run.stored(events, bytes, journals)
                }
            }
        }
        var report = run.report
        report.duration = ContinuousClock.now - start
        return report
    }
}

/// What a task of an import has done.
private enum ImportStep: Sendable {
    case manifest(Int, Result<LoadedManifest, FloodDamage>)
    case fetched(FetchedUnit)
    case stored(events: Int, bytes: Int, journals: Int)

    static func load(
        _ entry: FloodSurvey.Entry,
        _ survey: FloodSurvey,
        _ reader: FloodReader
    ) async throws -> Result<LoadedManifest, FloodDamage> {
        do {
            let manifest = try await reader.manifest(of: entry.name)
            return .success(
                LoadedManifest(
                    manifest: manifest,
                    changes: try await survey.changes(of: entry, manifest, reader)
                )
            )
        } catch let damage as FloodDamage {
            return .failure(damage)
        }
    }
}

/// A manifest, and what else is known of its events.
private struct LoadedManifest: Sendable {
    var manifest: Manifest
    /// The last change of each event that has one, by its id.
    var changes: [[UInt8]: PendingChange]
}

/// The part of an import that goes in order.
private struct ImportRun {
    private let survey: FloodSurvey
    private let options: FlashFloodImportOptions
    private let progress: @Sendable (FlashFloodProgress) -> Void
    private(set) var report = FlashFloodImportReport()

    /// The first journal whose manifest was not asked for.
    private var nextToLoad = 0
    /// Manifests that are asked for, and those that came before their turn.
    private var loading = 0
    private var early: [Int: Result<LoadedManifest, FloodDamage>] = [:]
    /// Bytes of both.
    private var loadingBytes: UInt64 = 0
    private var nextToCut = 0
    private var cutter: UnitCutter
    private var unitsUnderway = 0
    private var earlyUnits: [Int: FetchedUnit] = [:]
    private var nextToReserve = 0
    private var journalsDone = 0
    private var eventsSinceCheckpoint = 0
    private static let mostLoadingBytes: UInt64 = 64 << 20

    init(
        _ survey: FloodSurvey,
        _ options: FlashFloodImportOptions,
        _ progress: @escaping @Sendable (FlashFloodProgress) -> Void
    ) {
        self.survey = survey
        self.options = options
        self.progress = progress
        cutter = UnitCutter(options)
        report.journals = survey.journals.count
        report.orphanedChanges = survey.orphanedChanges
        report.strangers = survey.strangers.sorted()
    }

    /// The next manifest to load now, if there is room for it.
    mutating func nextManifest() -> (Int, FloodSurvey.Entry)? {
        guard nextToLoad < survey.journals.count, loading + early.count < 2 * options.requests,
            cutter.ready.count < options.parallelism
        else { return nil }
        let entry = survey.journals[nextToLoad]
        guard loadingBytes == 0 || loadingBytes + entry.manifestBytes <= Self.mostLoadingBytes else { return nil }
        loading += 1
        loadingBytes += entry.manifestBytes
        nextToLoad += 1
        return (nextToLoad - 1, entry)
    }

    mutating func take(_ number: Int, _ result: Result<LoadedManifest, FloodDamage>) {
        loading -= 1
        early[number] = result
        while let result = early.removeValue(forKey: nextToCut) {
            let entry = survey.journals[nextToCut]
            loadingBytes -= entry.manifestBytes
            nextToCut += 1
            switch result {
            case .success(let loaded): cutter.add(entry.name, loaded.manifest, changes: loaded.changes)
            case .failure(let damage):
                report.failures.append(
                    FlashFloodFailure(
                        journal: entry.name.text,
                        events: nil,
                        message: "The flash-flood journal \(entry.name.text) could not be imported: \(damage.reason)."
                    )
                )
                cutter.skip()
            }
        }
        if nextToCut == survey.journals.count { cutter.finish() }
    }

    private var isCheckpointDue: Bool {
        options.checkpoint != nil && eventsSinceCheckpoint >= options.eventsBetweenCheckpoints
    }

    /// Whether a checkpoint is due and nothing is being stored.
    var isAtCheckpoint: Bool { isCheckpointDue && unitsUnderway == 0 }

    mutating func passedCheckpoint() { eventsSinceCheckpoint = 0 }

    /// The next unit to fetch now, if not too many are under way.
    mutating func nextUnit() -> ImportUnit? {
        guard unitsUnderway < options.parallelism, !isCheckpointDue, let unit = cutter.next() else { return nil }
        unitsUnderway += 1
        return unit
    }

    /// The units whose turn has come now that this one is here.
    mutating func inOrder(_ unit: FetchedUnit) -> [FetchedUnit] {
        earlyUnits[unit.number] = unit
        var ready: [FetchedUnit] = []
        while let next = earlyUnits.removeValue(forKey: nextToReserve) {
            ready.append(next)
            nextToReserve += 1
        }
        return ready
    }

    mutating func reserved(_ unit: FetchedUnit, alreadyThere: Int) {
        report.alreadyThere += unit.alreadyThere + alreadyThere
        report.deleted += unit.deleted
        for failure in unit.failures {
            if let last = report.failures.last, last.journal == failure.journal {
                report.failures[report.failures.count - 1].events = (last.events ?? 0) + (failure.events ?? 0)
            } else {
                report.failures.append(failure)
            }
        }
    }

    mutating func stored(_ events: Int, _ bytes: Int, _ journals: Int) {
        unitsUnderway -= 1
        report.imported += events
        eventsSinceCheckpoint += events
        report.payloadBytes += bytes
        journalsDone += journals
        progress(
            FlashFloodProgress(
                done: journalsDone,
                total: survey.journals.count,
                events: report.imported,
                alreadyThere: report.alreadyThere
            )
        )
    }
}
