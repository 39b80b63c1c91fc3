internal import Parquet

/// Where the rows of a row group stand in the order of replay.
struct RowOrder: Sendable {
    /// Ascending.
    var timestamps: [Int64]
    /// As texts; `nil` when they are not needed, or all rows have that of the segment.
    var batchIDs: ByteArrays?

    init(timestamps: [Int64], batchIDs: ByteArrays?) {
        self.timestamps = timestamps
        self.batchIDs = batchIDs
    }

    init(_ batch: EventBatch) { self.init(timestamps: batch.timestamps, batchIDs: batch.batchIDs) }

    /// The position of a row, counted from the chunk's first.
    func position(_ row: Int, _ chunk: Chunk) -> ReplayPosition {
        let batchID = chunk.segment.batchID ?? batchIDs?[row].flatMap { UUIDv7(utf8: $0) } ?? .zero
        return ReplayPosition(
            timestamp: timestamps[row],
            batchID: batchID,
            rank: chunk.rank,
            row: chunk.firstRow + row
        )
    }
}

extension Chunk {
    /// The rows of the chunk behind one position and up to another, counted from its first.
    func rows(of order: RowOrder, after: ReplayPosition, through: ReplayPosition) -> Range<Int> {
        func firstRow(behind position: ReplayPosition) -> Int {
            var low = 0
            var high = order.timestamps.count
            while low < high {
                let middle = (low + high) / 2
                // The batch id is read only where the timestamp does not decide.
                let isBehind =
                    order.timestamps[middle] != position.timestamp
                    ? order.timestamps[middle] > position.timestamp : order.position(middle, self) > position
                if isBehind { high = middle } else { low = middle + 1 }
            }
            return low
        }
        let lower = firstRow(behind: after)
        return lower..<max(lower, firstRow(behind: through))
    }

    /// Whether a window begins or ends between events of one moment that the chunk has.
    func isParted(by window: ReplayWindow) -> Bool {
        [window.after, window.through]
            .contains { $0.isInsideMoment && first <= $0.timestamp && $0.timestamp <= last }
    }
}

extension Segment {
    /// The row groups as chunks, by what the catalog says of them.
    func chunks(_ groups: [RowGroupPlace], rank: Int) -> [Chunk] {
        var firstRow = 0
        return groups.enumerated()
            .map { number, group in
                defer { firstRow += group.rows }
                return Chunk(
                    segment: self,
                    rank: rank,
                    rowGroup: number,
                    firstRow: firstRow,
                    rows: group.rows,
                    first: group.first,
                    last: group.last,
                    payloadBytes: group.payloadBytes
                )
            }
    }
}

extension OpenSegment {
    /// The order of a row group's rows.
    ///
    /// - Parameters:
    ///   - rowGroup: Which one.
    ///   - inside: Whether rows of one moment have to be told apart, which takes the batch ids.
    /// - Returns: What to compare rows by.
    /// - Throws: ``JournalError``, by what is wrong with the segment or the store.
    func order(rowGroup: Int, inside: Bool) async throws -> RowOrder {
        RowOrder(
            timestamps: try await timestamps(rowGroup: rowGroup),
            batchIDs: inside && segment.isInCatalog ? try await batchIDs(rowGroup: rowGroup) : nil
        )
    }

    /// A whole row group in the order of replay, for files in which rows may be in any order.
    func sortedRows(rowGroup: Int) async throws -> EventBatch {
        var all = EventBatch()
        for batch in try await events(rowGroup: rowGroup, rows: nil, withBatchIDs: true) {
            all.append(contentsOf: batch)
        }
        guard let batchIDs = all.batchIDs else { return all }
        var rows = Array(0..<all.count)
        rows.sort { left, right in
            if all.timestamps[left] != all.timestamps[right] { return all.timestamps[left] < all.timestamps[right] }
            return batchIDs.precedes(at: left, batchIDs, at: right) ?? (left < right)
        }
        return all.selecting(rows)
    }
}
