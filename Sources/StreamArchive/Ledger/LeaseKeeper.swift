internal import CloudSupport
internal import EventJournal
internal import RecordStreams
internal import Synchronization

/// Keeps an archiver alive in the ledger, and knows which shards are its own.
///
/// No clock of another machine has a say: an archiver holds its shards for ``lease`` from the moment it began its last
/// renewal, by its own monotonic clock; another one takes them when it has seen no beat for as long by its own, which
/// began later. So two may believe they own a shard only if a clock runs wrong; and then ids keep records single.
final class LeaseKeeper: Sendable {
    /// What an archiver has to tell in a renewal.
    struct Report: Sendable {
        /// The shards as the stream listed them; `nil` when nobody asked it now.
        var listing: [StreamShard]?
        /// Own shards that are archived to their end.
        var ended: Set<String> = []
        /// Own shards to be given up.
        var released: Set<String> = []
        /// Up to when own shards are archived.
        var verified: [String: Int64] = [:]
        /// How many records of own shards wait to be archived.
        var waiting: [String: WaitingRecords] = [:]
        var gaps: [StreamGap] = []
        /// How long the stream keeps records, in microseconds.
        var retention: Int64?
        /// Whether the archiver is about to end, and takes no shard any more.
        var isLeaving = false
    }

    /// What a renewal came to.
    struct Standing: Sendable {
        /// Own shards, with their epochs.
        var held: [String: Int] = [:]
        /// Own shards that others should have.
        var surplus: [String] = []
        /// Whether a shard was lost that was not given up.
        var hasLost = false
        /// Shards that could be read, and others own.
        var elsewhere = 0
        /// Whether it is known of each other archiver that it is alive.
        var othersLive = true
        /// How many were just taken.
        var acquired = 0
        /// What the listing shows to be missing, or perhaps missing, for the first time.
        var gaps: [StreamGap] = []
        /// The ledger behind it.
        var ledger = Ledger()
    }

    private struct State {
        var held: [String: Int] = [:]
        /// Until when they are, by the monotonic clock.
        var validUntil = Duration.zero
        /// The beats of others: what was seen, since when, and whether it ever moved.
        var observed: [String: (beat: Int, since: Duration, moved: Bool)] = [:]
    }

    let id: String
    private let store: LedgerStore
    private let lease: Duration
    private let clock: @Sendable () -> Timestamp
    private let state = Mutex(State())

    init(store: LedgerStore, lease: Duration, clock: @escaping @Sendable () -> Timestamp) {
        self.store = store
        self.lease = lease
        self.clock = clock
        id = store.freshName()
    }

    /// Throws unless shards of these epochs are still the archiver's own: asked before each put.
    ///
    /// - Throws: ``ArchiveError/Code/leaseLost``.
    func require(_ epochs: [String: Int]) throws {
        let now = store.time.now()
        let isValid = state.withLock { state in
            now < state.validUntil && epochs.allSatisfy { state.held[$0.key] == $0.value }
        }
        guard isValid else {
            throw ArchiveError(
                .leaseLost,
                "This archiver of \(store.stream) was silent for longer than its lease of \(lease.spelled), so others may have taken "
                    + "its shards over; nothing was stored. It goes on with those it gets."
            )
        }
    }

    /// Tells the ledger that the archiver lives, and gets and gives shards.
    ///
    /// Cost: a get and a put.
    ///
    /// - Throws: ``ArchiveError``, or what the store throws.
    func renew(_ report: Report) async throws -> Standing {
        let start = store.time.now()
        let now = clock().microseconds
        let (held, observed) = state.withLock { ($0.held, $0.observed) }
        let (id, lease) = (id, lease)
        // Whoever was silent for too long has lost what it held, whatever the ledger says by now.
        let isExpired = state.withLock { !$0.held.isEmpty && start >= $0.validUntil }
        let (standing, seen) = try await store.update { ledger in
            var turn = Turn(id: id, held: held, observed: observed, start: start, lease: lease, isExpired: isExpired)
            let standing = turn.take(report, &ledger, now: now)
            return (standing, turn.seen)
        }
        let after = store.time.now()
        state.withLock { state in
            state.held = standing.held
            state.validUntil = start + lease
            // A beat counts from when its reading had ended: that is after it was made.
            state.observed = seen.mapValues { entry in
                (entry.beat, entry.since == start ? after : entry.since, entry.moved)
            }
        }
        return standing
    }
}

/// One turn of an archiver at the ledger.
private struct Turn {
    let id: String
    let held: [String: Int]
    let observed: [String: (beat: Int, since: Duration, moved: Bool)]
    let start: Duration
    let lease: Duration
    let isExpired: Bool
    var seen: [String: (beat: Int, since: Duration, moved: Bool)] = [:]

