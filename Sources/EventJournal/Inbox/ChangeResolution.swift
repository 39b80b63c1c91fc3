internal import Parquet

/// An update or delete that no compaction has applied yet.
struct PendingChange: Sendable {
    var operation: Operation
    /// The row in its segment.
    var reference: RowReference
    /// When the event happened that it is of.
    var timestamp: Int64
}

/// What became of an id that was updated or deleted, by its operations in order of arrival.
///
/// A put of an id that is there is ignored, as the first write wins; an update of one that is not there likewise; a
/// delete frees the id. Updates and deletes are of the event that was looked up for them: if another with this id has
/// its place meanwhile, which shows by its timestamp, they are ignored. What the catalog has came before what is in the
/// inbox; there the batch id decides, then the row.
enum ChangedState: Sendable {
    /// As the catalog has it, if it has it.
    case catalog
    case deleted
    /// The row counts: a put, or an update of an event that is known to be there.
    case inbox(RowReference)
    /// The row of an update counts if the catalog has the event. It had when the update was made, but a delete that
    /// arrived between may have been applied.
    case ifInCatalog(RowReference)

    /// One operation on the id.
    struct Step {
        var operation: Operation
        var reference: RowReference
        var timestamp: Int64
    }

    /// What is known of the id in the catalog.
    enum Knowledge: Hashable {
        case absent
        /// An event of this moment.
        case present(Int64)
        /// Nobody looked; only operations on an event of this moment are asked about.
        case unknown(Int64)
    }

    /// Follows the operations.
    ///
    /// - Parameters:
    ///   - steps: In order of arrival.
    ///   - knowledge: What the catalog has.
    /// - Returns: The state at the end, and whether what the catalog has does not count any more.
    static func follow(_ steps: [Step], from knowledge: Knowledge) -> (state: ChangedState, hidesCatalog: Bool) {
        var state: ChangedState
        var moment: Int64
        switch knowledge {
        case .absent: (state, moment) = (.deleted, 0)
        case .present(let timestamp), .unknown(let timestamp): (state, moment) = (.catalog, timestamp)
        }
        var hides = false
        for step in steps {
            if case .put = step.operation {
                guard case .deleted = state else { continue }
                (state, moment) = (.inbox(step.reference), step.timestamp)
                continue
            }
            if case .deleted = state { continue }
            guard step.timestamp == moment else { continue }
            if case .catalog = state { hides = true }
            switch (step.operation, state, knowledge) {
            case (.delete, _, _): state = .deleted
            case (_, .catalog, .unknown), (_, .ifInCatalog, _): state = .ifInCatalog(step.reference)
            default: state = .inbox(step.reference)
            }
        }
        return (state, hides)
    }
}

/// What all pending changes together amount to.
struct ChangeResolution: Sendable {
    /// Whether the catalog was asked about every changed id, so that ``changes`` are all of events that it has.
    var isExact = false
    /// Ids of which the catalog's event does not count.
    var changes = PendingChanges.none
    /// What became of each changed id.
    ///
    /// Where the catalog was not asked, of an event of each moment that changes are of.
    var states: [[UInt8]: [ChangedState.Knowledge: ChangedState]] = [:]
    /// Rows that do not count, by key of their segment; in any order.
    var dropped: [String: [Int]] = [:]
    /// Rows of new events that count although an earlier one has their id, since that was deleted.
    var counted: [String: [Int]] = [:]
    /// Updates that count if their event is met; see ``Snapshot/conditional``.
    var conditional: [String: [(row: Int, change: Int)]] = [:]
    /// All operations on each changed id, in order of arrival.
    var steps: [[UInt8]: [ChangedState.Step]] = [:]
    /// What the catalog has of those that were looked up there.
    var known: [[UInt8]: ChangedState.Knowledge] = [:]
}

extension Inbox {
    /// Reads the updates and deletes of segments not met before.
    func loadChanges(_ fresh: [Segment]) async throws {
        let (reader, missesAreDamage) = (reader, missesAreDamage)
        let loaded = try await mapConcurrently(fresh, limit: reader.requests) { segment in
            do {
                return Result<[(id: [UInt8], change: PendingChange)], JournalError>
                    .success(try await reader.changes(of: segment))
            } catch let error as JournalError where error.isDamage(orMissing: missesAreDamage) {
                return .failure(error)
            }
        }
        for (segment, result) in zip(fresh, loaded) {
            switch result {
            case .success(let changes):
                known.insert(segment.key)
                changeSegments.append(segment)
                for (id, change) in changes { changed[id, default: []].append(change) }
                invalidate()
            case .failure(let error): reportDamage(segment, error)
            }
        }
    }

