public import EventJournal
internal import ObjectStorage
public import RecordStreams
internal import Synchronization

/// Archives a stream into a journal: every record becomes an event, none is missing and none is there twice.
///
/// Positions are stored by the very put that stores the records, so whatever ends an archiver, the next one goes on
/// where the last stored record was. Any number of archivers may work on one stream; they share its shards by leases
/// in the bucket. See `docs/streams.md`.
public final class StreamArchiver: Sendable {
    private let journal: Journal
    private let source: any StreamSource
    private let options: ArchiveOptions
    private let time: JournalTime
    private let clock: @Sendable () -> Timestamp
    private let notify: @Sendable (ArchiveNotice) -> Void
    private let isStopping = Mutex(false)

    /// Makes an archiver, which does nothing yet.
    ///
    /// - Parameters:
    ///   - source: The stream.
    ///   - journal: Where to archive it.
    ///   - options: Settings.
    ///   - notify: Told what happens, on the archiver's task.
    public convenience init(
        _ source: any StreamSource,
        into journal: Journal,
        options: ArchiveOptions = ArchiveOptions(),
        notify: @escaping @Sendable (ArchiveNotice) -> Void = { _ in }
    ) {
        self.init(source, into: journal, options: options, time: .system, clock: { .now }, notify: notify)
    }

    /// The same with a course of time of its own, for tests.
    package init(
        _ source: any StreamSource,
        into journal: Journal,
        options: ArchiveOptions,
        time: JournalTime,
        clock: @escaping @Sendable () -> Timestamp,
        notify: @escaping @Sendable (ArchiveNotice) -> Void
    ) {
        self.journal = journal
        self.source = source
        self.options = options
        self.time = time
        self.clock = clock
        self.notify = notify
    }

    /// Makes ``run(once:)`` store what it has read, hand its shards over, and return.
    public func stop() { isStopping.withLock { $0 = true } }

    /// Archives until all that was there is archived, or until ``stop()`` is called.
    ///
    /// Failures that may pass, of the stream or of the store, are tried again for ever, after a wait that grows to a
    /// minute; when running once only ten times in a row.
    ///
    /// Memory: two batches (``ArchiveOptions/batchBytes``), and one answer of the stream for each concurrent read.
    ///
    /// - Parameter once: Whether to return when the stream was read to where it ended then. Shards that other archivers
    ///   read are left to them.
    /// - Returns: What was done.
    /// - Throws: ``ArchiveError``, `StreamError`, `JournalError`, or `CancellationError`, which leaves the shards to
    ///   whoever finds that this archiver is silent.
    public func run(once: Bool) async throws -> ArchiveReport {
        guard StreamCheckpoint.isPlain(source.name), source.name.utf8.count <= 512 else {
            throw ArchiveError(
                .invalidName,
                "\"\(source.name)\" cannot be the name of a stream: 1 to 512 bytes without quotation marks, backslashes and "
                    + "control characters."
            )
        }
        let context = ArchiveContext(
            journal: journal,
            source: source,
            options: options,
            times: options.timestamp.map { EventTimes(expression: $0, unit: options.timestampUnit) },
            retention: try await source.retention(),
            time: time,
            clock: clock
        )
        let store = LedgerStore(
            store: journal.objectStore,
            stream: source.name,
            time: time,
            freshName: { [journal] in journal.freshName() }
        )
        let keeper = LeaseKeeper(store: store, lease: options.lease, clock: clock)
        let run = ArchiveRun(context: context, keeper: keeper, notify: notify) { [self] in
            isStopping.withLock(\.self)
        }
        do {
            let report = try await run.work(once: once)
            return report
        } catch {
            // Whatever it was, others need not wait for a lease to run out.
            try? await shielded { _ = try await keeper.renew(.init(isLeaving: true)) }
            throw error
        }
    }
}
