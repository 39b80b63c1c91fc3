internal import EventJournal
internal import Parquet

/// Cuts what a replay delivers into batches for a sink, and leaves out what was sent before.
struct BatchCutter {
    private var source: Replay.Iterator
    private var current = EventBatch()
    private var row = 0
    private let position: JobPosition?
    private let latest: LatestKeysWatch?

    /// - Parameters:
    ///   - replay: The events, from the moment of the position on; of a job for the last event of each key all.
    ///   - position: What was sent before.
    ///   - latest: Knows keys of which an event before the position has to be sent all the same.
    init(_ replay: Replay, behind position: JobPosition?, latest: LatestKeysWatch?) {
        source = replay.makeAsyncIterator()
        self.position = position
        self.latest = latest
    }

    /// The time of the next event; `nil` behind the last.
    mutating func upcoming() async throws -> Int64? {
        while row == current.count {
            guard let next = try await source.next() else { return nil }
            current = next
            row = 0
            if let position { leaveOut(position) }
        }
        return current.timestamps[row]
    }

    /// The next events, at least one unless there is none.
    ///
    /// - Parameters:
    ///   - records: At most so many.
    ///   - bytes: And none more once the payloads have so many.
    ///   - moment: Only those up to this moment, but for the first.
    /// - Returns: The events; none behind the last.
    /// - Throws: What the replay throws.
    mutating func next(records: Int, bytes: Int, through moment: Int64) async throws -> EventBatch {
        var batch = EventBatch()
        var size = 0
        while let timestamp = try await upcoming(), batch.count < records, size < bytes,
            batch.isEmpty || timestamp <= moment
        {
            let start = row
            repeat {
                size += Int(current.payloads.views[row].length)
                row += 1
            } while row < current.count && batch.count + row - start < records && size < bytes
                && current.timestamps[row] <= moment
            batch.append(contentsOf: current, rows: start..<row)
        }
        return batch
    }

    /// Takes out of the current batch what was sent; only its beginning can have been.
    private mutating func leaveOut(_ position: JobPosition) {
        let end = current.timestamps.firstIndex { $0 > position.moment } ?? current.count
        guard end > 0 else { return }
        let missed = latest?.missed ?? []
        var kept = EventBatch()
        var start = 0
        for row in 0..<end where isSent(row, position, missed) {
            if start < row { kept.append(contentsOf: current, rows: start..<row) }
            start = row + 1
        }
        if start == 0 { return }
        if start < current.count { kept.append(contentsOf: current, rows: start..<current.count) }
        current = kept
    }

    private func isSent(_ row: Int, _ position: JobPosition, _ missed: Set<UInt64>) -> Bool {
        if current.timestamps[row] < position.moment {
            guard let keys = current.keys, !keys.views[row].isNull, !missed.isEmpty else { return true }
            return !missed.contains(unsafe keys.withBytes(at: row) { unsafe BloomFilter.hash($0) })
        }
        return position.sent.contains(unsafe current.ids.withBytes(at: row) { unsafe BloomFilter.hash($0) })
    }
}

extension JobPosition {
    /// The position behind a batch, which is not empty.
    static func behind(_ batch: EventBatch, after before: JobPosition?) -> JobPosition? {
        guard let last = batch.timestamps.last, last >= before?.moment ?? .min else { return before }
        var position = JobPosition(moment: last, sent: [])
        if let before, before.moment == last { position.sent = before.sent }
        for row in stride(from: batch.count - 1, through: 0, by: -1) {
            guard batch.timestamps[row] == last else { break }
            position.sent.insert(unsafe batch.ids.withBytes(at: row) { unsafe BloomFilter.hash($0) })
        }
        return position
    }
}
