internal import ObjectStorage
internal import Parquet

/// What an id is now, for a follower that has missed what a compaction decided of it.
struct DecidedID: Sendable {
    /// The event, if the follower has been past it; what it has not been past it gets later.
    var event: Event?
    /// With which batch that arrived.
    var batchID = UUIDv7.zero
    /// What the catalog and the inbox have of the id, where that was asked for or ``event`` is there.
    var rows: [ChangeList.Row] = []
}

extension Inbox {
    /// What ids are by now that a compaction has decided of.
    ///
    /// A delete does not always leave nothing: another event may have the id by now, or had it when the delete was
    /// applied, which then was of an event that was gone already.
    ///
    /// Cost: a look-up in the catalog.
    ///
    /// - Parameters:
    ///   - ids: The ids.
    ///   - version: Up to which version of the catalog `coming` is complete.
    ///   - coming: Absorbed batches whose rows the follower gets behind this.
    ///   - delivered: What it has of the inbox.
    ///   - exactly: Whether ``DecidedID/rows`` is wanted of all.
    /// - Returns: One for each; `nil`, and the version, when the catalog is newer by now.
    /// - Throws: What looking up throws.
    func decided(
        _ ids: [[UInt8]],
        version: Int64,
        coming: Set<UUIDv7>,
        delivered: DeliveredBatches,
        exactly: Bool
    ) async throws -> (states: [DecidedID]?, version: Int64) {
        var column = ByteArrays()
        for id in ids { column.append(id) }
        let hashed = HashedIDs(column)
        let states: [DecidedID]? = try await gate.pass {
            guard state.version <= version else { return nil }
            try await resolveSuspects()
            var states = Array(repeating: DecidedID(), count: ids.count)
            for (number, place) in try await places(hashed).enumerated() {
                guard let place else { continue }
                let batchID = try await reader.batchID(of: place)
                guard let event = try await passedEvent(at: place, of: batchID, coming, delivered) else { continue }
                states[number].event = event
                states[number].batchID = batchID
            }
            let wanted = states.indices.filter { exactly || states[$0].event != nil }
            let rows = try await rows(of: wanted.map { ids[$0] })
            for number in wanted { states[number].rows = rows[ids[number]] ?? [] }
            return states
        }
        return (states, states == nil ? state.version : version)
    }

    /// What the catalog and the inbox have of ids, in order of arrival.
    private func rows(of ids: [[UInt8]]) async throws -> [[UInt8]: [ChangeList.Row]] {
        if ids.isEmpty { return [:] }
        var column = ByteArrays()
        for id in ids { column.append(id) }
        var rows: [[UInt8]: [ChangeList.Row]] = [:]
        let there = try await lookup.find(HashedIDs(column), in: state)
        for (number, batchID) in try await reader.batchIDs(of: there).enumerated() {
            guard let batchID, let timestamp = there[number]?.timestamp else { continue }
            let id = ids[number]
            rows[id, default: []].append(ChangeList.Row(id: id, timestamp: timestamp, kind: .was, batchID: batchID))
        }
        let steps = try await resolvedChanges().steps
        let puts = try await puts(of: ids.filter { steps[$0] == nil })
        for id in ids {
            for step in steps[id] ?? puts[id]?.sorted(by: { $0.reference.arrives(before: $1.reference) }) ?? [] {
                rows[id, default: []].append(ChangeList.Row(id: id, step))
            }
        }
        return rows
    }

    /// The event at a place, if a follower has been past it.
    private func passedEvent(
        at place: EventPlace,
        of batchID: UUIDv7,
        _ coming: Set<UUIDv7>,
        _ delivered: DeliveredBatches
    ) async throws -> Event? {
        let comes =
            place.segment.isInCatalog ? coming.contains(batchID) : !delivered.whole.contains(batchID)
        if comes, batchID != delivered.partial?.batchID { return nil }
        let event = try await reader.event(at: place)
        return comes && !delivered.contains(batchID, at: event.timestamp.microseconds) ? nil : event
    }
}

extension ChangeList.Row {
    /// One operation on an id.
    init(id: [UInt8], _ step: ChangedState.Step) {
        self.init(
            id: id,
            timestamp: step.timestamp,
            kind: ChangeList.Kind(step.operation),
            batchID: step.reference.segment.arrival
        )
    }
}

extension SegmentReader {
    /// In which batch a row arrived.
    fileprivate func batchID(of place: EventPlace) async throws -> UUIDv7 {
        switch place {
        case .inbox(let row): row.segment.arrival
        case .catalog(let row): try await batchIDs(of: [row])[0] ?? .zero
        }
    }

    /// What a segment of the inbox says of ids, without payloads.
    func steps(of segment: Segment) async throws -> [ChangeList.Row] {
        if segment.isChanges {
            return try await changes(of: segment)
                .map { id, change in
                    ChangeList.Row(
                        id: id,
                        timestamp: change.timestamp,
                        kind: ChangeList.Kind(change.operation),
                        batchID: segment.arrival
                    )
                }
        }
        let open = try await open(segment)
        let ids = try await open.ids()
        let timestamps = try await open.timestamps()
        return timestamps.indices.map { row in
            ChangeList.Row(id: ids[row] ?? [], timestamp: timestamps[row], kind: .put, batchID: segment.arrival)
        }
    }

    /// In which batches rows of the catalog arrived; each row group is read once.
    func batchIDs(of rows: [CatalogRow?]) async throws -> [UUIDv7?] {
        struct Group: Hashable, Sendable {
            var segment: Segment
            var number: Int
        }
        var groups: [Group: [(position: Int, row: Int)]] = [:]
        for (position, row) in rows.enumerated() {
            guard let row else { continue }
            groups[Group(segment: row.segment, number: row.rowGroup), default: []].append((position, row.row))
        }
        let found = try await mapConcurrently(Array(groups), limit: parallelism) { group, wanted in
            let (open, number) = try await rowGroup(group.number, of: group.segment)
            let column = try await open.batchIDs(rowGroup: number)
            return wanted.map { ($0.position, column[$0.row].flatMap { UUIDv7(utf8: $0) }) }
        }
        var batchIDs: [UUIDv7?] = Array(repeating: nil, count: rows.count)
        for (position, batchID) in found.joined() { batchIDs[position] = batchID }
        return batchIDs
    }
}
