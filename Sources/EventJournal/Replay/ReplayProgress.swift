internal import Parquet

/// How far a replay has got, so that it can go on over other objects than those it began with.
///
/// Of the moment it is in, it knows which events were delivered by the hashes of their ids. Of a moment with very many
/// events it keeps only how many there were, and the sum of their hashes: events of a moment come by their batch id and
/// their place in the append, also after a compaction, so those are the first ones that come again. Where they are not,
/// the replay ends with an error, and leaves nothing out unsaid.
struct ReplayProgress: Sendable {
    /// What was delivered of a moment, in the order of replay.
    private struct Delivered: Sendable, Equatable {
        var count = 0
        var sum: UInt64 = 0

        mutating func add(_ hash: UInt64) {
            count += 1
            sum &+= hash
        }
    }

    /// How many hashes are kept at most.
    private let limit: Int
    /// The last moment of which rows were delivered.
    private var moment: Int64?
    private var delivered = Delivered()
    /// The hashes of the ids of those rows; `nil` when there are too many.
    private var known: Set<UInt64>? = []
    /// Whether rows of that moment may come again.
    private var isRepeating = false
    /// The ids of what is left out of them, when they are known.
    private var repeatedIDs: Set<UInt64>?
    /// What is left out of them when they are not, and what was left out so far.
    private var repeated = Delivered()
    private var passed = Delivered()

    /// - Parameter limit: For how many events of a moment their ids are kept, 8 bytes each and what a set adds.
    init(limit: Int = 1 << 20) { self.limit = limit }

    /// What of the range is left: from the last moment on, of which some may have been delivered.
    mutating func rest(of range: EventRange) -> EventRange {
        guard let moment else { return range }
        isRepeating = true
        repeated = delivered
        repeatedIDs = known
        passed = Delivered()
        return EventRange(after: Timestamp(microseconds: moment - 1), through: range.through)
    }

    /// Takes note of a window, and leaves out what was delivered before.
    ///
    /// Cost: none but for rows of the last moment.
    ///
    /// - Returns: What was not delivered.
    /// - Throws: ``JournalError/Code/conflict`` when what was delivered of a moment cannot be told from the rest of it.
    mutating func note(_ window: [EventBatch]) throws(JournalError) -> [EventBatch] {
        var fresh: [EventBatch] = []
        for batch in window {
            let batch = isRepeating ? try new(batch) : batch
            fresh.append(batch)
            guard let last = batch.timestamps.last else { continue }
            if last != moment {
                try finish()
                moment = last
                delivered = Delivered()
                known = []
                isRepeating = false
            }
            for row in stride(from: batch.count - 1, through: 0, by: -1) {
                guard batch.timestamps[row] == last else { break }
                guard let id = batch.ids[row] else { continue }
                let hash = BloomFilter.hash(id)
                delivered.add(hash)
                if known?.count ?? limit < limit { known?.insert(hash) } else { known = nil }
            }
        }
        return fresh
    }

    /// To be called behind the last window.
    ///
    /// - Throws: As ``note(_:)``.
    func finish() throws(JournalError) {
        if isRepeating, repeatedIDs == nil, passed != repeated { throw changed() }
    }

    private mutating func new(_ batch: EventBatch) throws(JournalError) -> EventBatch {
        let end = batch.timestamps.partitioningIndex { $0 > moment ?? .min }
        if end == 0 { return batch }
        var rows: [Int] = []
        for row in 0..<batch.count {
            guard row < end, let id = batch.ids[row] else {
                rows.append(row)
                continue
            }
            let hash = BloomFilter.hash(id)
            if let repeatedIDs {
                if !repeatedIDs.contains(hash) { rows.append(row) }
            } else if passed.count < repeated.count {
                passed.add(hash)
                if passed.count == repeated.count, passed != repeated { throw changed() }
            } else {
                rows.append(row)
            }
        }
        return rows.count == batch.count ? batch : batch.selecting(rows)
    }

    private func changed() -> JournalError {
        JournalError(
            .conflict,
            "The journal was compacted while it was replayed, and of the \(repeated.count) events of "
                + "\(Timestamp(microseconds: moment ?? 0).rfc3339) that had come, some have changed since, so that the others cannot be "
                + "told from them. Replay it again, from before that time."
        )
    }
}
