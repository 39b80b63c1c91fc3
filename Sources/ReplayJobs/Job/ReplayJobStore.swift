internal import CloudSupport
public import EventJournal
internal import ObjectStorage

/// The replay jobs of a journal: objects under `_replays/`, each changed by compare-and-swap.
///
/// Every change is made of what is there, so any process may look at a job, stop it, or take it over.
public struct ReplayJobStore: Sendable {
    let journal: Journal
    let time: JournalTime

    static let folder = "_replays/"
    static let suffix = ".json"
    private static let longestObject = 256 << 20
    private static let mostAttempts = 40

    /// The jobs of a journal; nothing is asked of it yet.
    public init(_ journal: Journal) { self.init(journal, time: .system) }

    /// The same with a course of time of its own, for tests.
    package init(_ journal: Journal, time: JournalTime) {
        self.journal = journal
        self.time = time
    }

    private var store: any ObjectStore { journal.objectStore }

    private static func key(_ id: String) -> String { folder + id + suffix }

    /// A job with the version of its object.
    struct Stored: Sendable {
        var job: ReplayJob
        var bytes: [UInt8]
        var entityTag: String
    }

    /// Makes a job, which nobody works on yet, and bounds its range.
    ///
    /// Cost: a list, and a put.
    ///
    /// - Parameter spec: What it is to do; without ``ReplayJobSpec/through`` it ends with the last event there is now.
    /// - Returns: The job; of an empty journal one that has nothing to send.
    /// - Throws: ``ReplayJobError/Code/invalid``, `JMESPathError` for an expression, `JournalError`, or what the store
    ///   throws.
    public func create(_ spec: ReplayJobSpec) async throws -> ReplayJob {
        _ = try spec.selection()
        if let records = spec.batchRecords, records < 1 {
            throw ReplayJobError(.invalid, "A batch of \(records) records sends nothing; ask for 1 at least.")
        }
        guard spec.lease >= .seconds(1), spec.lease <= .seconds(3600) else {
            throw ReplayJobError(.invalid, "A lease of \(spec.lease.spelled) is not from 1 second to an hour.")
        }
        var bounded = spec
        if spec.through == nil {
            bounded.through = try await journal.segments(after: spec.after).map(\.last).max() ?? spec.after ?? .min
        }
        let job = ReplayJob(id: journal.freshName(), spec: bounded, created: .now)
        try await store.put(ReplayJobStore.key(job.id), job.json(nonce: journal.freshName()), mode: .ifAbsent)
        return job
    }

    /// A job.
    ///
    /// One get.
    ///
    /// - Throws: ``ReplayJobError/Code/notFound``, ``ReplayJobError/Code/damaged``, or what the store throws.
    public func job(_ id: String) async throws -> ReplayJob { try await fetch(id).job }

    /// The job that a text names: its id, or the end of the id of one job alone.
    ///
    /// One get; a list more for a part of an id.
    ///
    /// - Throws: As ``job(_:)``; ``ReplayJobError/Code/notFound`` also when several ids end so.
    public func job(named text: String) async throws -> ReplayJob { try await job(identifier(named: text)) }

    /// The id that a text names: an id, or the end of the id of one job alone, be it damaged.
    ///
    /// A list for a part of an id; a whole one is not looked up.
    ///
    /// - Throws: ``ReplayJobError/Code/notFound`` when no id ends so, or several do, or what the store throws.
    public func identifier(named text: String) async throws -> String {
        if UUIDv7(text) != nil { return text }
        let matching = try await identifiers().filter { !text.isEmpty && $0.hasSuffix(text) }
        guard let id = matching.first, matching.count == 1 else {
            throw ReplayJobError(
                .notFound,
                matching.isEmpty
                    ? "No replay job of \(journal.location) is \"\(text)\". `highwater jobs list` shows those there are."
                    : "\(matching.count) replay jobs of \(journal.location) end with \"\(text)\"; give more of the id."
            )
        }
        return id
    }

    /// All jobs, the oldest first.
    ///
    /// Cost: a list, and a get for each.
    ///
    /// - Throws: ``ReplayJobError/Code/damaged``, or what the store throws.
    public func all() async throws -> [ReplayJob] {
        let (jobs, damaged) = try await readable()
        if let first = damaged.first { throw first }
        return jobs
    }

    /// All jobs that can be read, the oldest first, and what is wrong with the others.
    ///
    /// Cost: a list, and a get for each.
    ///
    /// - Returns: The jobs, and ``ReplayJobError/Code/damaged`` for each that is damaged or of a later version.
    /// - Throws: What the store throws.
    public func readable() async throws -> (jobs: [ReplayJob], damaged: [ReplayJobError]) {
        let this = self
        let results = try await mapConcurrently(try await identifiers(), limit: 8) {
            id -> Result<ReplayJob, ReplayJobError>? in
            do {
                return .success(try await this.job(id))
            } catch let error as ReplayJobError where error.code == .notFound {
                // Deleted since it was listed.
                return nil
            } catch let error as ReplayJobError where error.code == .damaged {
                return .failure(error)
            }
        }
        var jobs: [ReplayJob] = []
        var damaged: [ReplayJobError] = []
        for result in results {
            switch result {
            case .success(let job): jobs.append(job)
            case .failure(let error): damaged.append(error)
            case nil: continue
            }
        }
        return (jobs, damaged)
    }

    private func identifiers() async throws -> [String] {
        var ids: [String] = []
        for try await object in store.listAll(prefix: ReplayJobStore.folder, keysOnly: true)
        where object.key.hasSuffix(ReplayJobStore.suffix) {
            let id = String(object.key.dropFirst(ReplayJobStore.folder.count).dropLast(ReplayJobStore.suffix.count))
            if UUIDv7(id) != nil { ids.append(id) }
        }
        return ids.sorted()
    }

