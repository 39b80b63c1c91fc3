internal import Parquet

/// Finds the last event of each key in a range, by reading keys and times only.
///
/// Events without a key are left out. Segments are read from the newest on, so that most entries of the table are right
/// when they are made.
///
/// Cost: the columns `key` and `timestamp` of the range, of compacted segments also `batch_id`, and `event_id` where
/// events were changed since. Memory: that of ``KeyTable``, and a few row groups of these columns.
struct LatestPerKey {
    let snapshot: Snapshot
    let range: EventRange
    let reader: SegmentReader

    /// The snapshot with nothing in it but those events.
    ///
    /// - Parameters:
    ///   - notify: Told what was found; throws to end.
    ///   - onDamage: Called for a segment that cannot be read; throws to end.
    /// - Returns: The snapshot, of which ``Snapshot/kept`` says what is left.
    /// - Throws: ``JournalError``, by what is wrong with a segment or the store.
    func selected(
        notify: (@Sendable ([LatestKey]) async throws -> Void)?,
        onDamage: (Segment, JournalError) throws -> Void
    ) async throws -> Snapshot {
        var chunks: [Chunk] = []
        for (rank, segment) in snapshot.segments.enumerated() where segment.overlaps(range) {
            do {
                chunks += try await reader.chunks(of: segment, rank: rank)
                    .filter { $0.last > range.after.microseconds && $0.first <= range.through.microseconds }
            } catch let error as JournalError where error.code == .damagedSegment {
                try onDamage(segment, error)
            }
        }
        chunks.sort { $0.last > $1.last }
        var table = KeyTable()
        var met: Set<Int> = []
        // Whether an update counts is known when the events that are changed were all looked for.
        for group in [chunks.filter { !$0.segment.isChanges }, chunks.filter(\.segment.isChanges)] {
            for start in stride(from: 0, to: group.count, by: 2 * reader.parallelism) {
                let some = group[start..<min(start + 2 * reader.parallelism, group.count)]
                let (reader, range, snapshot, found) = (reader, range, snapshot, met)
                let results = try await mapConcurrently(some, limit: reader.parallelism) { chunk in
                    do {
                        let filter = snapshot.filter(chunk, met: found)
                        return Result<KeyedRows, JournalError>
                            .success(try await reader.keyedRows(chunk, range: range, filter: filter))
                    } catch let error as JournalError where error.code == .damagedSegment {
                        return .failure(error)
                    }
                }
                for (chunk, result) in zip(some, results) {
                    switch result {
                    case .success(let rows):
                        for entry in rows.entries { table.insert(entry) }
                        met.formUnion(rows.met)
                    case .failure(let error): try onDamage(chunk.segment, error)
                    }
                }
            }
        }
        if let notify { try await notify(table.latestKeys) }
        var selection = snapshot
        var kept: [String: [Int]] = [:]
        for (rank, rows) in table.takeRows() { kept[snapshot.segments[rank].key] = rows }
        selection.kept = kept
        return selection
    }
}

/// The last event of a key, as far as a replay job has to know it.
package struct LatestKey: Sendable, Hashable {
    /// The XXH64 of the key.
    package var hash: UInt64
    /// When the event happened, in microseconds since 1970 UTC.
    package var timestamp: Int64

    /// Makes one.
    package init(hash: UInt64, timestamp: Int64) {
        self.hash = hash
        self.timestamp = timestamp
    }
}

/// What is needed of a row group to find the last event of each key.
struct KeyedRows: Sendable {
    var entries: [KeyTable.Entry] = []
    var met: [Int] = []
}

extension SegmentReader {
    /// The rows of a chunk that have a key and count.
    fileprivate func keyedRows(_ chunk: Chunk, range: EventRange, filter: RowFilter) async throws -> KeyedRows {
        let open = try await open(chunk.segment)
        var result = KeyedRows()
        let needsIDs = if case .changes = filter { true } else { false }
        let dropped: [Int] = if case .rows(let rows) = filter { rows } else { [] }
        guard let columns = try await open.keys(rowGroup: chunk.rowGroup, withIDs: needsIDs) else { return result }
        let (after, through) = (range.after.microseconds, range.through.microseconds)
        var batchID = chunk.segment.batchID ?? .zero
        var lastView: ByteView?
        var next = dropped.partitioningIndex { $0 >= chunk.firstRow }
        result.entries.reserveCapacity(columns.timestamps.count)
        unsafe columns.keys.visit { row, key in
            let number = chunk.firstRow + row
            if next < dropped.count, dropped[next] == number {
                next += 1
                return
            }
            let timestamp = columns.timestamps[row]
            if let ids = columns.ids, case .changes(let changes) = filter,
                let change = unsafe ids.withBytes(at: row, { unsafe changes.number(of: $0, at: timestamp) })
            {
                result.met.append(change)
                return
            }
            guard !columns.keys.views[row].isNull, timestamp > after, timestamp <= through else { return }
            if let batchIDs = columns.batchIDs, batchIDs.views[row] != lastView {
                lastView = batchIDs.views[row]
                batchID = batchIDs[row].flatMap { UUIDv7(utf8: $0) } ?? .zero
            }
            let entry = unsafe KeyTable.Entry(
                key: KeyFingerprint(key),
                timestamp: timestamp,
                batchID: batchID,
                segment: UInt32(chunk.rank),
                row: UInt32(number)
            )
            result.entries.append(entry)
        }
        return result
    }
}
