internal import Parquet

/// The batches a follower has found in the inbox.
struct ListedBatches: Sendable {
    var batches: Set<UUIDv7> = []
    /// The last version of the catalog that was announced; -1 for none.
    var announced: Int64 = -1
    private var latest = UUIDv7.zero

    mutating func insert(_ batchID: UUIDv7) {
        batches.insert(batchID)
        latest = max(latest, batchID)
    }

    /// Whether a segment belongs to what is delivered now.
    ///
    /// A change is made by somebody who has seen the event, and gets a later batch id. But no list is of one moment: it
    /// may have the change and lack the event. One taken later has both; of what it has more, only new events are
    /// delivered, and only those that arrived earlier than something in the first. So no change goes ahead of its
    /// event.
    func admit(_ segment: Segment) -> Bool {
        batches.contains(segment.arrival) || (!segment.isChanges && segment.arrival < latest)
    }
}

/// What a follower has delivered of the inbox.
struct DeliveredBatches: Sendable {
    /// Batches delivered whole.
    var whole: Set<UUIDv7> = []
    /// A batch delivered in part.
    var partial: FollowPosition.Place?

    init(_ position: FollowPosition?) {
        whole = position?.seen ?? []
        partial = position?.partial
    }

    /// Whether some of a batch was delivered.
    func knows(_ batchID: UUIDv7) -> Bool { whole.contains(batchID) || partial?.batchID == batchID }

    /// Whether a row with this timestamp of a batch was delivered, or left out for good.
    func contains(_ batchID: UUIDv7, at timestamp: Int64) -> Bool {
        if let partial, partial.batchID == batchID { return timestamp <= partial.timestamp }
        return whole.contains(batchID)
    }
}

/// What of the inbox a follower has to deliver, and the snapshot by which that was decided.
struct Findings: Sendable {
    var snapshot: Snapshot
    /// Segments that were not delivered before, by order of arrival.
    var fresh: [Segment] = []
    /// What their rows mean, by key; of a segment of new events without an entry all rows are put.
    var meanings: [String: Meaning] = [:]

    /// What the rows of a segment mean to a follower.
    struct Meaning: Sendable {
        /// Rows of new events that are not delivered.
        var dropped: Set<Int> = []
        /// Rows that are delivered as what they are here; of a segment of changes only these.
        var operations: [Int: Operation] = [:]
        /// Events of segments delivered before that count since this one is there.
        var revived: [(operation: Operation, place: EventPlace)] = []
    }
}

/// The rule by which a follower delivers: the difference between what the journal was with the segments it had seen,
/// and what it is with those that are new. So every id is put once, superseded versions are left out, and who applies
/// what is delivered has what a replay has.
extension Inbox {
    /// What a follower that has delivered some batches has not.
    ///
    /// Cost: as ``snapshot(damage:range:)``, and the catalog is asked in any case; ids of new segments where some occur
    /// twice; a look-up in the catalog for ids that were updated or deleted.
    ///
    /// - Parameters:
    ///   - delivered: What was delivered.
    ///   - listed: What is delivered now.
    ///   - isBeginning: Whether the whole journal as it was goes on instead, so that changes which came since do not
    ///     show.
    ///   - mayHaveMore: Whether more than `delivered` may have been delivered, by a follower that died before its
    ///     position was kept. Then deletes of events that are as new as they come too.
    /// - Returns: What is new.
    /// - Throws: What looking at the journal throws.
    func arrivals(
        delivered: DeliveredBatches,
        listed: ListedBatches,
        isBeginning: Bool,
        mayHaveMore: Bool
    ) async throws -> Findings {
        // What was absorbed counts before what lands late: a state that was the newest a minute ago would not do.
        try await looking(validating: true) {
            // What comes later must not show in what is delivered now: it would come twice.
            let later = changeSegments.filter { segment in
                !delivered.knows(segment.arrival) && (isBeginning || !listed.admit(segment))
            }
            let excluded = Set(later.map(\.key))
            var arrivals = Findings(snapshot: try await current(.all, without: excluded))
            arrivals.fresh = arrivals.snapshot.segments.filter { segment in
                segment.batchID.map { !delivered.whole.contains($0) && listed.admit(segment) } ?? false
            }
            // What was begun is finished first: a position can be inside one segment only.
            let begun = delivered.partial?.batchID
            arrivals.fresh =
                arrivals.fresh.filter { $0.arrival == begun } + arrivals.fresh.filter { $0.arrival != begun }
            if arrivals.fresh.isEmpty { return arrivals }
            for segment in arrivals.fresh where !segment.isChanges {
                let dropped = (duplicates[segment.key] ?? []).union(taken[segment.key] ?? [])
                if !dropped.isEmpty { arrivals.meanings[segment.key] = Findings.Meaning(dropped: dropped) }
            }
            try await markOvertaken(&arrivals, delivered)
            let resolution = try await resolvedChanges(without: excluded)
            try await resolveChanges(&arrivals, delivered, resolution, mayHaveMore: mayHaveMore)
            return arrivals
        }
    }

