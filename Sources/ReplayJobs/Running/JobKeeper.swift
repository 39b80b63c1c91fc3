internal import CloudSupport
internal import EventJournal
internal import ObjectStorage
internal import Synchronization

/// Holds a job for the process at work: notes progress, keeps the lease, and learns when somebody wants it to stop.
///
/// A lease lasts from the moment its renewal began, by this machine's clock; others take the job over when they saw no
/// sign for as long by theirs, which began later. So two processes send at a time only while one is paused between
/// ``require()`` and the sink.
final class JobKeeper: Sendable {
    private struct State {
        var stored: ReplayJobStore.Stored
        var validUntil: Duration
        var renewed: Duration
    }

    private let jobs: ReplayJobStore
    /// The job's.
    let id: String
    private let name: String
    private let epoch: Int
    private let lease: Duration
    private let state: Mutex<State>
    /// Changes one after the other: they would only get into each other's way.
    private let gate = AsyncGate()

    private init(_ jobs: ReplayJobStore, _ stored: ReplayJobStore.Stored, name: String, begun: Duration) {
        self.jobs = jobs
        self.name = name
        id = stored.job.id
        epoch = stored.job.epoch
        lease = stored.job.spec.lease
        state = Mutex(State(stored: stored, validUntil: begun + stored.job.spec.lease, renewed: begun))
    }

    /// Takes a job that nobody works on.
    ///
    /// Cost: a get and a put, and waiting for the lease of an owner that died.
    ///
    /// - Throws: ``ReplayJobError/Code/busy``, ``ReplayJobError/Code/over``, and what the store throws;
    ///   `CancellationError` when it is stopped while it waits.
    static func take(
        _ id: String,
        of jobs: ReplayJobStore,
        isStopped: @Sendable () -> Bool
    ) async throws -> JobKeeper {
        let name = jobs.journal.freshName()
        while true {
            let found = try await jobs.waitForOwner(id, isStopped: isStopped)
            guard !found.job.state.isOver else { throw ReplayJobError.over(found.job, "resumed") }
            let begun = jobs.time.now()
            let taken = try await jobs.update(id) { job in
                // Whoever else waited may have been first.
                guard job.owner == found.job.owner, !job.state.isOver else { return }
                job.owner = .init(name: name, beat: 1, seen: .now)
                job.epoch += 1
                job.state = .running
                job.message = nil
                job.trouble = nil
            }
            if taken.job.owner?.name == name { return JobKeeper(jobs, taken, name: name, begun: begun) }
        }
    }

    /// The job as it was last seen.
    var job: ReplayJob { state.withLock { $0.stored.job } }

    /// Whether the job has not been renewed for a third of its lease.
    var isDue: Bool { state.withLock { jobs.time.now() - $0.renewed >= lease / 3 } }

    /// Throws unless the job is still this process's; asked before each batch.
    ///
    /// - Throws: ``ReplayJobError/Code/leaseLost``.
    func require() throws {
        guard state.withLock({ jobs.time.now() < $0.validUntil }) else { throw lost() }
    }

    /// Notes progress, and that the process lives.
    ///
    /// - Parameters:
    ///   - isLeaving: Whether the process gives the job up with this.
    ///   - change: What there is to note.
    /// - Returns: The job by now: its state may be what somebody else wants.
    /// - Throws: ``ReplayJobError/Code/leaseLost`` when another process has it, or what the store throws.
    @discardableResult
    func note(isLeaving: Bool = false, _ change: @Sendable (inout ReplayJob) -> Void) async throws -> ReplayJob {
        try await gate.pass { [self] in
            var begun = jobs.time.now()
            var stored = try await jobs.update(id, from: state.withLock(\.stored)) { [name, epoch] job in
                guard job.owner?.name == name, job.epoch == epoch else { throw lost() }
                job.owner = isLeaving ? nil : .init(name: name, beat: (job.owner?.beat ?? 0) + 1, seen: .now)
                change(&job)
                // Nobody tries any more.
                if isLeaving { job.trouble = nil }
            }
            if !isLeaving, jobs.time.now() - begun >= lease {
                // The store was away for longer than the lease, and nobody else has taken the job meanwhile.
                begun = jobs.time.now()
                stored = try await jobs.update(id, from: stored) { [name, epoch] job in
                    guard job.owner?.name == name, job.epoch == epoch else { throw lost() }
                    job.owner = .init(name: name, beat: (job.owner?.beat ?? 0) + 1, seen: .now)
                }
            }
            state.withLock { state in
                state.stored = stored
                state.renewed = begun
                state.validUntil = begun + lease
            }
            return stored.job
        }
    }

    private func lost() -> ReplayJobError {
        ReplayJobError(
            .leaseLost,
            "This process was silent for longer than the lease of the replay job \(id), \(lease.spelled), and another one may have "
                + "taken it over; `highwater jobs show` says."
        )
    }
}
