internal import DeltaLake
internal import ObjectStorage

/// Compacts a journal: plans, merges, commits, and plans again until all is well.
///
/// Any number of compactors may be at work at once, with writers and readers: whoever commits second notices, deletes
/// what it wrote, and plans anew. Whatever stops a compactor, at most objects are left behind that nothing names, for
/// vacuum.
struct Compactor: Sendable {
    let context: CompactionContext
    let policy: CompactionPolicy
    var progress: (@Sendable (CompactionProgress) -> Void)?
    /// Whether only the inbox is absorbed, with all changes, and nothing is rewritten but for that.
    var absorbsOnly = false

    /// So often a race may be lost before the compactor gives up.
    private static let mostLostRaces = 12
    /// More commits than this in one run mean that planning does not come to an end.
    private static let mostCommits = 10_000

    /// Does all there is to do.
    ///
    /// - Returns: What was done.
    /// - Throws: ``JournalError/Code/tooLittle`` when the policy refuses and nothing else was to do,
    ///   ``JournalError/Code/conflict`` when others committed first each time, ``JournalError/Code/damagedSegment``
    ///   when a segment cannot be read, ``JournalError/Code/storage``.
    func run() async throws -> CompactionReport {
        var report = CompactionReport()
        var lostRaces = 0
        var appliesChanges = policy.appliesChanges
        var forgotten: RetiredDomain.Forgotten?
        // What comes while it is at work is left to the next one: with busy writers it would never end.
        var bound: UUIDv7?
        while report.commits < Compactor.mostCommits {
            try Task.checkCancellation()
            let listing = try await context.listing()
            let last = bound ?? listing.segments.last?.arrival ?? .zero
            bound = last
            if forgotten == nil {
                let cleanup = AbsorbedCleanup(context: context)
                let due = try await cleanup.due(listing)
                let (deleted, warnings) = try await cleanup.delete(due.keys)
                forgotten = RetiredDomain.Forgotten(
                    expired: warnings.isEmpty ? due.expired : -1,
                    paths: context.absorbed.deletedRuns
                )
                report.deletedObjects += deleted
                report.warnings += warnings
            }
            var plan: CompactionPlan
            do {
                plan = try await self.plan(
                    listing,
                    upTo: last,
                    appliesChanges: appliesChanges,
                    isFirst: report.commits == 0
                )
            } catch let error as JournalError where error.isMissing {
                // Absorbed and deleted since it was listed.
                guard try await context.isSuperseded(error.object) else { throw error }
                try await lose(&lostRaces)
                continue
            }
            report.waitingChanges = listing.waiting.reduce(0) { $0 + ($1.isChanges ? $1.events : 0) }
            if absorbsOnly { plan.jobs.removeAll(where: \.inbox.isEmpty) }
            if plan.jobs.isEmpty {
                if report.commits == 0, let refusal = plan.refusal {
                    throw JournalError(.tooLittle, "Nothing was compacted in \(context.store.location). \(refusal)")
                }
                return report
            }
            jobs: for job in plan.jobs {
                var task = CompactionTask(context: context, policy: policy, job: job, planned: listing)
                task.forgotten = forgotten ?? RetiredDomain.Forgotten()
                task.progress = { [progress, commits = report.commits] in
                    progress?(CompactionProgress(events: $0, ofEvents: $1, payloadBytes: $2, commits: commits))
                }
                switch try await task.run() {
                case .done(let done): report.add(done)
                case .needsChanges:
                    appliesChanges = true
                    break jobs
                case .lost:
                    try await lose(&lostRaces)
                    break jobs
                }
            }
        }
        return report
    }

    /// Counts a lost race, and waits a little so that the others get on.
    private func lose(_ lostRaces: inout Int) async throws {
        lostRaces += 1
        guard lostRaces < Compactor.mostLostRaces else {
            throw JournalError(
                .conflict,
                "Compacting \(context.store.location) lost \(lostRaces) races against other writers of the catalog; what it "
                    + "did before stands. Try again later."
            )
        }
        try await context.time.sleep(context.jitter(.milliseconds(min(5000, 50 << lostRaces))))
    }

    /// Plans what to do next.
    ///
    /// - Parameters:
    ///   - listing: The inbox and the catalog.
    ///   - last: What arrived later is not looked at.
    ///   - appliesChanges: Whether updates and deletes are applied however few.
    ///   - isFirst: Whether nothing was committed yet.
    /// - Returns: Jobs; none when all is well.
    /// - Throws: ``JournalError`` when changes cannot be read.
    private func plan(_ listing: InboxListing, upTo last: UUIDv7, appliesChanges: Bool, isFirst: Bool) async throws
        -> CompactionPlan
    {
        var policy = policy
        policy.appliesChanges = appliesChanges
        // What was refused or allowed once is not asked again because the first commits left little.
        if !isFirst { policy.force = true }
        let waiting = listing.waiting.filter { $0.arrival <= last }
        let changes = waiting.filter(\.isChanges)
        var moments: [Int64] = []
        for segment in changes {
            for (_, change) in try await context.reader.changes(of: segment) { moments.append(change.timestamp) }
        }
        moments.sort()
        let candidates = listing.state.segments.map { CompactionCandidate($0, changes: moments) }
        return CompactionPlanner(policy: policy).plan(catalog: candidates, inbox: waiting.map(CompactionInput.init))
    }
}

extension CompactionCandidate {
    /// A segment of the catalog.
    ///
    /// - Parameters:
    ///   - segment: The segment.
    ///   - changes: The moments of events that were updated or deleted, ascending.
    init(_ segment: Segment, changes: [Int64]) {
        self.init(
            key: segment.key,
            run: CompactedSegmentNames.run(ofKey: segment.key),
            first: segment.first.microseconds,
            last: segment.last.microseconds,
            events: segment.events,
            payloadBytes: segment.payloadBytes,
            objectBytes: segment.objectBytes,
            pieces: (segment.rowGroups ?? [])
                .map { Piece(first: $0.first, last: $0.last, payloadBytes: $0.payloadBytes) }
        )
        hasChanges =
            pieces.isEmpty
            ? changes.hasElement(from: first, through: last)
            : pieces.contains { changes.hasElement(from: $0.first, through: $0.last) }
    }
}

extension CompactionInput {
    init(_ segment: Segment) {
        self.init(
            key: segment.key,
            batchID: segment.arrival,
            isChanges: segment.isChanges,
            first: segment.first.microseconds,
            last: segment.last.microseconds,
            events: segment.events,
            payloadBytes: segment.payloadBytes
        )
    }
}