    /// Finds rows whose id was delivered with a batch that comes behind theirs: they win, so to the follower they are
    /// updates.
    private func markOvertaken(_ arrivals: inout Findings, _ delivered: DeliveredBatches) async throws {
        let partial = delivered.partial?.batchID
        func mayBeDelivered(_ segment: Segment) -> Bool {
            delivered.whole.contains(segment.arrival) || segment.arrival == partial
        }
        guard segments.contains(where: { mayBeDelivered($0) && duplicates[$0.key] != nil }) else { return }
        var timestamps: [Int64]?
        for segment in arrivals.fresh where !segment.isChanges {
            let ids = HashedIDs(try await reader.ids(of: segment))
            var losers: [(row: Int, other: UInt32)] = []
            for (row, hash) in ids.hashes.enumerated() {
                for other in repeats[hash] ?? [] {
                    let place = place(other)
                    let loser = segments[place.segment]
                    if loser.arrival == partial {
                        if timestamps == nil { timestamps = try await reader.open(loser).timestamps() }
                        let timestamp = timestamps?[place.row] ?? .max
                        if !delivered.contains(loser.arrival, at: timestamp) { continue }
                    } else if !delivered.whole.contains(loser.arrival) {
                        continue
                    }
                    losers.append((row, other))
                }
            }
            if losers.isEmpty { continue }
            let stored = try await readIDs(Set(losers.map(\.other)))
            for (row, other) in losers where stored[other] == ids.ids[row] {
                if arrivals.meanings[segment.key]?.dropped.contains(row) == true { continue }
                arrivals.meanings[segment.key, default: Findings.Meaning()].operations[row] = .update
            }
        }
    }

