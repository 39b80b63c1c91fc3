internal import CloudSupport
internal import EventJournal
internal import ObjectStorage
internal import Parquet
internal import Synchronization

/// Sends what a replay job is to send, and keeps its progress in the journal.
///
/// Each record is sent at least once, those of one key in order: a batch is sent when the one before is noted. After a
/// crash another runner, in any process, goes on behind the last batch that was noted; so no more than one batch comes
/// twice. `docs/replay-jobs.md` says what is promised while the journal changes meanwhile.
public final class ReplayJobRunner: Sendable {
    private enum Stop: Sendable, Equatable {
        /// Whoever runs it wants it to stop.
        case asked
        /// Somebody changed the state of the job.
        case elsewhere
    }

    /// Told of progress: the job as it was just noted.
    public typealias Observer = @Sendable (ReplayJob) -> Void

    private let jobs: ReplayJobStore
    private let sink: any ReplaySink
    private let grace: Duration
    private let time: JournalTime
    private let mostSent: Int
    private let notify: Observer
    private let stopped = Mutex<Stop?>(nil)
    private let trouble: TroubleWatch

    /// Makes a runner, which does nothing yet.
    ///
    /// - Parameters:
    ///   - jobs: The jobs of the journal.
    ///   - sink: What the job's ``ReplayJobSpec/sink`` names.
    ///   - grace: How long a batch may take that is being sent when the job is stopped, before it is given up; it then
    ///     comes again when the job is resumed.
    ///   - notify: Told of progress, behind each batch; and of ``ReplayJob/trouble``, at once when the sink begins to
    ///     try again, and every five seconds then.
    public convenience init(
        _ jobs: ReplayJobStore,
        sink: any ReplaySink,
        grace: Duration = .seconds(5),
        notify: @escaping Observer = { _ in }
    ) {
        self.init(jobs, sink: sink, grace: grace, time: jobs.time, notify: notify)
    }

    init(
        _ jobs: ReplayJobStore,
        sink: any ReplaySink,
        grace: Duration,
        time: JournalTime,
        mostSent: Int = JobPosition.mostSent,
        notify: @escaping Observer = { _ in }
    ) {
        self.jobs = jobs
        self.sink = sink
        self.grace = grace
        self.time = time
        self.mostSent = mostSent
        self.notify = notify
        trouble = TroubleWatch(time)
    }

    /// Makes ``run(_:)`` end behind the batch it is sending, the job paused.
    public func stop() { stopped.withLock { $0 = $0 ?? .asked } }

    /// Runs a job, or goes on with it, until everything is sent or somebody stops it.
    ///
    /// A job whose process died is taken over when its lease has run out. Cost: a put for each batch, a get and a put
    /// for each third of the lease in which there was none. Memory: that of a replay, and two batches, each as the
    /// journal has it and as the sink does: the next one is read and encoded while one is sent and noted, none further.
    ///
    /// - Parameter id: The job.
    /// - Returns: The job as it is now: done, paused or cancelled.
    /// - Throws: What the sink or the journal throws, and then the job is noted to have failed; it can be resumed.
    ///   ``ReplayJobError/Code/busy``, ``ReplayJobError/Code/over`` and ``ReplayJobError/Code/leaseLost`` leave it as
    ///   it is, and so does `CancellationError` when it is stopped while it waits for a lease to run out.
    @discardableResult
    public func run(_ id: String) async throws -> ReplayJob {
        let keeper = try await JobKeeper.take(id, of: jobs) { self.isStopped }
        let outcome: ReplayJob.State
        do {
            outcome = try await sendOrStop(keeper)
        } catch let error as ReplayJobError where error.code == .leaseLost {
            throw error
        } catch let error as CancellationError {
            // Nobody has to wait for the lease to run out.
            try? await shielded { _ = try await keeper.note(isLeaving: true) { $0.pauseIfRunning() } }
            throw error
        } catch {
            let message = ForeignText.lines("\((error as? JournalError)?.message ?? "\(error)")")
            try? await shielded {
                _ = try await keeper.note(isLeaving: true) { job in
                    job.pauseIfRunning()
                    if job.state == .paused {
                        job.state = .failed
                        job.message = message
                    }
                }
            }
            throw error
        }
        return try await shielded { [jobs] in
            let end = try await keeper.note(isLeaving: true) { job in
                switch outcome {
                case .done:
                    // Who wanted it to stop came too late.
                    job.state = .done
                    job.progress.fraction = 1
                    job.progress.timeLeft = nil
                default: job.pauseIfRunning()
                }
            }
            // Nobody needs it any more.
            if end.state == .done, end.spec.latestPerKey { try await jobs.journal.objectStore.delete(SentKeys.key(id)) }
            return end
        }
    }

    /// Sends, and meanwhile keeps the lease and looks whether somebody wants it to stop.
    private func sendOrStop(_ keeper: JobKeeper) async throws -> ReplayJob.State {
        try await withThrowingTaskGroup(of: ReplayJob.State?.self) { group in
            group.addTask { try await self.send(keeper) }
            group.addTask {
                try await self.watch(keeper)
                return nil
            }
            defer { group.cancelAll() }
            // The watch ends first only when a batch takes longer than its grace.
            return try await group.next().flatMap(\.self) ?? .paused
        }
    }

