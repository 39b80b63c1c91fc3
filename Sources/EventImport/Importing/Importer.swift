public import EventJournal
internal import ObjectStorage

/// Imports NDJSON into a journal: the payload of each event is its line as it stood.
///
/// An import may be repeated, interrupted and repeated, or run twice at once: with ids taken from the lines
/// (``FieldMapping/id``) an event that is in the journal already is left out. Lines that are no events are reported and
/// the rest is imported.
///
/// The input is cut into units of ``ImportOptions/unitBytes``; units are parsed, encoded and stored side by side, and
/// become a segment each. Memory: about four times ``ImportOptions/unitBytes`` for each processor and once more, beside
/// 16 to 32 bytes for each event that is not compacted yet (see ``ImportOptions/checkpoint``).
public struct Importer: Sendable {
    private let journal: Journal
    private let options: ImportOptions

    /// An importer into a journal.
    public init(into journal: Journal, options: ImportOptions) {
        self.journal = journal
        self.options = options
    }

    /// Imports files, one after the other.
    ///
    /// Everything counted as imported in the result is durable. When it throws, what was stored so far stays, and the
    /// same import may be run again.
    ///
    /// - Parameters:
    ///   - paths: Files, plain or compressed by gzip or zstd; `-` is standard input.
    ///   - rejected: Called for each line that becomes no event, in order.
    ///   - progress: Called as the import gets on.
    /// - Returns: What was imported, left out and rejected, and which inputs failed.
    /// - Throws: ``JournalError`` when the journal cannot take more, `CancellationError`. An input that cannot be read,
    ///   or not to its end, is no reason to stop: it is in ``ImportReport/failures``.
    public func run(
        _ paths: [String],
        rejected: @escaping @Sendable (RejectedEvent) throws -> Void = { _ in },
        progress: @escaping @Sendable (ImportProgress) -> Void = { _ in }
    ) async throws -> ImportReport {
        let start = ContinuousClock.now
        let appender = try await BulkAppender(journal)
        let inputs = InputQueue(paths, unitBytes: options.unitBytes)
        var run = ImportRun(options: options, journal: journal, rejected: rejected, progress: progress)
        try await withThrowingTaskGroup(of: ImportStep.self) { group in
            var underway = 0
            var isAtEnd = false
            while true {
                if underway == 0, let checkpoint = options.checkpoint, run.isCheckpointDue {
                    try await checkpoint()
                    try await appender.refresh()
                    run.passedCheckpoint()
                }
                // One unit more than there are processors, so that reading goes on while they are busy.
                while !isAtEnd, !run.isCheckpointDue, underway <= options.parallelism {
                    guard let unit = try await inputs.next() else {
                        isAtEnd = true
                        break
                    }
                    underway += 1
                    let options = options
                    group.addTask { .parsed(try ParsedUnit(unit, options)) }
                }
                guard let step = try await group.next() else { break }
                switch step {
                case .parsed(let unit):
                    for unit in run.inOrder(unit) {
                        let reservation = try await run.reserve(unit, appender)
                        group.addTask {
                            try await appender.commit(reservation)
                            return .stored(reservation.batch.count)
                        }
                    }
                case .stored(let events):
                    underway -= 1
                    run.stored(events)
                }
            }
        }
        var report = run.report
        report.failures = inputs.failures
        report.inputBytes = inputs.bytesRead
        report.duration = ContinuousClock.now - start
        return report
    }
}

/// What a task of an import has done.
private enum ImportStep: Sendable {
    case parsed(ParsedUnit)
    case stored(Int)
}

/// The part of an import that goes in order.
private struct ImportRun {
    let options: ImportOptions
    let journal: Journal
    let rejected: @Sendable (RejectedEvent) throws -> Void
    let progress: @Sendable (ImportProgress) -> Void
    var report = ImportReport()
    private var early: [Int: ParsedUnit] = [:]
    private var nextNumber = 0
    private var inputBytes = 0
    private var eventsSinceCheckpoint = 0

    init(
        options: ImportOptions,
        journal: Journal,
        rejected: @escaping @Sendable (RejectedEvent) throws -> Void,
        progress: @escaping @Sendable (ImportProgress) -> Void
    ) {
        self.options = options
        self.journal = journal
        self.rejected = rejected
        self.progress = progress
    }

    /// The units whose turn has come now that this one is parsed.
    mutating func inOrder(_ unit: ParsedUnit) -> [ParsedUnit] {
        early[unit.number] = unit
        var ready: [ParsedUnit] = []
        while let next = early.removeValue(forKey: nextNumber) {
            ready.append(next)
            nextNumber += 1
        }
        return ready
    }

    mutating func reserve(_ unit: ParsedUnit, _ appender: BulkAppender) async throws -> BulkAppender.Reservation {
        for line in unit.rejected { try rejected(line) }
        report.rejected += unit.rejected.count
        let reservation = try await appender.reserve(unit.batch(journal))
        report.alreadyThere += reservation.alreadyThere
        inputBytes = max(inputBytes, unit.progress.inputBytes)
        tell(unit.progress.totalBytes)
        return reservation
    }

    mutating func stored(_ events: Int) {
        report.imported += events
        eventsSinceCheckpoint += events
        tell(nil)
    }

    /// Whether what is underway is to be finished, and nothing begun.
    var isCheckpointDue: Bool {
        options.checkpoint != nil && eventsSinceCheckpoint >= options.eventsBetweenCheckpoints
    }

    mutating func passedCheckpoint() { eventsSinceCheckpoint = 0 }

    private var totalBytes: Int?
    private mutating func tell(_ total: Int?) {
        totalBytes = total ?? totalBytes
        progress(
            ImportProgress(
                inputBytes: inputBytes,
                totalBytes: totalBytes,
                imported: report.imported,
                alreadyThere: report.alreadyThere,
                rejected: report.rejected
            )
        )
    }
}
