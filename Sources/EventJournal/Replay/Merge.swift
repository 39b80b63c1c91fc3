internal import Parquet

/// The rows of one chunk that belong to a window, in order.
struct ReplayPart: Sendable {
    /// The segment's place among all.
    var rank: Int
    /// The number of the first row in the segment.
    var firstRow: Int
    /// The rows; those of later batches follow those of earlier ones.
    var batches: [EventBatch]
    /// Which pending changes found their event here; numbers of ``PendingChanges``.
    var met: [Int] = []

    var first: Int64? { batches.first?.timestamps.first }
    var last: Int64? { batches.last?.timestamps.last }
    var isEmpty: Bool { batches.isEmpty }
}

/// Brings the parts of a window into replay order.
///
/// Parts that overlap no other pass through untouched; the others are merged in runs, so that what is moved is views,
/// never payloads.
enum Merge {
    /// - Parameter parts: In any order; each ordered inside.
    /// - Returns: Batches that follow one another in order of (timestamp, rank, row).
    static func merge(_ parts: [ReplayPart]) -> [EventBatch] {
        let parts = parts.filter { !$0.isEmpty }
            .sorted { left, right in
                let (leftFirst, rightFirst) = (left.first ?? .min, right.first ?? .min)
                if leftFirst != rightFirst { return leftFirst < rightFirst }
                return left.rank != right.rank ? left.rank < right.rank : left.firstRow < right.firstRow
            }
        var output: [EventBatch] = []
        var group: [ReplayPart] = []
        var groupLast = Int64.min
        for part in parts {
            if let first = part.first, !group.isEmpty, first > groupLast {
                flush(&group, into: &output)
                groupLast = .min
            }
            groupLast = max(groupLast, part.last ?? .min)
            group.append(part)
        }
        flush(&group, into: &output)
        return output
    }

    private static func flush(_ group: inout [ReplayPart], into output: inout [EventBatch]) {
        if group.count == 1 {
            output.append(contentsOf: group[0].batches)
        } else if group.count > 1 {
            output.append(mergeOverlapping(group))
        }
        group = []
    }

    /// Where a part stands in the merge.
    private struct Cursor {
        var timestamps: [Int64]
        /// In which append each row arrived, where rows of one moment may have to be told apart by it.
        var batchIDs: ByteArrays?
        /// Parts of one segment share its rank; the row group that comes first has the lower order.
        var order: Int
        var row = 0
        /// The number of the part's first row among the joined columns.
        var base: Int

        var head: Int64 { timestamps[row] }

        func precedes(_ other: Cursor) -> Bool {
            head != other.head ? head < other.head : precedesInMoment(row, other)
        }

        /// Whether a row of ours comes before the head of another, both of one moment.
        private func precedesInMoment(_ row: Int, _ other: Cursor) -> Bool {
            guard let batchIDs, let others = other.batchIDs else { return order < other.order }
            return batchIDs.precedes(at: row, others, at: other.row) ?? (order < other.order)
        }

        /// The first row behind `row` that must wait for another cursor's head.
        func end(before other: Cursor) -> Int {
            let limit = other.head
            var low = row
            var step = 1
            func goes(_ row: Int) -> Bool {
                timestamps[row] != limit ? timestamps[row] < limit : precedesInMoment(row, other)
            }
            // Gallop, then bisect: runs are long when segments overlap a little, short when they interleave.
            while low + step < timestamps.count, goes(low + step) {
                low += step
                step *= 2
            }
            var high = Swift.min(low + step, timestamps.count)
            while high - low > 1 {
                let middle = (low + high) / 2
                if goes(middle) { low = middle } else { high = middle }
            }
            return low + 1
        }
    }

    private static func mergeOverlapping(_ parts: [ReplayPart]) -> EventBatch {
        var joined = EventBatch()
        var cursors: [Cursor] = []
        let ordered = parts.sorted { $0.rank != $1.rank ? $0.rank < $1.rank : $0.firstRow < $1.firstRow }
        for (order, part) in ordered.enumerated() {
            let base = joined.count
            for batch in part.batches { joined.append(contentsOf: batch) }
            let batchIDs = part.batches.allSatisfy { $0.batchIDs != nil } ? joined.batchIDs : nil
            cursors.append(
                Cursor(
                    timestamps: Array(joined.timestamps[base...]),
                    batchIDs: batchIDs.map { ByteArrays(buffers: $0.buffers, views: Array($0.views[base...])) },
                    order: order,
                    base: base
                )
            )
        }
        var heap = Heap(cursors)
        var order: [Int] = []
        order.reserveCapacity(joined.count)
        while var cursor = heap.popMinimum() {
            let end = heap.minimum.map { cursor.end(before: $0) } ?? cursor.timestamps.count
            order.append(contentsOf: (cursor.base + cursor.row)..<(cursor.base + end))
            cursor.row = end
            if end < cursor.timestamps.count { heap.insert(cursor) }
        }
        return joined.selecting(order)
    }

    /// A binary heap of cursors, the one whose head comes first on top.
    private struct Heap {
        private var cursors: [Cursor] = []

        init(_ cursors: [Cursor]) {
            for cursor in cursors { insert(cursor) }
        }

        var minimum: Cursor? { cursors.first }

        mutating func insert(_ cursor: Cursor) {
            cursors.append(cursor)
            var child = cursors.count - 1
            while child > 0, cursors[child].precedes(cursors[(child - 1) / 2]) {
                cursors.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
        }

        mutating func popMinimum() -> Cursor? {
            guard let top = cursors.first else { return nil }
            let last = cursors.removeLast()
            guard !cursors.isEmpty else { return top }
            cursors[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2]
                where child < cursors.count && cursors[child].precedes(cursors[least]) {
                    least = child
                }
                if least == parent { return top }
                cursors.swapAt(parent, least)
                parent = least
            }
        }
    }
}