    /// What the changes amount to.
    ///
    /// Cost: none without changes; a look-up in the catalog of ids that were both put and changed in the inbox.
    ///
    /// - Parameters:
    ///   - exactly: Whether to look up all changed ids: for who counts.
    ///   - excluded: Keys of segments whose changes are taken not to be there.
    /// - Returns: Which rows count, and which do not.
    /// - Throws: ``JournalError``.
    func resolvedChanges(exactly: Bool = false, without excluded: Set<String> = []) async throws -> ChangeResolution {
        if !excluded.isEmpty {
            var resolution = ChangeResolution(isExact: exactly)
            try await resolve(into: &resolution, without: excluded)
            return resolution
        }
        if let resolution, resolution.isExact || !exactly { return resolution }
        var resolution = ChangeResolution(isExact: exactly)
        if !changed.isEmpty { try await resolve(into: &resolution) }
        self.resolution = resolution
        return resolution
    }

    private func resolve(into resolution: inout ChangeResolution, without excluded: Set<String> = []) async throws {
        var changed = changed
        if !excluded.isEmpty {
            changed = changed.compactMapValues { changes in
                let left = changes.filter { !excluded.contains($0.reference.segment.key) }
                return left.isEmpty ? nil : left
            }
        }
        let puts = try await puts(of: changed.keys)
        var ids = ByteArrays()
        let asked = resolution.isExact ? Array(changed.keys) : Array(puts.keys)
        for id in asked { ids.append(id) }
        let rows = try await lookup.find(HashedIDs(ids), in: state)
        var known: [[UInt8]: ChangedState.Knowledge] = [:]
        for (id, row) in zip(asked, rows) { known[id] = row.map { .present($0.timestamp) } ?? .absent }

        var hidden = PendingChanges()
        for (id, changes) in changed {
            let steps =
                (changes.map {
                    ChangedState.Step(operation: $0.operation, reference: $0.reference, timestamp: $0.timestamp)
                } + (puts[id] ?? []))
                .sorted { $0.reference.arrives(before: $1.reference) }
            resolution.steps[id] = steps
            var counting: Set<RowReference> = []
            let cases = known[id].map { [$0] } ?? Set(changes.map(\.timestamp)).map { .unknown($0) }
            for knowledge in cases {
                let (state, hides) = ChangedState.follow(steps, from: knowledge)
                resolution.states[id, default: [:]][knowledge] = state
                if hides {
                    switch knowledge {
                    case .absent: break
                    case .present(let timestamp), .unknown(let timestamp): hidden.append(id, timestamp: timestamp)
                    }
                }
                switch state {
                case .inbox(let reference): counting.insert(reference)
                case .ifInCatalog(let reference):
                    counting.insert(reference)
                    resolution.conditional[reference.segment.key, default: []]
                        .append((reference.row, hidden.count - 1))
                case .catalog, .deleted: break
                }
            }
            for step in steps {
                if !counting.contains(step.reference) {
                    resolution.dropped[step.reference.segment.key, default: []].append(step.reference.row)
                } else if step.operation == .put {
                    resolution.counted[step.reference.segment.key, default: []].append(step.reference.row)
                }
            }
        }
        hidden.seal()
        resolution.known = known
        resolution.changes = hidden
    }