    /// Compares what ids were that are updated or deleted with what they are.
    private func resolveChanges(
        _ arrivals: inout Findings,
        _ delivered: DeliveredBatches,
        _ resolution: ChangeResolution,
        mayHaveMore: Bool
    ) async throws {
        if resolution.steps.isEmpty { return }
        let fresh = Set(arrivals.fresh)
        var touched: [(id: [UInt8], steps: [ChangedState.Step])] = []
        for (id, steps) in resolution.steps where steps.contains(where: { fresh.contains($0.reference.segment) }) {
            touched.append((id, steps))
        }
        let known = try await knowledge(of: touched, resolution)
        // In the order of delivery.
        var ranks: [Segment: Int] = [:]
        for (rank, segment) in arrivals.fresh.enumerated() { ranks[segment] = rank }
        for (id, steps) in touched {
            let earlier = steps.filter { delivered.contains($0.reference.segment.arrival, at: $0.timestamp) }
            let now = steps.filter {
                fresh.contains($0.reference.segment) || delivered.whole.contains($0.reference.segment.arrival)
            }
            let new = steps.filter {
                fresh.contains($0.reference.segment)
                    && !delivered.contains($0.reference.segment.arrival, at: $0.timestamp)
            }
            for step in new where step.operation == .put {
                arrivals.meanings[step.reference.segment.key, default: Findings.Meaning()]
                    .forget(step.reference.row)
            }
            let there = known[id] ?? .absent
            var before = ChangedState.follow(earlier, from: there).state
            // The follower may stop behind any segment: what is gone then it must have heard of, whatever follows.
            for rank in Set(new.compactMap { ranks[$0.reference.segment] }).sorted().dropLast() {
                let until = now.filter { step in ranks[step.reference.segment].map { $0 <= rank } ?? true }
                let state = ChangedState.follow(until, from: there).state
                guard state.isDeleted, !before.isDeleted else { continue }
                arrivals.add(before, state, new.filter { ranks[$0.reference.segment] == rank })
                before = .deleted
            }
            let state = ChangedState.follow(now, from: there).state
            arrivals.add(before, state, new)
            if mayHaveMore, state.isDeleted, before.isDeleted { arrivals.addDelete(new) }
        }
    }

    /// What the catalog has of changed ids.
    private func knowledge(
        of touched: [(id: [UInt8], steps: [ChangedState.Step])],
        _ resolution: ChangeResolution
    ) async throws -> [[UInt8]: ChangedState.Knowledge] {
        var known: [[UInt8]: ChangedState.Knowledge] = [:]
        var unknown: [[UInt8]] = []
        for (id, _) in touched {
            if let there = resolution.known[id] { known[id] = there } else { unknown.append(id) }
        }
        var ids = ByteArrays()
        for id in unknown { ids.append(id) }
        let rows = try await lookup.find(HashedIDs(ids), in: state)
        for (id, row) in zip(unknown, rows) { known[id] = row.map { .present($0.timestamp) } ?? .absent }
        return known
    }
}

extension Findings {
    /// Tells of a delete though the follower should not have the event.
    fileprivate mutating func addDelete(_ new: [ChangedState.Step]) {
        guard let delete = new.last(where: { $0.operation == .delete })?.reference else { return }
        meanings[delete.segment.key, default: Meaning()].deliver(delete.row, .delete)
    }

    /// Adds what makes one state of an id of another.
    fileprivate mutating func add(_ before: ChangedState, _ now: ChangedState, _ new: [ChangedState.Step]) {
        guard let last = new.last?.reference else { return }
        let wasThere = !before.isDeleted
        guard let reference = now.reference else {
            guard now.isDeleted, wasThere else { return }
            // What landed late may have met a delete that was delivered before: then its own row says so.
            let delete = new.last { $0.operation == .delete }?.reference ?? last
            meanings[delete.segment.key, default: Meaning()].deliver(delete.row, .delete)
            return
        }
        if reference == before.reference { return }
        let operation: Operation = wasThere ? .update : .put
        if new.contains(where: { $0.reference == reference }) {
            meanings[reference.segment.key, default: Meaning()].deliver(reference.row, operation)
        } else {
            meanings[last.segment.key, default: Meaning()].revived.append((operation, .inbox(reference)))
        }
    }
}

extension Findings.Meaning {
    fileprivate mutating func forget(_ row: Int) {
        dropped.insert(row)
        operations[row] = nil
    }

    fileprivate mutating func deliver(_ row: Int, _ operation: Operation) {
        dropped.remove(row)
        operations[row] = operation
    }
}

extension ChangedState {
    fileprivate var isDeleted: Bool { if case .deleted = self { true } else { false } }

    /// The row of the inbox that counts.
    fileprivate var reference: RowReference? {
        switch self {
        case .inbox(let reference), .ifInCatalog(let reference): reference
        case .catalog, .deleted: nil
        }
    }
}
