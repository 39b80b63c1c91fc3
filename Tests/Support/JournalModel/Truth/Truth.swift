import EventJournal

/// An id by its bytes; `String` takes different bytes for equal.
struct ID: Hashable, Sendable {
    var bytes: [UInt8]
    init(_ text: String) { bytes = Array(text.utf8) }
}

/// What a journal must say at one moment.
///
/// The rule: an id is a machine that takes the rows with its id in their order of arrival. Absent, it takes a put and is
/// present. Present, it ignores puts: the first write counts. Order of arrival is (batch id, row). A batch id is known
/// from the name of the object that took effect on the store, so nothing is left to chance but these:
///
/// - A blind write (`append`) of a machine whose clock is behind may get a batch id below those of writes that it does not
///   know of, however long ago they were acknowledged, and then counts as earlier. So may one of two writes that race.
/// - A write gets a batch id above all that its journal has stored or listed (``Causality``), and one that looks up
///   first, above all that is in the inbox when it begins. There nothing is left open.
///
/// Replay is ordered by (timestamp, batch id, row) of the version that is visible.
struct Truth: Sendable {
    /// The visible version of each id.
    private(set) var versions: [ID: StoredRow] = [:]

    /// What follows from these segments.
    init(_ segments: some Collection<StoredSegment>) {
        for segment in segments.sorted(by: { $0.batchID < $1.batchID }) {
            for row in segment.rows { apply(row) }
        }
    }

    private mutating func apply(_ row: StoredRow) {
        let id = ID(row.event.id)
        switch row.change {
        case .put: if versions[id] == nil { versions[id] = row }
        }
    }

    func event(_ id: String) -> Event? { versions[ID(id)]?.event }

    /// The events of a range in the order in which every reader must deliver them.
    func replay(after: Timestamp?, through: Timestamp?) -> [Event] {
        versions.values
            .filter { row in
                (after.map { row.event.timestamp > $0 } ?? true) && (through.map { row.event.timestamp <= $0 } ?? true)
            }
            .sorted { left, right in
                if left.event.timestamp != right.event.timestamp {
                    return left.event.timestamp < right.event.timestamp
                }
                return left.batchID != right.batchID ? left.batchID < right.batchID : left.row < right.row
            }
            .map(\.event)
    }
}
