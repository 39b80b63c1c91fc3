import EventJournal

/// An id by its bytes; `String` takes different bytes for equal.
struct ID: Hashable, Sendable {
    var bytes: [UInt8]
    init(_ text: String) { bytes = Array(text.utf8) }
}

/// What a journal must say at one moment.
///
/// The rule: an id is a machine that takes the rows with its id in their order of arrival. Absent, it takes a put and
/// is present, and ignores updates and deletes. Present, it ignores puts, since the first write counts; an update of
/// the version's timestamp replaces it, and a delete of the version's timestamp makes the id absent and free. Changes
/// that carry another timestamp were meant for an event that is gone, and are ignored.
///
/// Order of arrival: what a compaction has absorbed, by the version of the catalog, before what none has; then batch
/// id, then row. A batch id is known from the name of the object that took effect on the store, a version from its
/// commit. So nothing is left to chance but these:
///
/// - A blind write (`append`) of a machine whose clock is behind may get a batch id below those of writes that it does
///   not know of, however long ago they were acknowledged, and then counts as earlier. So may one of two writes that
///   race.
/// - A write gets a batch id above all that its journal has stored or listed (``Causality``), and one that looks up
///   first, above all that is in the inbox when it begins. There nothing is left open.
///
/// Replay is ordered by (timestamp, batch id, row) of the version that is visible.
struct Truth: Sendable {
    /// The visible version of each id.
    private(set) var versions: [ID: StoredRow] = [:]

    /// What follows from these segments.
    ///
    /// - Parameters:
    ///   - segments: All that ever came into the inbox.
    ///   - absorbed: The number of the commit that absorbed a batch.
    init(_ segments: some Collection<StoredSegment>, absorbed: [UUIDv7: Int]) {
        let arrived = segments.map { (commit: absorbed[$0.batchID] ?? .max, segment: $0) }
            .sorted { left, right in
                left.commit != right.commit
                    ? left.commit < right.commit : left.segment.batchID < right.segment.batchID
            }
        for (_, segment) in arrived {
            for row in segment.rows { apply(row) }
        }
    }

    private mutating func apply(_ row: StoredRow) {
        let id = ID(row.event.id)
        switch row.change {
        case .put: if versions[id] == nil { versions[id] = row }
        case .update: if versions[id]?.event.timestamp == row.event.timestamp { versions[id] = row }
        case .delete: if versions[id]?.event.timestamp == row.event.timestamp { versions[id] = nil }
        }
    }

    func event(_ id: String) -> Event? { versions[ID(id)]?.event }

    /// The events of a range in the order in which every reader must deliver them.
    func replay(_ range: EventRange) -> [Event] {
        versions.values.filter { $0.event.isInside(range) }
            .sorted { left, right in
                if left.event.timestamp != right.event.timestamp {
                    return left.event.timestamp < right.event.timestamp
                }
                return left.batchID != right.batchID ? left.batchID < right.batchID : left.row < right.row
            }
            .map(\.event)
    }
}

extension Event {
    func isInside(_ range: EventRange) -> Bool { timestamp > range.after && timestamp <= range.through }
}
