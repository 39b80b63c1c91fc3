internal import DeltaLake
internal import ObjectStorage
internal import Parquet

/// Finds what has arrived and hands it out; see ``Follow``.
///
/// One task asks for one batch at a time.
actor Follower {
    /// What is being delivered.
    private enum Work {
        case pass(CatalogPass)
        case segment(SegmentDelivery)
    }

    private let journal: Journal
    private let options: FollowOptions
    private let start: FollowStart
    /// `nil` until a follower that has none yet has looked at the journal.
    private var position: FollowPosition?
    /// What the catalog said at the last full look.
    private var state: CatalogState?
    private var work: Work?
    /// Deletes to be delivered before the rows of a pass: what commits have applied, in order.
    private var deletes: ArraySlice<AppliedDeletes> = []
    /// Absorbed batches the follower has not seen, up to a version of the catalog.
    private var coming: (batches: Set<UUIDv7>, version: Int64) = ([], -1)
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
    /// An object that was gone; met again without progress it is lost.
    private var goneObject: String?

    /// What a commit has deleted.
    private struct AppliedDeletes {
        var version: Int64
        var object: String
        /// `nil` to read them when they are due, where there are many.
        var rows: [ChangeList.Row]?
    }

    /// Segments up to this payload are delivered together.
    private static let groupPayloadBytes = 4 << 20
    /// So many deletes are held while others are delivered.
    private static let heldDeletes = 64 << 10
    /// So long a look may rely on lists alone.
    ///
    /// What is absorbed is noticed when it leaves the inbox; but if it does so only when the log is cleaned, too, it would
    /// be too late. Once an hour costs little.
    private static let reliance = Duration.seconds(3600)

    init(_ journal: Journal, from start: FollowStart, options: FollowOptions) {
        self.journal = journal
        self.start = start
        self.options = options
        interval = options.shortestInterval
        if case .position(let position) = start { self.position = position }
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
        deletes = []
        fresh = []
        meanings = [:]
        listed = nil
        state = nil
    }

    // MARK: - Delivering

    private func deliver() async throws -> FollowBatch? {
        guard var position else { return nil }
        while let next = deletes.first {
            let batch = try await outcome(of: next, position)
            deletes.removeFirst()
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
    private var passed: Set<UUIDv7> = []

    // MARK: - Looking

    private enum Finding {
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
        if isTrusted, let position, let state, isNothingNew(found, position, state) { return .nothing }
        let arrivals = try await journal.inbox.arrivals(delivered: DeliveredBatches(position), listed: found)
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
                for object in page { if let batchID = Segment.batchID(ofKey: object.key) { found.insert(batchID) } }
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
        return beginWhole(position, arrivals.snapshot, newer: [])
    }

    /// Delivers what is new in the inbox, or first what was absorbed unseen.
    private func take(_ arrivals: Findings, _ position: FollowPosition, _ found: ListedBatches) async throws -> Finding
    {
        var position = position
        let newest = arrivals.snapshot.catalog
        if newest.version > position.version {
            let absorbed = try await absorbed(after: position.version, through: newest.version)
            if !absorbed.batches.isSubset(of: position.seen) {
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
        // What was begun is finished first: a position can be inside one segment only.
        let begun = position.partial?.batchID
        fresh = (arrivals.fresh.filter { $0.arrival == begun } + arrivals.fresh.filter { $0.arrival != begun })[...]
        meanings = arrivals.meanings
        if !fresh.isEmpty {
            rounds += 1
            return .work
        }
        return isMoved ? .moved(FollowBatch(EventBatch(), position: position)) : .nothing
    }

    // MARK: - Passes

    private func absorbed(after: Int64, through: Int64) async throws -> AbsorbedBatches {
        try await AbsorbedBatches(
            after: after,
            through: through,
            journal.catalog.log,
            location: journal.location,
            parallelism: journal.reader.parallelism
        )
    }

    private func resumePass(_ position: FollowPosition, _ snapshot: Snapshot) async throws {
        guard let target = position.pass?.target else {
            let newer = try await absorbed(after: position.version, through: snapshot.catalog.version)
            _ = beginWhole(position, snapshot, newer: newer.batches.subtracting(position.seen))
            return
        }
        guard snapshot.catalog.version >= target else {
            throw JournalError.expired("the catalog has not its version \(target)", journal.location)
        }
        let absorbed = try await absorbed(after: position.version, through: target)
        let newer = try await self.absorbed(after: position.version, through: snapshot.catalog.version)
        try await beginPass(position, snapshot, absorbed, newer: newer)
    }

    /// Delivers the whole journal as it was when the follower began.
    ///
    /// Left out are the rows of newer batches, which the catalog has by now and had not then.
    private func beginWhole(_ position: FollowPosition, _ snapshot: Snapshot, newer: Set<UUIDv7>) -> Finding {
        var part = snapshot
        part.segments.removeAll { segment in segment.batchID.map { !position.seen.contains($0) } ?? false }
        work = .pass(
            CatalogPass(
                part,
                wanted: .allBut(newer),
                updates: [],
                after: position.pass?.through,
                partial: nil,
                options: replayOptions,
                batchEvents: options.batchEvents,
                reader: journal.reader
            )
        )
        return .work
    }

    /// Delivers what was absorbed and not seen before: deletes, then the rows that are left of it.
    ///
    /// - Parameters:
    ///   - position: With the pass, which says up to which version.
    ///   - snapshot: What is there now.
    ///   - absorbed: What commits up to that version took out of the inbox.
    ///   - newer: The same up to the version of the snapshot.
    /// - Throws: ``JournalError/Code/positionExpired``, or what reading the lists of changes throws.
    private func beginPass(
        _ position: FollowPosition,
        _ snapshot: Snapshot,
        _ absorbed: AbsorbedBatches,
        newer: AbsorbedBatches
    ) async throws {
        let unseen = absorbed.batches.subtracting(position.seen)
        passed = absorbed.batches
        coming = (newer.batches.subtracting(position.seen), snapshot.catalog.version)
        var updates: Set<UUIDv7> = []
        deletes = []
        var held = 0
        for (version, object) in absorbed.changes {
            var gone: [ChangeList.Row] = []
            for row in try await changes(object).rows where unseen.contains(row.batchID) {
                if row.operation == .update { updates.insert(row.batchID) } else { gone.append(row) }
            }
            if gone.isEmpty || version <= position.pass?.deletes ?? -1 { continue }
            held += gone.count
            let rows = held <= Follower.heldDeletes ? gone : nil
            deletes.append(AppliedDeletes(version: version, object: object, rows: rows))
        }
        var part = snapshot
        part.segments.removeAll { !$0.isInCatalog || !newer.files.contains($0.key) }
        work = .pass(
            CatalogPass(
                part,
                wanted: .only(unseen),
                updates: updates,
                after: position.pass?.through,
                partial: position.partial,
                options: replayOptions,
                batchEvents: options.batchEvents,
                reader: journal.reader
            )
        )
    }

    /// What deletes that a commit has applied mean to the follower.
    private func outcome(of applied: AppliedDeletes, _ position: FollowPosition) async throws -> EventBatch {
        var delivered = DeliveredBatches(position)
        var rows: [ChangeList.Row]
        if let held = applied.rows { rows = held } else { rows = try await changes(applied.object).rows }
        rows.removeAll { $0.operation == .update }
        let gone = rows.filter { row in
            coming.batches.contains(row.batchID) && !delivered.contains(row.batchID, at: row.timestamp)
        }
        if gone.isEmpty { return EventBatch() }
        delivered.whole.formUnion(passed.subtracting(coming.batches))
        while true {
            let (batch, version) = try await journal.inbox.outcome(
                of: gone,
                version: coming.version,
                coming: coming.batches,
                delivered: delivered
            )
            if let batch { return batch }
            // Somebody else of this process has met a newer catalog meanwhile.
            let more = try await absorbed(after: coming.version, through: version)
            coming = (coming.batches.union(more.batches.subtracting(position.seen)), version)
        }
    }

    private func changes(_ object: String) async throws -> ChangeList {
        do {
            return try ChangeList(try await journal.store.get(object, range: nil).bytes, object: object)
        } catch let error as ObjectStoreError where error.code == .notFound {
            throw JournalError.expired("\(object), which lists what was deleted since, was vacuumed", journal.location)
        } catch {
            throw JournalError.wrapping(error, "Reading \(object) failed", object: object)
        }
    }

    private var replayOptions: ReplayOptions {
        ReplayOptions(damage: options.damage, windowBytes: options.windowBytes, onDamage: options.onDamage)
    }
}

extension FollowPosition {
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
