/// What a reader sees: the segments of one moment, and which of their rows count.
struct Snapshot: Sendable {
    /// What the catalog says.
    var catalog: CatalogState
    /// The segments: those of the catalog by key, then those of the inbox by order of arrival.
    ///
    /// A segment's place here is its rank.
    var segments: [Segment]
    /// Rows that do not count, ascending, by key of a segment of the inbox: an earlier append, or the catalog, has
    /// their id; or their event was changed or deleted since.
    var dropped: [String: [Int]] = [:]
    /// How many of those are there because their id was taken.
    var duplicateCount = 0
    /// Events of the catalog that were changed since.
    var changes = PendingChanges.none
    /// Updates that count if the event they change is met in the catalog, by key of their segment: the number of the
    /// row, and that of the change in ``changes``.
    var conditional: [String: [(row: Int, change: Int)]] = [:]
    /// The only rows that count, ascending, by key of their segment; `nil` for no such restriction.
    var kept: [String: [Int]]?
    /// Objects that cannot be read, with the reason.
    var damaged: [DamagedSegment]

    /// How many events there are, each id once; exact only if that was asked for.
    var events: Int {
        segments.reduce(0) { $0 + $1.events } - dropped.values.reduce(0) { $0 + $1.count } - changes.count
    }

    /// Which rows of a chunk do not count.
    ///
    /// - Parameters:
    ///   - chunk: Of one of ``segments``.
    ///   - met: Changes whose event was met.
    /// - Returns: The filter.
    func filter(_ chunk: Chunk, met: Set<Int> = []) -> RowFilter {
        let segment = chunk.segment
        if let kept { return .only(kept[segment.key] ?? []) }
        if segment.isInCatalog {
            return changes.affect(first: chunk.first, last: chunk.last) ? .changes(changes) : .none
        }
        let dropped = dropped[segment.key] ?? []
        guard let conditional = conditional[segment.key] else { return dropped.isEmpty ? .none : .rows(dropped) }
        return .rows((dropped + conditional.filter { !met.contains($0.change) }.map(\.row)).sorted())
    }
}

/// A row of a segment of the inbox.
struct RowReference: Sendable, Hashable {
    var segment: Segment
    var row: Int
}

/// Where an event is.
enum EventPlace: Sendable {
    /// In the inbox: as it was appended, or its last update.
    case inbox(RowReference)
    case catalog(CatalogRow)

    var segment: Segment {
        switch self {
        case .inbox(let row): row.segment
        case .catalog(let row): row.segment
        }
    }
}