    /// Asks the process at work to stop behind what it is sending, so that the job can be resumed.
    ///
    /// - Returns: The job; it still has its owner until that has stopped.
    /// - Throws: ``ReplayJobError/Code/over``, and as ``job(_:)``.
    public func pause(_ id: String) async throws -> ReplayJob {
        try await update(id) { job in
            guard !job.state.isOver else { throw ReplayJobError.over(job, "paused") }
            job.state = .paused
            // Its process may have died of it.
            job.trouble = nil
        }
        .job
    }

    /// Ends a job for good; what was sent stays sent.
    ///
    /// - Returns: The job; it still has its owner until that has stopped.
    /// - Throws: ``ReplayJobError/Code/over`` when it is done, and as ``job(_:)``.
    public func cancel(_ id: String) async throws -> ReplayJob {
        try await update(id) { job in
            guard job.state != .done else { throw ReplayJobError.over(job, "cancelled") }
            job.state = .cancelled
            job.trouble = nil
        }
        .job
    }

    /// Waits until no process is at work on a job, as far as one can tell.
    ///
    /// - Returns: The job; ``ReplayJob/owner`` is `nil`, or one that was silent for the job's lease.
    /// - Throws: ``ReplayJobError/Code/busy`` when its owner is alive and the job not asked to stop.
    public func settled(_ id: String) async throws -> ReplayJob { try await waitForOwner(id).job }

    /// Removes the object of a job that is over, or that nobody works on, or that is damaged.
    ///
    /// - Throws: ``ReplayJobError/Code/busy`` when it is running, ``ReplayJobError/Code/notFound``, or what the store
    ///   throws.
    public func delete(_ id: String) async throws {
        do {
            if let owner = try await job(id).owner {
                throw ReplayJobError(
                    .busy,
                    "The replay job \(id) has an owner, \(owner.name). Cancel it first; one whose process died, too."
                )
            }
        } catch let error as ReplayJobError where error.code == .damaged {
            // Nobody can run it, and nothing else would get rid of it.
        }
        try await store.delete(SentKeys.key(id))
        try await store.delete(ReplayJobStore.key(id))
    }

    // MARK: For runners

    func fetch(_ id: String) async throws -> Stored {
        let key = ReplayJobStore.key(id)
        guard UUIDv7(id) != nil,
            let found = try await store.getIfPresent(key, upTo: ReplayJobStore.longestObject)
        else {
            throw ReplayJobError(
                .notFound,
                "There is no replay job \(id) in \(journal.location). `highwater jobs list` shows those there are."
            )
        }
        let job = try ReplayJob(found.bytes, id: id, object: "\(key) in \(journal.location)")
        return Stored(job: job, bytes: found.bytes, entityTag: found.metadata.entityTag)
    }

    /// Changes a job, again and again until nobody comes in between.
    ///
    /// Cost: a put, and a get before it unless the job as it is is known; both again for each time somebody was first.
    @discardableResult
    func update(
        _ id: String,
        from known: Stored? = nil,
        _ change: @Sendable (inout ReplayJob) throws -> Void
    ) async throws -> Stored {
        var known = known
        for attempt in 0..<ReplayJobStore.mostAttempts {
            let found: Stored
            if let known { found = known } else { found = try await fetch(id) }
            known = nil
            var job = found.job
            try change(&job)
            if job == found.job { return found }
            let bytes = job.json(nonce: journal.freshName())
            do {
                let stored = try await store.put(
                    ReplayJobStore.key(id),
                    bytes,
                    mode: .ifMatches(entityTag: found.entityTag)
                )
                return Stored(job: job, bytes: bytes, entityTag: stored.entityTag)
            } catch let error as ObjectStoreError {
                // A lost answer, or a request made twice, may hide that we were first; the nonce tells.
                let now = try await fetch(id)
                if now.bytes == bytes { return now }
                guard [.alreadyExists, .preconditionFailed, .notFound].contains(error.code) else { throw error }
            }
            try await time.sleep(.milliseconds(Int.random(in: 1...min(20 << min(attempt, 6), 1000))))
        }
        throw ReplayJobError(
            .contention,
            "\(ReplayJobStore.mostAttempts) changes of the replay job \(id) in \(journal.location) were lost to others."
        )
    }

    /// Waits until a job has no owner, or one that was silent for the lease.
    ///
    /// The owner counts; what is observed here is whether the count moves, by this machine's monotonic clock alone.
    func waitForOwner(_ id: String, isStopped: @Sendable () -> Bool = { false }) async throws -> Stored {
        var seen: (owner: String, beat: Int)?
        var since = time.now()
        while true {
            let stored = try await fetch(id)
            guard let owner = stored.job.owner else { return stored }
            let lease = stored.job.spec.lease
            if let before = seen, before == (owner.name, owner.beat) {
                if time.now() - since >= lease { return stored }
            } else {
                if seen != nil, stored.job.state == .running {
                    throw ReplayJobError(
                        .busy,
                        "The replay job \(id) is being sent by another process (\(owner.name)). Pause or cancel it first."
                    )
                }
                seen = (owner.name, owner.beat)
                since = time.now()
            }
            try await time.sleep(min(max(lease / 20, .milliseconds(50)), .milliseconds(500)))
            if isStopped() { throw CancellationError() }
        }
    }
}

extension ReplayJobError {
    static func over(_ job: ReplayJob, _ wish: String) -> ReplayJobError {
        ReplayJobError(
            .over,
            "The replay job \(job.id) is \(job.state.rawValue), so it cannot be \(wish). Begin another with `replay-to`."
        )
    }
}