    /// All rows of new events with these ids, also those that do not count because the id was there before; in any
    /// order.
    func puts(of wantedIDs: some Collection<[UInt8]>) async throws -> [[UInt8]: [ChangedState.Step]] {
        var candidates: Set<UInt32> = []
        for id in wantedIDs {
            let hash = BloomFilter.hash(id)
            candidates.formUnion(index.candidates(hash: hash) + (repeats[hash] ?? []))
        }
        if candidates.isEmpty { return [:] }
        let reader = reader
        let wanted = Dictionary(grouping: candidates) { place($0).segment }
            .map { (segments[$0.key], bases[$0.key], $0.value) }
        let rows = try await mapConcurrently(wanted, limit: reader.parallelism) { segment, base, rows in
            let open = try await reader.open(segment)
            let ids = try await open.ids()
            let timestamps = try await open.timestamps()
            return rows.map { row in
                let row = Int(row) - base
                let reference = RowReference(segment: segment, row: row)
                return (
                    ids[row] ?? [],
                    ChangedState.Step(operation: .put, reference: reference, timestamp: timestamps[row])
                )
            }
        }
        var puts: [[UInt8]: [ChangedState.Step]] = [:]
        let ids = Set(wantedIDs)
        // Two ids may have one hash.
        for (id, step) in rows.joined() where ids.contains(id) { puts[id, default: []].append(step) }
        return puts
    }

    /// Finds the rows of new events whose id the catalog has: those do not count.
    ///
    /// Cost: a look-up of the ids of segments that overlap the range, unless they were compared with this index before.
    func compareWithCatalog(_ range: EventRange) async throws {
        if state.segments.isEmpty { return }
        var waiting = segments.filter { taken[$0.key] == nil && $0.overlaps(range) }[...]
        while !waiting.isEmpty {
            // Many segments by one look-up, so that each part of the index is asked for once.
            var events = 0
            let some = waiting.prefix { segment in
                defer { events += segment.events }
                return events == 0 || events + segment.events <= Inbox.eventsLoadedAtOnce
            }
            waiting = waiting.dropFirst(some.count)
            let (reader, loaded) = (reader, loadedIDs)
            let ids = try await mapConcurrently(some, limit: reader.requests) { segment in
                if let ids = loaded[segment.key] { return ids }
                return try await reader.ids(of: segment)
            }
            var all = ByteArrays()
            for column in ids { all.append(sharing: column, rows: 0..<column.count) }
            let rows = try await lookup.find(HashedIDs(all), in: state)
            var start = 0
            for (segment, column) in zip(some, ids) {
                taken[segment.key] = (0..<column.count).filter { rows[start + $0] != nil }
                start += column.count
            }
        }
    }

    /// Where events are, each as it is now.
    func places(_ ids: HashedIDs) async throws -> [EventPlace?] {
        let resolution = try await resolvedChanges()
        var places: [EventPlace?] = try await locate(ids).map { $0.map(EventPlace.inbox) }
        let inCatalog = try await lookup.find(ids, in: state)
        for position in places.indices {
            // Of an id that is in both the catalog's counts.
            if let row = inCatalog[position] { places[position] = .catalog(row) }
            guard !changed.isEmpty, let states = ids.ids[position].flatMap({ resolution.states[$0] }) else { continue }
            let knowledge: ChangedState.Knowledge = inCatalog[position].map { .present($0.timestamp) } ?? .absent
            let unasked = inCatalog[position].map { ChangedState.Knowledge.unknown($0.timestamp) }
            switch states[knowledge] ?? unasked.flatMap({ states[$0] }) {
            case nil, .catalog: break
            case .deleted: places[position] = nil
            case .inbox(let reference), .ifInCatalog(let reference): places[position] = .inbox(reference)
            }
        }
        return places
    }
}

extension RowReference {
    /// Whether it comes before another row of the inbox in order of arrival.
    func arrives(before other: RowReference) -> Bool {
        segment == other.segment ? row < other.row : segment.arrival < other.segment.arrival
    }
}

extension Segment {
    /// Its place in the order of arrival; what the catalog has came first.
    var arrival: UUIDv7 { batchID ?? .zero }
}

extension SegmentReader {
    /// The updates and deletes of a segment, without their payloads.
    func changes(of segment: Segment) async throws -> [(id: [UInt8], change: PendingChange)] {
        let open = try await open(segment)
        var changes: [(id: [UInt8], change: PendingChange)] = []
        for group in open.file.metadata.rowGroups.indices {
            for batch in try await open.events(rowGroup: group, rows: nil) {
                guard let operations = batch.operations else { throw segment.damaged("it has no operations") }
                for row in 0..<batch.count {
                    let change = PendingChange(
                        operation: operations[row],
                        reference: RowReference(segment: segment, row: changes.count),
                        timestamp: batch.timestamps[row]
                    )
                    changes.append((batch.ids[row] ?? [], change))
                }
            }
        }
        return changes
    }
}
