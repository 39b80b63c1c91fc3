internal import EventJournal
internal import ObjectStorage
internal import RecordStreams
internal import Synchronization

/// One run of an archiver: renews leases on one task, reads and stores on another.
final class ArchiveRun: Sendable {
    private let context: ArchiveContext
    private let keeper: LeaseKeeper
    private let notify: @Sendable (ArchiveNotice) -> Void
    private let isStopping: @Sendable () -> Bool

    /// What the two tasks tell each other.
    private struct Shared {
        /// For the next renewal.
        var report = LeaseKeeper.Report()
        var standing = LeaseKeeper.Standing()
        var hasLost = false
        /// Gaps that a listing showed, and that are not reported yet; the ledger has them.
        var gaps: [StreamGap] = []
        var isListingDue = true
        var lastListing = Duration.zero
    }
    private let shared = Mutex(Shared())
    /// One renewal at a time.
    private let gate = AsyncGate()

    init(
        context: ArchiveContext,
        keeper: LeaseKeeper,
        notify: @escaping @Sendable (ArchiveNotice) -> Void,
        isStopping: @escaping @Sendable () -> Bool
    ) {
        self.context = context
        self.keeper = keeper
        self.notify = notify
        self.isStopping = isStopping
    }

    /// Works until it is done.
    func work(once: Bool) async throws -> ArchiveReport {
        try await withThrowingTaskGroup(of: ArchiveReport?.self) { group in
            group.addTask { [self] in try await archive(once: once) }
            group.addTask { [self] in
                try await keepAlive()
                return nil
            }
            defer { group.cancelAll() }
            while let report = try await group.next() {
                if let report { return report }
            }
            throw CancellationError()
        }
    }

    // MARK: - Leases

    /// Renews three times in a lease; failures are left to the other task, which meets them too.
    private func keepAlive() async throws {
        while true {
            try await context.time.sleep(context.options.lease / 3)
            do {
                try await renew()
            } catch let error as CancellationError {
                throw error
            } catch  where ArchiveRun.isTransient(error) {
                // The next try may do, until the lease has run out; then storing is refused, and the other task says
                // why.
                continue
            }
        }
    }

    /// Renews the lease, with what there is to tell.
    private func renew(isLeaving: Bool = false) async throws {
        try await gate.pass {
            var report = shared.withLock(\.report)
            report.isLeaving = isLeaving
            report.retention = context.retention?.inMicroseconds
            let standing = try await keeper.renew(report)
            shared.withLock { shared in
                // What was told need not be told again; what came meanwhile waits.
                shared.report.ended.subtract(report.ended)
                shared.report.released.subtract(report.released)
                shared.report.gaps.removeAll { report.gaps.contains($0) }
                for (shard, moment) in report.verified where shared.report.verified[shard] == moment {
                    shared.report.verified[shard] = nil
                }
                for (shard, waiting) in report.waiting where shared.report.waiting[shard] == waiting {
                    shared.report.waiting[shard] = nil
                }
                if shared.report.listing == report.listing { shared.report.listing = nil }
                shared.hasLost = shared.hasLost || standing.hasLost
                shared.gaps += standing.gaps
                shared.standing = standing
            }
        }
    }

    /// Lists the shards if that is due, for the next renewal.
    ///
    /// Not while renewing: a stream that answers slowly must not cost the lease.
    ///
    /// - Returns: Whether it did.
    @discardableResult
    private func list(now isDue: Bool = false) async throws -> Bool {
        let now = context.time.now()
        guard isDue || shared.withLock({ $0.isListingDue || now - $0.lastListing >= context.options.listing }) else {
            return false
        }
        let listing = try await context.source.shards()
        for shard in listing where !StreamCheckpoint.isPlain(shard.id) || shard.id.utf8.count > 128 {
            throw ArchiveError(
                .invalidName,
                "\"\(shard.id)\" of \(context.source.name) cannot be the name of a shard: 1 to 128 bytes without quotation "
                    + "marks, backslashes and control characters."
            )
        }
        shared.withLock { shared in
            shared.report.listing = listing
            (shared.isListingDue, shared.lastListing) = (false, now)
        }
        return true
    }

    // MARK: - Archiving

    private func archive(once: Bool) async throws -> ArchiveReport {
        var report = ArchiveReport()
        var failures = 0
        var worker = ArchiveWorker(context, once: once)
        while true {
            do {
                try await session(&worker, &report, once: once) { failures = 0 }
                report.elsewhere = shared.withLock(\.standing.elsewhere)
                try await renew(isLeaving: true)
                takeGaps(&report)
                return report
            } catch let error as ArchiveError where error.code == .leaseLost {
                // Others go on with the shards; this one begins anew with those it gets.
                worker.reset()
            } catch  where ArchiveRun.isTransient(error) {
                failures += 1
                if once, failures >= 10 { throw error }
                if isStopping() { throw error }
                worker.reset()
                let wait = min(Duration.seconds(1) * (1 << min(failures - 1, 6)), .seconds(60))
                notify(.retrying(after: wait, reason: "\(error)"))
                let end = context.time.now() + wait
                while context.time.now() < end, !isStopping() { try await context.time.sleep(.milliseconds(100)) }
            }
        }
    }

