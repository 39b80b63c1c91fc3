internal import Parquet

/// Rows that become one row group.
struct PendingRowGroup: Sendable {
    /// What changes behind the last row: where an object may end.
    enum Boundary: Sendable {
        /// Neither timestamp nor batch, or nothing is known yet.
        case none
        /// The batch, not the timestamp.
        case batch
        /// The timestamp.
        case timestamp
    }

    var batch = EventBatch()
    var payloadBytes = 0
    var end = Boundary.none

    var count: Int { batch.count }
}

/// Cuts a stream of events in replay order into row groups, where the timestamp changes if that is near.
///
/// Rows of one timestamp and one batch are never on two sides of an end that says ``PendingRowGroup/Boundary/batch`` or
/// ``PendingRowGroup/Boundary/timestamp``, so an object that ends there shares no place in the order with the next.
struct RowGroupCutter {
    private let payloadBytes: Int
    private let events: Int
    private var pending = PendingRowGroup()
    /// How soon groups are to end: set when the object is long enough and only waits for a place to end at.
    var haste = Haste.none

    /// Which change ends a group at once, however small it is.
    enum Haste: Sendable {
        case none, atTimestamp, atBatch
    }

    init(_ layout: CompactedSegmentLayout) {
        payloadBytes = layout.rowGroupPayloadBytes
        events = layout.rowGroupEvents
    }

    /// Whether nothing is held.
    var isEmpty: Bool { pending.count == 0 }

    /// Takes rows of a batch in, from `start` on, up to the end of a row group.
    ///
    /// - Returns: The group that ended, if one did; `start` is then the first row behind it.
    mutating func take(_ batch: EventBatch, from start: inout Int) -> PendingRowGroup? {
        let first = start
        var bytes = pending.payloadBytes
        while start < batch.count {
            let length = Int(batch.payloads.views[start].length)
            if let end = end(before: start, of: batch, first: first, bytes: bytes, next: length) {
                keep(batch, first..<start, bytes)
                return close(end)
            }
            bytes += length
            start += 1
        }
        keep(batch, first..<start, bytes)
        return nil
    }

    /// What is left, at the end of the stream; `nil` when that is nothing.
    mutating func finish() -> PendingRowGroup? { isEmpty ? nil : close(.timestamp) }

    private mutating func close(_ end: PendingRowGroup.Boundary) -> PendingRowGroup {
        var group = pending
        group.end = end
        pending = PendingRowGroup()
        return group
    }

    private mutating func keep(_ batch: EventBatch, _ rows: Range<Int>, _ bytes: Int) {
        if rows.isEmpty { return }
        pending.batch.append(contentsOf: batch, rows: rows)
        pending.payloadBytes = bytes
    }

    /// Whether the group ends before a row, and what changes there.
    private func end(
        before row: Int,
        of batch: EventBatch,
        first: Int,
        bytes: Int,
        next: Int
    ) -> PendingRowGroup.Boundary? {
        let count = pending.count + row - first
        if count == 0 { return nil }
        // A payload as large as a group begins one.
        let isFull = bytes >= payloadBytes || count >= events || bytes + next >= 2 * payloadBytes
        if !isFull, haste == .none { return nil }
        let last = row > first ? batch.timestamps[row - 1] : pending.batch.timestamps[pending.count - 1]
        if batch.timestamps[row] != last { return .timestamp }
        let isLong = (bytes + next) * 2 >= payloadBytes * 3 || count * 2 >= events * 3
        if !isLong, haste != .atBatch { return nil }
        let isSame =
            row > first
            ? batch.arrivesWith(row, batch, row - 1) : batch.arrivesWith(row, pending.batch, pending.count - 1)
        if !isSame { return .batch }
        return bytes + next >= 2 * payloadBytes || count >= 2 * events ? PendingRowGroup.Boundary.none : nil
    }
}

extension EventBatch {
    /// Whether a row arrived in the same append as one of another batch.
    fileprivate func arrivesWith(_ row: Int, _ other: EventBatch, _ otherRow: Int) -> Bool {
        guard let batchIDs, let others = other.batchIDs else { return false }
        return batchIDs.isEqual(at: row, to: others, at: otherRow)
    }
}
