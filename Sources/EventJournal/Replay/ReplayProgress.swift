internal import Parquet

/// How far a replay has got, so that it can go on over other objects than those it began with.
struct ReplayProgress: Sendable {
    /// The last moment of which rows were delivered.
    private var moment: Int64?
    /// The hashes of the ids of those rows.
    private var delivered: Set<UInt64> = []
    /// Whether rows of that moment may come again.
    private var isRepeating = false

    /// What of the range is left: from the last moment on, of which some may have been delivered.
    mutating func rest(of range: EventRange) -> EventRange {
        guard let moment else { return range }
        isRepeating = true
        return EventRange(after: Timestamp(microseconds: moment - 1), through: range.through)
    }

    /// Takes note of a window, and leaves out what was delivered before.
    ///
    /// Cost: none but for rows of the last moment. Memory: 16 bytes for each of those.
    mutating func note(_ window: [EventBatch]) -> [EventBatch] {
        let window = isRepeating ? window.map(new) : window
        for batch in window {
            guard let last = batch.timestamps.last else { continue }
            if last != moment {
                moment = last
                delivered = []
                isRepeating = false
            }
            for row in stride(from: batch.count - 1, through: 0, by: -1) {
                guard batch.timestamps[row] == last else { break }
                if let id = batch.ids[row] { delivered.insert(BloomFilter.hash(id)) }
            }
        }
        return window
    }

    private func new(_ batch: EventBatch) -> EventBatch {
        let end = batch.timestamps.partitioningIndex { $0 > moment ?? .min }
        if end == 0 { return batch }
        let rows = (0..<batch.count)
            .filter { row in
                row >= end || !(batch.ids[row].map { delivered.contains(BloomFilter.hash($0)) } ?? false)
            }
        return rows.count == batch.count ? batch : batch.selecting(rows)
    }
}
