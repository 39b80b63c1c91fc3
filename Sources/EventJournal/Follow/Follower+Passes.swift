internal import ObjectStorage
internal import Parquet

/// Stretches of the catalog that a follower delivers, and what it has to hear of ids besides.
extension Follower {
    func absorbed(after: Int64, through: Int64) async throws -> AbsorbedBatches {
        try await AbsorbedBatches(
            after: after,
            through: through,
            journal.catalog.log,
            location: journal.location,
            parallelism: journal.reader.parallelism
        )
    }

    func resumePass(_ position: FollowPosition, _ snapshot: Snapshot) async throws {
        guard let target = position.pass?.target else {
            let newer = try await absorbed(after: position.version, through: snapshot.catalog.version)
            let unseen = newer.batches.subtracting(position.seen)
            let expected = try await expected(position, snapshot, newer)
            _ = beginWhole(position, snapshot, newer: unseen, expected: expected)
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
    /// Left out are the rows of newer batches, which the catalog has by now and had not then, and others that count
    /// only since then: those come with what was decided.
    func beginWhole(
        _ position: FollowPosition,
        _ snapshot: Snapshot,
        newer: Set<UUIDv7>,
        expected: [[UInt8]: FollowedVersion?]
    ) -> Finding {
        var part = snapshot
        part.segments.removeAll { segment in segment.batchID.map { !position.seen.contains($0) } ?? false }
        work = .pass(
            CatalogPass(
                part,
                wanted: .allBut(newer),
                updates: [],
                expected: expected,
                after: position.pass?.through,
                partial: nil,
                options: replayOptions,
                batchEvents: options.batchEvents,
                reader: journal.reader
            )
        )
        return .work
    }

    /// What ids were when the follower began of which something was decided since.
    private func expected(
        _ position: FollowPosition,
        _ snapshot: Snapshot,
        _ newer: AbsorbedBatches
    ) async throws -> [[UInt8]: FollowedVersion?] {
        let overtaken = newer.overtaken(among: position.known)
        passed = newer.batches
        coming = (newer.batches.subtracting(position.seen), snapshot.catalog.version)
        absorbed = newer.batches
        lists = newer.changes.map(\.object)
        let all = Decided(
            version: position.version,
            objects: lists,
            segments: snapshot.segments.filter { !$0.isInCatalog && overtaken.contains($0.arrival) },
            isReordered: true
        )
        var expected: [[UInt8]: FollowedVersion?] = [:]
        for (row, _, version) in try await versions(all, position) { expected[row.id] = .some(version) }
        return expected
    }

    /// Delivers what was absorbed and not seen before: deletes, then the rows that are left of it.
    ///
    /// - Parameters:
    ///   - position: With the pass, which says up to which version.
    ///   - snapshot: What is there now.
    ///   - absorbed: What commits up to that version took out of the inbox.
    ///   - newer: The same up to the version of the snapshot.
    /// - Throws: ``JournalError/Code/positionExpired``, or what reading the lists of changes throws.
    func beginPass(
        _ position: FollowPosition,
        _ snapshot: Snapshot,
        _ absorbed: AbsorbedBatches,
        newer: AbsorbedBatches
    ) async throws {
        let unseen = absorbed.batches.subtracting(position.seen)
        passed = absorbed.batches
        coming = (newer.batches.subtracting(position.seen), snapshot.catalog.version)
        self.absorbed = newer.batches
        lists = newer.changes.map(\.object)
        var updates: Set<UUIDv7> = []
        var replaced: Set<[UInt8]> = []
        decided = []
        let delivered = DeliveredBatches(position)
        let overtaken = newer.overtaken(among: position.known)
        let target = position.pass?.target ?? position.version
        var last = Decided(version: target, objects: [], isReordered: true)
        last.segments = snapshot.segments.filter { !$0.isInCatalog && overtaken.contains($0.arrival) }
        var held = 0
        for (version, object) in newer.changes {
            let list = try await changes(object)
            for row in list.rows where row.kind == .update && unseen.contains(row.batchID) {
                updates.insert(row.batchID)
            }
            for row in list.rows where row.kind == .put && delivered.contains(row.batchID, at: row.timestamp) {
                replaced.insert(row.id)
            }
            if version <= position.pass?.deletes ?? -1 { continue }
            if version >= target, !overtaken.isEmpty {
                last.objects.append(object)
            } else if version <= target {
                var one = Decided(version: version, objects: [object], isReordered: !overtaken.isEmpty)
                let rows = heard(of: list.rows, one, position)
                if rows.isEmpty { continue }
                held += rows.count
                if held <= Follower.heldDeletes { one.rows = rows }
                decided.append(one)
            }
        }
        if !overtaken.isEmpty, target > position.pass?.deletes ?? -1 { decided.append(last) }
        for segment in snapshot.segments where !segment.isInCatalog && delivered.knows(segment.arrival) {
            guard !segment.isChanges, let dropped = snapshot.dropped[segment.key] else { continue }
            let rows = try await journal.reader.steps(of: segment)
            for row in dropped { replaced.insert(rows[row].id) }
        }
        var part = snapshot
        part.segments.removeAll { !$0.isInCatalog || !newer.files.contains($0.key) || unseen.isEmpty }
        work = .pass(
            CatalogPass(
                part,
                wanted: .only(unseen),
                updates: updates,
                replaced: replaced,
                after: position.pass?.through,
                partial: position.partial,
                options: replayOptions,
                batchEvents: options.batchEvents,
                reader: journal.reader
            )
        )
    }

    /// The ids among some rows of which the follower may have to hear, with one row of each.
    private func heard(of rows: [ChangeList.Row], _ decided: Decided, _ position: FollowPosition) -> [ChangeList.Row] {
        let delivered = DeliveredBatches(position)
        var heard: [ChangeList.Row] = []
        for row in rows {
            let isUnseen = coming.batches.contains(row.batchID) && !delivered.contains(row.batchID, at: row.timestamp)
            guard decided.isReordered || (row.kind == .delete && isUnseen) else { continue }
            // They come id by id.
            if heard.last?.id == row.id { heard.removeLast() }
            heard.append(row)
        }
        return heard
    }

    /// What the follower has not heard of what was decided.
    func outcome(of decided: Decided, _ position: FollowPosition) async throws -> EventBatch {
        var batch = EventBatch()
        var operations: [Operation] = []
        for (row, state, version) in try await versions(decided, position) {
            if let event = state.event {
                if version?.batchID == state.batchID, version?.timestamp == event.timestamp.microseconds { continue }
                batch.append(event)
                operations.append(version == nil ? .put : .update)
            } else if version != nil || !decided.isReordered {
                let id = String(decoding: row.id, as: UTF8.self)
                let timestamp = Timestamp(microseconds: version?.timestamp ?? row.timestamp)
                batch.append(Event(id: id, timestamp: timestamp, data: []))
                operations.append(.delete)
            }
        }
        batch.operations = operations
        return batch
    }

    /// What ids are of which something was decided, and what the follower has of those that are there or may have
    /// changed places.
    private func versions(
        _ decided: Decided,
        _ position: FollowPosition
    ) async throws -> [(row: ChangeList.Row, state: DecidedID, version: FollowedVersion?)] {
        var rows: [ChangeList.Row] = decided.rows ?? []
        if decided.rows == nil {
            for object in decided.objects { rows += heard(of: try await changes(object).rows, decided, position) }
            for segment in decided.segments { rows += try await journal.reader.steps(of: segment) }
            var ids: Set<[UInt8]> = []
            rows.removeAll { !ids.insert($0.id).inserted }
        }
        if rows.isEmpty { return [] }
        let delivered = DeliveredBatches(position)
        let states = try await states(of: rows, decided, position, delivered)
        var known: [[UInt8]: [ChangeList.Row]] = [:]
        for (row, state) in zip(rows, states) where decided.isReordered || state.event != nil { known[row.id] = [] }
        // With what an earlier list decided of them they were compared with what there is now.
        var heardBefore: Set<[UInt8]> = []
        if !known.isEmpty {
            var isEarlier = true
            for object in lists {
                if object == decided.objects.first { isEarlier = false }
                let list = try await changes(object).rows
                for row in list { known[row.id]?.append(row) }
                if isEarlier { heardBefore.formUnion(heard(of: list, decided, position).map(\.id)) }
            }
        }
        return zip(rows, states).filter { !heardBefore.contains($0.0.id) }
            .map { row, state in
                let rows = known[row.id].map { $0 + state.rows }
                return (row, state, rows.flatMap { FollowedVersion($0, delivered, absorbed: absorbed) })
            }
    }

    private func states(
        of rows: [ChangeList.Row],
        _ decided: Decided,
        _ position: FollowPosition,
        _ delivered: DeliveredBatches
    ) async throws -> [DecidedID] {
        var delivered = delivered
        delivered.whole.formUnion(passed.subtracting(coming.batches))
        while true {
            let (states, version) = try await journal.inbox.decided(
                rows.map(\.id),
                version: coming.version,
                coming: coming.batches,
                delivered: delivered,
                exactly: decided.isReordered
            )
            if let states { return states }
            // Somebody else of this process has met a newer catalog meanwhile.
            let more = try await absorbed(after: coming.version, through: version)
            coming = (coming.batches.union(more.batches.subtracting(position.seen)), version)
            absorbed.formUnion(more.batches)
            lists += more.changes.map(\.object)
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
