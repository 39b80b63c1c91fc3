internal import EventJournal
internal import Parquet

/// Cuts what a replay delivers into batches for a sink, and leaves out what was sent before.
struct BatchCutter {
    private var source: Replay.Iterator
    private var current = EventBatch()
    private var row = 0
    /// The moment of the position, until all of it is behind.
    private var moment: Int64?
    private var sent: SentOfMoment?
    private let latest: LatestKeysWatch?

    /// - Parameters:
    ///   - replay: The events, from the moment of the position on; of a job for the last event of each key all.
    ///   - position: What was sent before.
    ///   - trustsPlaces: As ``SentOfMoment`` has it.
    ///   - latest: Knows keys of which an event before the position has to be sent all the same.
    init(_ replay: Replay, behind position: JobPosition?, trustsPlaces: Bool, latest: LatestKeysWatch?) {
        source = replay.makeAsyncIterator()
        moment = position?.moment
        sent = position.map { SentOfMoment($0, trustsPlaces: trustsPlaces) }
        self.latest = latest
    }

    /// The time of the next event; `nil` behind the last.
    mutating func upcoming() async throws -> Int64? {
        while row == current.count {
            guard let next = try await source.next() else {
                try sent?.finish()
                return nil
            }
            current = next
            row = 0
            if let moment { try leaveOut(moment) }
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
    private mutating func leaveOut(_ moment: Int64) throws {
        let end = current.timestamps.firstIndex { $0 > moment } ?? current.count
        let missed = latest?.missed ?? []
        var appends = AppendIDs(current)
        var kept = EventBatch()
        var start = 0
        for row in 0..<end where try isSent(row, moment, missed, &appends) {
            if start < row { kept.append(contentsOf: current, rows: start..<row) }
            start = row + 1
        }
        if end < current.count {
            try sent?.finish()
            self.moment = nil
        }
        if start == 0 { return }
        if start < current.count { kept.append(contentsOf: current, rows: start..<current.count) }
        current = kept
    }

    private mutating func isSent(
        _ row: Int,
        _ moment: Int64,
        _ missed: Set<UInt64>,
        _ appends: inout AppendIDs
    ) throws -> Bool {
        if current.timestamps[row] < moment {
            guard let keys = current.keys, !keys.views[row].isNull, !missed.isEmpty else { return true }
            return !missed.contains(unsafe keys.withBytes(at: row) { unsafe BloomFilter.hash($0) })
        }
        let hash = unsafe current.ids.withBytes(at: row) { unsafe BloomFilter.hash($0) }
        return try sent?.contains(hash, of: appends[row]) ?? false
    }
}