    private var isStopped: Bool { stopped.withLock { $0 != nil } }

    private func watch(_ keeper: JobKeeper) async throws {
        while !isStopped {
            try await time.sleep(.milliseconds(100))
            let isNews = trouble.isNews
            guard isNews || keeper.isDue else { continue }
            if isNews { trouble.tell() }
            // What it is when it is noted: the batch may be sent by then.
            let noted = try await keeper.note { [trouble] in $0.trouble = trouble.current }
            notice(noted)
            if isNews { notify(noted) }
        }
        // A batch is still being sent, so nobody else may take the job yet.
        let end = time.now() + grace
        while time.now() < end {
            try await time.sleep(min(end - time.now(), .milliseconds(100)))
            if keeper.isDue { try await keeper.note { _ in } }
        }
    }

    private func notice(_ job: ReplayJob) {
        if job.state != .running { stopped.withLock { $0 = $0 ?? .elsewhere } }
    }

    private func send(_ keeper: JobKeeper) async throws -> ReplayJob.State {
        let job = keeper.job
        let start: ReplaySinkStart = job.position != nil ? .resumed : job.hasBegun ? .repeated : .first
        try await sink.begin(start, mark: job.sinkMark)
        let mark = sink.mark
        if !job.hasBegun || mark != job.sinkMark {
            try await keeper.note { job in
                job.hasBegun = true
                job.sinkMark = mark
            }
        }
        var trustsPlaces = true
        while true {
            do {
                return try await pass(keeper, trustsPlaces: trustsPlaces)
            } catch is LatestKeysWatch.Changed {
                // From the position again, over the journal as it is by now.
                trustsPlaces = true
            } catch is SentOfMoment.Changed {
                trustsPlaces = false
            }
        }
    }

    /// One replay from the job's position to the end of its range.
    private func pass(_ keeper: JobKeeper, trustsPlaces: Bool) async throws -> ReplayJob.State {
        let begun = keeper.job
        let spec = begun.spec
        let latest = spec.latestPerKey ? LatestKeysWatch(jobs.journal, keeper) : nil
        var options = ReplayOptions(latestPerKey: spec.latestPerKey, selection: try spec.selection())
        options.withBatchIDs = true
        if let latest { options.onLatest = { try await latest.found($0) } }
        var after = spec.after
        if !spec.latestPerKey, let moment = begun.position?.moment { after = Timestamp(microseconds: moment - 1) }
        // A range without a moment in it has nothing to send.
        if let through = spec.through, through <= spec.after ?? .min { return .done }
        let estimate = RangeEstimate(
            try await jobs.journal.segments(after: spec.after, through: spec.through),
            after: spec.after,
            through: spec.through
        )
        var meter = JobMeter(begun, estimate: estimate, begun: time.now())
        var pacer = Pacer(spec.rate, time: time)
        let source = BatchSource(
            BatchCutter(
                jobs.journal.replay(after: after, through: spec.through, options: options),
                behind: begun.position,
                trustsPlaces: trustsPlaces,
                latest: latest
            ),
            for: sink,
            annotator: RecordAnnotator(begun),
            records: min(spec.batchRecords ?? .max, sink.batchRecords, pacer.records),
            bytes: min(sink.batchBytes, pacer.bytes),
            pace: RecordedPace(spec.rate, time: time),
            wait: { try await self.wait($0) }
        )
        var position = begun.position
        var next = try await source.next()
        while case .batch(let ready) = next {
            guard try await wait(pacer.wait) else { return .paused }
            // What goes wrong with the next batch is told when this one is noted.
            (_, next) = try await beside(
                { try await source.next() },
                {
                    try keeper.require()
                    try await trouble.watching { try await ready.encoded.send() }
                    let reached = JobPosition.behind(ready.batch, after: position, mostSent: mostSent)
                    try await latest?.sent(ready.batch, position: reached)
                    position = reached
                    meter.note(ready.outgoing)
                    pacer.note(records: ready.outgoing.count, bytes: ready.outgoing.payloads.payloadBytes)
                    let progress = meter.progress(now: time.now())
                    let mark = sink.mark
                    let noted = try await keeper.note { [trouble] job in
                        job.trouble = trouble.current
                        job.position = reached
                        job.sinkMark = mark
                        job.progress = progress
                    }
                    notice(noted)
                    notify(noted)
                }
            )
        }
        return if case .stopped = next { .paused } else { .done }
    }

    /// Waits for something that is due.
    ///
    /// - Returns: Whether it is to be done; `false` when the job is to stop.
    private func wait(_ duration: Duration) async throws -> Bool {
        let end = time.now() + duration
        while !isStopped {
            let left = end - time.now()
            if left <= .zero { return true }
            try await time.sleep(min(left, .milliseconds(100)))
        }
        return false
    }
}

extension ReplayJob {
    fileprivate mutating func pauseIfRunning() { if state == .running { state = .paused } }
}
