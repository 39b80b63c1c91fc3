internal import DeltaLake
internal import ObjectStorage
internal import Parquet

/// Finds what has arrived and hands it out; see ``Follow``.
///
/// One task asks for one batch at a time.
actor Follower {
    /// What is being delivered.
    enum Work {
        case pass(CatalogPass)
        case segment(SegmentDelivery)
    }

    let journal: Journal
    let options: FollowOptions
    private let start: FollowStart
    /// `nil` until a follower that has none yet has looked at the journal.
    private var position: FollowPosition?
    /// What the catalog said at the last full look.
    private var state: CatalogState?
    var work: Work?
    /// What commits have decided of ids, in order, to be delivered before the rows of a pass.
    var decided: ArraySlice<Decided> = []
    /// The objects that list all of it.
    var lists: [String] = []
    /// What was absorbed since the version of the position, the follower has seen it or not.
    var absorbed: Set<UUIDv7> = []
    /// Absorbed batches the follower has not seen, up to a version of the catalog.
    var coming: (batches: Set<UUIDv7>, version: Int64) = ([], -1)
    private var fresh: ArraySlice<Segment> = []
    private var meanings: [String: Findings.Meaning] = [:]
    /// When the last list was asked for.
    private var listed: Duration?
    /// When the last full look was.
    private var validated: Duration?
    /// How many looks have found something since the follower was caught up last.
    private var rounds = 0
    private var interval: Duration
    private var reported: Set<String> = []
    /// Whether somebody may have been handed more than the position says, by a follower that died before it was kept.
    ///
    /// So it is until this one has looked once at what is new.
    private var mayHaveMore = false
    /// An object that was gone; met again without progress it is lost.
    private var goneObject: String?

    /// What was decided of some ids.
    struct Decided {
        /// Up to which version of the catalog it tells.
        var version: Int64
        /// Lists of changes.
        var objects: [String]
        /// Segments of the inbox whose ids were decided of.
        var segments: [Segment] = []
        /// Whether all their ids are looked at, and not only those that were deleted unseen.
        var isReordered = false
        /// One row of each id; `nil` to read them when they are due, where there are many.
        var rows: [ChangeList.Row]?
    }

    /// Segments up to this payload are delivered together.
    private static let groupPayloadBytes = 4 << 20
    /// So many deletes are held while others are delivered.
    static let heldDeletes = 64 << 10
    /// So long a look may rely on lists alone.
    ///
    /// What is absorbed is noticed when it leaves the inbox; but if it does so only when the log is cleaned, too, it
    /// would be too late. Once an hour costs little.
    private static let reliance = Duration.seconds(3600)

    init(_ journal: Journal, from start: FollowStart, options: FollowOptions) {
        self.journal = journal
        self.start = start
        self.options = options
        interval = options.shortestInterval
        if case .position(let position) = start {
            self.position = position
            mayHaveMore = true
        }
    }

    /// The next batch; `nil` when everything was delivered and that is where to end.
    ///
    /// After an error it may be called again, and goes on behind what was delivered last.
    func next() async throws -> FollowBatch? {
        do {
            return try await untilBatch()
        } catch {
            startOver()
            throw error
        }
    }

    private func untilBatch() async throws -> FollowBatch? {
        while true {
            try Task.checkCancellation()
            do {
                if let batch = try await deliver() {
                    goneObject = nil
                    interval = options.shortestInterval
                    return batch
                }
                if options.untilCaughtUp, rounds >= options.mostRounds {
                    rounds = 0
                    return nil
                }
                let arrivals = journal.arrivals.count
                switch try await look() {
                case .nothing:
                    rounds = 0
                    if options.untilCaughtUp { return nil }
                    try await journal.arrivals.wait(behind: arrivals, for: interval, journal.time)
                    let isWoken = journal.arrivals.count > arrivals
                    interval = isWoken ? options.shortestInterval : min(interval * 2, options.longestInterval)
                case .moved(let batch): return batch
                case .work: continue
                }
            } catch let error as JournalError where error.isGone && error.object != nil && error.object != goneObject {
                // Absorbed or rewritten since it was listed, and removed: its rows are elsewhere by now.
                goneObject = error.object
                startOver()
            }
        }
    }

    /// Forgets everything but the position.
    private func startOver() {
        work = nil
        decided = []
        fresh = []
        meanings = [:]
        listed = nil
        state = nil
    }

    // MARK: - Delivering

    private func deliver() async throws -> FollowBatch? {
        guard var position else { return nil }
        while let next = decided.first {
            let batch = try await outcome(of: next, position)
            decided.removeFirst()
            if batch.isEmpty { continue }
            position.pass?.deletes = next.version
            return try hand(batch, position)
        }
        switch work {
        case .pass(var pass):
            if let (batch, through) = try await pass.next() {
                work = .pass(pass)
                position.pass?.through = through
                return try hand(batch, position)
            }
            work = nil
            return try hand(EventBatch(), finishPass(position))
        case .segment(var delivery):
            let (batch, through) = try await delivery.next()
            let batchID = delivery.segment.arrival
            if let through {
                work = .segment(delivery)
                position.partial = FollowPosition.Place(timestamp: through, batchID: batchID)
            } else {
                work = nil
                position.finish(batchID)
            }
            return try hand(batch, position)
        case nil: return try await deliverSegments(position)
        }
    }

    /// Delivers the next segments: a large one piece by piece, small ones together.
    private func deliverSegments(_ position: FollowPosition) async throws -> FollowBatch? {
        var position = position
        guard let first = fresh.first else { return nil }
        var bytes = 0
        var events = 0
        let (groupEvents, groupBytes) = (options.batchEvents, Follower.groupPayloadBytes)
        let group = fresh.prefix { segment in
            bytes += segment.payloadBytes
            events += segment.events
            return bytes <= groupBytes && events <= groupEvents
        }
        let reader = journal.reader
        if group.isEmpty {
            fresh.removeFirst()
            let after = position.partial.flatMap { $0.batchID == first.arrival ? $0.timestamp : nil }
            work = .segment(
                SegmentDelivery(
                    first,
                    meanings[first.key],
                    after: after,
                    batchEvents: options.batchEvents,
                    reader: reader
                )
            )
            return try await deliver()
        }
        let wanted = group.map { ($0, meanings[$0.key], position.partial) }
        let batches = try await mapConcurrently(wanted, limit: reader.parallelism) { segment, meaning, partial in
            let after = partial.flatMap { $0.batchID == segment.arrival ? $0.timestamp : nil }
            var delivery = SegmentDelivery(segment, meaning, after: after, reader: reader)
            var all = EventBatch()
            while true {
                let (batch, through) = try await delivery.next()
                all.append(contentsOf: batch)
                if through == nil { return all }
            }
        }
        var all = EventBatch()
        for batch in batches { all.append(contentsOf: batch) }
        for segment in group { position.finish(segment.arrival) }
        fresh.removeFirst(group.count)
        return try hand(all, position)
    }

    private func hand(_ batch: EventBatch, _ position: FollowPosition) throws -> FollowBatch {
        let selected = try options.selection?.arrivals(of: batch) ?? batch
        self.position = position
        return FollowBatch(selected, position: position)
    }

    private func finishPass(_ position: FollowPosition) -> FollowPosition {
        guard let target = position.pass?.target else {
            var position = position
            position.pass = nil
            return position
        }
        var next = position
        next.pass = nil
        next.version = target
        next.forget(passed)
        return next
    }

    /// The batches that the pass under way takes out of the inbox.
    var passed: Set<UUIDv7> = []

    // MARK: - Looking

    enum Finding {
        case nothing
        /// Only the position has moved.
        case moved(FollowBatch)
        case work
    }

    /// Looks for what is new: a list, and only if that shows something, more.
    private func look() async throws -> Finding {
        let sent = journal.time.now()
        let found = try await list()
        // What was absorbed since the last list is still in this one, if not too much time has passed.
        let now = journal.time.now()
        let isTrusted =
            listed.map { now - $0 < Catalog.absorbedStay } ?? false
            && validated.map { now - $0 < Follower.reliance } ?? false
        listed = sent
        if isTrusted, let position, let state, isNothingNew(found, position, state) {
            // A compaction may have changed who was first, and nothing of that shows in the inbox.
            if found.announced <= state.version { return .nothing }
            let newest = try await journal.catalog.current(hint: nil, mustBeNewest: true)
            if newest.version == state.version { return .nothing }
        }
        let arrivals = try await journal.inbox.arrivals(
            delivered: DeliveredBatches(position),
            listed: found,
            isBeginning: position?.pass.map { $0.target == nil } ?? false,
            mayHaveMore: mayHaveMore
        )
        validated = sent
        try report(arrivals.snapshot.damaged)
        let newest = arrivals.snapshot.catalog
        state = newest
        guard let position else { return begin(arrivals, found) }
        guard newest.version >= position.version else {
            throw JournalError.expired("it is from another journal, or the journal was restored", journal.location)
        }
        if position.pass != nil {
            try await resumePass(position, arrivals.snapshot)
            return .work
        }
        return try await take(arrivals, position, found)
    }

    private func list() async throws -> ListedBatches {
        var found = ListedBatches()
        do {
            var objects = journal.store.listAll(prefix: Segment.inbox, keysOnly: true).makeAsyncIterator()
            while let page = try await objects.nextPage() {
                for object in page {
                    if let batchID = Segment.batchID(ofKey: object.key) { found.insert(batchID) }
                    if let version = CatalogAnnouncement.version(object.key) {
                        found.announced = max(found.announced, version)
                    }
                }
            }
        } catch {
            throw JournalError.wrapping(error, "Listing the segments of \(journal.location) failed")
        }
        return found
    }

    private func isNothingNew(_ found: ListedBatches, _ position: FollowPosition, _ state: CatalogState) -> Bool {
        if position.pass != nil || state.version > position.version { return false }
        return position.seen.isSubset(of: found.batches)
            && found.batches.allSatisfy { position.seen.contains($0) || state.absorbed.contains($0) }
    }

    private func report(_ damaged: [DamagedSegment]) throws {
        if options.damage == .refuse, let first = damaged.first { throw first.error }
        for segment in damaged where reported.insert(segment.object).inserted { options.onDamage?(segment) }
    }

    private func begin(_ arrivals: Findings, _ found: ListedBatches) -> Finding {
        var position = FollowPosition(version: arrivals.snapshot.catalog.version)
        position.seen = Set(arrivals.fresh.map(\.arrival))
        if start == .now {
            self.position = position
            return .moved(FollowBatch(EventBatch(), position: position))
        }
        position.pass = FollowPosition.Pass(target: nil, deletes: position.version, through: nil)
        self.position = position
        rounds += 1
        return beginWhole(position, arrivals.snapshot, newer: [], expected: [:])
    }

    /// Delivers what is new in the inbox, or first what was absorbed unseen.
    private func take(_ arrivals: Findings, _ position: FollowPosition, _ found: ListedBatches) async throws -> Finding
    {
        var position = position
        let newest = arrivals.snapshot.catalog
        if newest.version > position.version {
            let absorbed = try await absorbed(after: position.version, through: newest.version)
            if !absorbed.batches.isSubset(of: position.seen) || !absorbed.overtaken(among: position.known).isEmpty {
                position.pass = FollowPosition.Pass(target: newest.version, deletes: position.version, through: nil)
                self.position = position
                try await beginPass(position, arrivals.snapshot, absorbed, newer: absorbed)
                return .work
            }
            position.version = newest.version
            position.forget(absorbed.batches)
        }
        // Neither listed nor absorbed: removed by hand.
        position.seen.formIntersection(found.batches)
        let isMoved = position != self.position
        self.position = position
        fresh = arrivals.fresh[...]
        meanings = arrivals.meanings
        mayHaveMore = false
        if !fresh.isEmpty {
            rounds += 1
            return .work
        }
        return isMoved ? .moved(FollowBatch(EventBatch(), position: position)) : .nothing
    }
}

extension FollowPosition {
    /// The batches of which something was delivered.
    var known: Set<UUIDv7> { partial.map { seen.union([$0.batchID]) } ?? seen }

    /// A batch was delivered whole.
    fileprivate mutating func finish(_ batchID: UUIDv7) {
        seen.insert(batchID)
        if partial?.batchID == batchID { partial = nil }
    }

    /// Batches need not be remembered any more: the version has them.
    fileprivate mutating func forget(_ batches: Set<UUIDv7>) {
        seen.subtract(batches)
        if let partial, batches.contains(partial.batchID) { self.partial = nil }
    }
}

extension Segment {
    /// The batch id an object's key begins with; `nil` when the key is that of no segment.
    ///
    /// Shorter than reading the whole key, for long lists of what is known.
    static func batchID(ofKey key: String) -> UUIDv7? {
        guard key.hasPrefix(inbox), key.hasSuffix(suffix) else { return nil }
        return UUIDv7(utf8: key.utf8.dropFirst(inbox.utf8.count).prefix(36))
    }
}

extension JournalError {
    /// Whether the object is not there.
    fileprivate var isGone: Bool { (cause as? ObjectStoreError)?.code == .notFound }
}