    /// Archives until it is done or something fails; begins behind the checkpoints in the journal.
    private func session(
        _ worker: inout ArchiveWorker,
        _ report: inout ArchiveReport,
        once: Bool,
        succeeded: () -> Void
    ) async throws {
        try await list(now: true)
        try await renew()
        shared.withLock { $0.hasLost = false }
        if try await settle(&worker, &report, once: false, hasNews: false) { return }
        var full = PendingBatch()
        var filling = PendingBatch()
        while true {
            if shared.withLock(\.hasLost) { throw ArchiveError(.leaseLost, "A shard was taken over.") }
            if try await list() { try await renew() }
            // What was read last is stored while the next is read.
            let epochs = worker.shards.mapValues(\.leaseEpoch)
            let (context, keeper, batch) = (context, keeper, full)
            let held = Set(epochs.keys)
            let isDone: @Sendable () -> Bool = { [self] in isStopping() || mustSettle(held) }
            let hasStored = !batch.isEmpty
            let storing: @Sendable @concurrent () async throws -> Void = {
                try await context.store(batch, epochs, keeper)
            }
            _ = try await beside(storing) { try await worker.fill(&filling, isDone: isDone) }
            account(full, &report)
            if hasStored { succeeded() }
            full = filling
            filling = PendingBatch()
            // A put takes a while, so it is not made for the ends of shards alone: those are the ledger's.
            if !full.isEmpty, !mustStoreNow(full, worker, once: once) { continue }
            try await context.store(full, worker.shards.mapValues(\.leaseEpoch), keeper)
            account(full, &report)
            let hasNews = full.hasNews && (!full.ended.isEmpty || !full.gaps.isEmpty)
            full = PendingBatch()
            if try await settle(&worker, &report, once: once, hasNews: hasNews) { return }
        }
    }

    /// Whether a batch is stored before anything else is read: shards come or go, or the end is near.
    private func mustStoreNow(_ batch: PendingBatch, _ worker: ArchiveWorker, once: Bool) -> Bool {
        if isStopping() || !batch.ended.isEmpty || !batch.gaps.isEmpty || (once && worker.isRead) { return true }
        return mustSettle(Set(worker.shards.keys))
    }

    /// Whether shards come or go.
    private func mustSettle(_ held: Set<String>) -> Bool {
        shared.withLock { shared in
            shared.hasLost || !shared.standing.surplus.isEmpty || Set(shared.standing.held.keys) != held
        }
    }

    /// Reports gaps that listings showed.
    private func takeGaps(_ report: inout ArchiveReport) {
        let gaps = shared.withLock { shared in
            defer { shared.gaps = [] }
            return shared.gaps
        }
        report.gaps += gaps
        for gap in gaps { notify(.gap(gap)) }
    }

    /// Takes and gives shards while nothing is pending.
    ///
    /// - Returns: Whether the archiver is done.
    private func settle(
        _ worker: inout ArchiveWorker,
        _ report: inout ArchiveReport,
        once: Bool,
        hasNews: Bool
    ) async throws -> Bool {
        takeGaps(&report)
        if isStopping() { return true }
        let surplus = shared.withLock(\.standing.surplus)
        if !surplus.isEmpty { shared.withLock { $0.report.released.formUnion(surplus) } }
        if !surplus.isEmpty || hasNews { try await renew() }
        let before = Set(worker.shards.keys)
        var standing = shared.withLock(\.standing)
        let found = try await worker.take(standing)
        if found.hasNews {
            account(found, &report)
            try await renew()
            standing = shared.withLock(\.standing)
        }
        let after = Set(worker.shards.keys)
        if before != after { notify(.shards(after.sorted())) }
        guard once, !found.hasNews, worker.isRead, Set(standing.held.keys) == after else { return false }
        return try await isDone(after)
    }

    /// Whether there is nothing left that this archiver could read: asked when all it has is read.
    private func isDone(_ shards: Set<String>) async throws -> Bool {
        try await list(now: true)
        try await renew()
        let standing = shared.withLock(\.standing)
        guard standing.acquired == 0, Set(standing.held.keys) == shards else { return false }
        if standing.elsewhere == 0 || standing.othersLive { return true }
        // Others are silent: whether they live shows when a lease has passed.
        try await context.time.sleep(context.options.lease / 3)
        return false
    }

    /// Counts what was stored, and prepares what the ledger is to be told of it.
    private func account(_ batch: PendingBatch, _ report: inout ArchiveReport) {
        report.records += batch.events.count
        report.payloadBytes += batch.payloadBytes
        report.segments += batch.isEmpty ? 0 : 1
        report.endedShards += batch.ended.count
        report.withoutTime += batch.withoutTime
        report.gaps += batch.gaps
        for gap in batch.gaps { notify(.gap(gap)) }
        if !batch.isEmpty { notify(.stored(records: batch.events.count, payloadBytes: batch.payloadBytes)) }
        // No reason for a renewal of its own: the next one tells.
        shared.withLock { $0.report.waiting.merge(batch.waiting) { $1 } }
        guard batch.hasNews else { return }
        shared.withLock { shared in
            shared.report.ended.formUnion(batch.ended)
            shared.report.gaps += batch.gaps
            shared.report.verified.merge(batch.verified) { max($0, $1) }
            if !batch.ended.isEmpty { shared.isListingDue = true }
        }
    }

    /// Whether the same may succeed later without anybody doing anything.
    private static func isTransient(_ error: any Error) -> Bool {
        switch error {
        case let error as StreamError: error.isTransient
        case let error as ObjectStoreError: [.unavailable, .timedOut].contains(error.code)
        case let error as JournalError:
            error.storeCode.map { [.unavailable, .timedOut].contains($0) } ?? (error.code == .conflict)
        case let error as ArchiveError: error.code == .contention
        default: false
        }
    }
}