    mutating func take(_ report: LeaseKeeper.Report, _ ledger: inout Ledger, now: Int64) -> LeaseKeeper.Standing {
        var standing = LeaseKeeper.Standing()
        // What is left of the shards held before.
        var mine: [String: Int] = [:]
        for (shard, epoch) in held {
            let entry = ledger.shards[shard]
            if !isExpired, entry?.owner == id, entry?.epoch == epoch {
                mine[shard] = epoch
            } else {
                standing.hasLost = true
            }
        }
        for (shard, entry) in ledger.shards where entry.owner == id && mine[shard] == nil {
            ledger.shards[shard]?.owner = nil
        }
        buryTheDead(&ledger)
        for gap in report.gaps { ledger.add(gap) }
        for shard in report.ended where mine.removeValue(forKey: shard) != nil {
            ledger.shards[shard]?.isEnded = true
            ledger.shards[shard]?.owner = nil
        }
        for (shard, moment) in report.verified where mine[shard] != nil {
            let before = ledger.shards[shard]?.verified ?? .min
            ledger.shards[shard]?.verified = max(moment, before)
        }
        for (shard, waiting) in report.waiting where mine[shard] != nil {
            ledger.shards[shard]?.waiting = waiting.count
            ledger.shards[shard]?.counted = waiting.counted
        }
        if let listing = report.listing {
            standing.gaps = gaps(listing, ledger, report.retention, now: now)
            for gap in standing.gaps { ledger.add(gap) }
            list(listing, &ledger, now: now)
        }
        for shard in report.released where mine.removeValue(forKey: shard) != nil { ledger.shards[shard]?.owner = nil }
        if report.isLeaving {
            for shard in mine.keys { ledger.shards[shard]?.owner = nil }
            ledger.archivers[id] = nil
            standing.ledger = ledger
            return standing
        }
        ledger.archivers[id] = .init(beat: (ledger.archivers[id]?.beat ?? 0) + 1, seen: now)
        share(&ledger, &mine, &standing, avoiding: report.released)
        standing.held = mine
        standing.ledger = ledger
        return standing
    }

    /// Removes archivers whose beat did not change for a lease, and frees what nobody alive owns.
    private mutating func buryTheDead(_ ledger: inout Ledger) {
        for (other, archiver) in ledger.archivers where other != id {
            if let known = observed[other], known.beat == archiver.beat {
                if start - known.since >= lease { ledger.archivers[other] = nil } else { seen[other] = known }
            } else {
                seen[other] = (archiver.beat, start, observed[other] != nil)
            }
        }
        for (shard, entry) in ledger.shards {
            if let owner = entry.owner, owner != id, ledger.archivers[owner] == nil {
                ledger.shards[shard]?.owner = nil
            }
        }
    }

    /// Enters new shards, and lets go of those that are archived and gone.
    private func list(_ listing: [StreamShard], _ ledger: inout Ledger, now: Int64) {
        for shard in listing {
            if ledger.shards[shard.id] == nil { ledger.shards[shard.id] = .init(parents: shard.parents) }
        }
        let listed = Set(listing.map(\.id))
        let parents = Set(ledger.shards.values.flatMap(\.parents))
        for (id, entry) in ledger.shards where !listed.contains(id) {
            // Children may be listed later than their parents go.
            if entry.isEnded, !parents.contains(id) { ledger.shards[id] = nil }
        }
        ledger.listed = now
    }

    /// What came and went while nobody listed the shards.
    ///
    /// A shard closed and expired unread if another one continues it that nobody has met; and a shard not met before
    /// may have lost records if the last look is longer ago than the stream keeps them.
    private func gaps(_ listing: [StreamShard], _ ledger: Ledger, _ retention: Int64?, now: Int64) -> [StreamGap] {
        guard let before = ledger.listed else { return [] }
        let listed = Set(listing.map(\.id))
        var lost: Set<String> = []
        for shard in listing where ledger.shards[shard.id] == nil {
            lost.formUnion(shard.parents.filter { !listed.contains($0) && ledger.shards[$0] == nil })
            if let retention, now - before >= retention { lost.insert(shard.id) }
        }
        return lost.sorted()
            .map { shard in
                StreamGap(
                    shard: shard,
                    after: nil,
                    before: nil,
                    archivedThrough: before,
                    noticed: now,
                    isCertain: false
                )
            }
    }

    /// Takes free shards up to a fair share, and finds what is above it.
    private func share(
        _ ledger: inout Ledger,
        _ mine: inout [String: Int],
        _ standing: inout LeaseKeeper.Standing,
        avoiding: Set<String>
    ) {
        let runnable = ledger.runnable
        let target = (runnable.count + ledger.archivers.count - 1) / max(ledger.archivers.count, 1)
        for shard in runnable where mine.count < target {
            guard let entry = ledger.shards[shard], entry.owner == nil, !avoiding.contains(shard) else { continue }
            ledger.shards[shard]?.owner = id
            ledger.shards[shard]?.epoch = entry.epoch + 1
            mine[shard] = entry.epoch + 1
            standing.acquired += 1
        }
        standing.surplus = Array(mine.keys.sorted().dropFirst(target))
        standing.elsewhere = runnable.count { mine[$0] == nil }
        standing.othersLive = ledger.archivers.keys.allSatisfy { $0 == id || seen[$0]?.moved == true }
    }
}
