internal import ObjectStorage
internal import Parquet
internal import Synchronization

/// Reads segments from a store, in as few requests as their size allows.
///
/// A small segment is one get. Of a large one the footer is read first and kept, then the columns and row groups that are
/// needed.
struct SegmentReader: Sendable {
    let store: any ObjectStore
    /// How many segments are read and decoded at once.
    let parallelism: Int
    private let footers = FooterCache()

    /// So much is read from the end of a large object, which holds all but the longest footers.
    private static let footerBytes = 64 << 10
    /// Objects up to this size are read whole, if their payload fits one row group.
    private static let wholeObjectBytes = 1 << 20

    init(store: any ObjectStore, parallelism: Int) {
        self.store = store
        self.parallelism = parallelism
    }

    /// The ids of all rows of a segment.
    func ids(of segment: Segment) async throws -> ByteArrays { try await open(segment).ids() }

    /// A segment in pieces that can be read one by one.
    ///
    /// Cost: none for a small segment, whose name says all; one get or two for a large one not met before.
    func chunks(of segment: Segment, rank: Int) async throws -> [Chunk] {
        if SegmentReader.isSmall(segment) {
            return [
                Chunk(
                    segment: segment,
                    rank: rank,
                    rowGroup: 0,
                    firstRow: 0,
                    rows: segment.events,
                    first: segment.first.microseconds,
                    last: segment.last.microseconds,
                    payloadBytes: segment.payloadBytes
                )
            ]
        }
        return try await open(segment).chunks(rank: rank)
    }

    /// The rows of a chunk between two positions, without those that do not count.
    ///
    /// - Parameters:
    ///   - chunk: What to read.
    ///   - window: Between which positions.
    ///   - dropped: Rows of the segment to leave out, ascending.
    /// - Returns: The rows in their order; none at all is possible.
    /// - Throws: ``JournalError``, by what is wrong with the segment or the store.
    func part(_ chunk: Chunk, of window: ReplayWindow, dropped: [Int]) async throws -> ReplayPart {
        let open = try await open(chunk)
        var rows: Range<Int>?
        if chunk.firstPosition <= window.after || chunk.lastPosition > window.through {
            let timestamps = try await open.timestamps(rowGroup: chunk.rowGroup)
            rows = chunk.rows(of: timestamps, after: window.after, through: window.through)
        }
        if let rows, rows.isEmpty { return ReplayPart(rank: chunk.rank, firstRow: chunk.firstRow, batches: []) }
        var batches = try await open.events(rowGroup: chunk.rowGroup, rows: rows)
        if let rows, rows.count * 2 < chunk.rows { batches = batches.map { $0.compacted() } }
        let firstRow = chunk.firstRow + (rows?.lowerBound ?? 0)
        try check(batches, chunk, ascending: true)
        return ReplayPart(
            rank: chunk.rank,
            firstRow: firstRow,
            batches: SegmentReader.drop(dropped, from: batches, firstRow: firstRow)
        )
    }

    /// Where the rows of a chunk that belong to a window stand in the order of replay.
    ///
    /// Cost: as ``part(_:of:dropped:)``, but only timestamps are decoded.
    func positions(_ chunk: Chunk, of window: ReplayWindow) async throws -> [ReplayPosition] {
        let timestamps = try await open(chunk).timestamps(rowGroup: chunk.rowGroup)
        return chunk.rows(of: timestamps, after: window.after, through: window.through)
            .map { row in
                ReplayPosition(timestamp: timestamps[row], rank: chunk.rank, row: chunk.firstRow + row)
            }
    }

    /// The segment of a chunk, which must have it.
    private func open(_ chunk: Chunk) async throws -> OpenSegment {
        let open = try await open(chunk.segment)
        guard chunk.rowGroup < open.file.metadata.rowGroups.count,
            open.file.metadata.rowGroups[chunk.rowGroup].rowCount == chunk.rows
        else { throw chunk.segment.damaged("its row groups are not those its name or footer promised") }
        return open
    }

    /// One event of a segment.
    func event(at reference: RowReference) async throws -> Event {
        let open = try await open(reference.segment)
        var firstRow = 0
        for (number, group) in open.file.metadata.rowGroups.enumerated() {
            let row = reference.row - firstRow
            if row < group.rowCount {
                let batches = try await open.events(rowGroup: number, rows: row..<(row + 1))
                guard let batch = batches.first(where: { !$0.isEmpty }) else { break }
                return batch[0]
            }
            firstRow += group.rowCount
        }
        throw reference.segment.damaged("it has no row \(reference.row)")
    }

    /// Reads every byte of a segment and compares it with the checksum in its name.
    func checkBytes(of segment: Segment) async throws {
        // A small one is checked whenever it is opened.
        if SegmentReader.isSmall(segment) { return }
        do {
            let bytes = try await store.get(segment.key, range: nil).bytes
            guard segment.checksum.matchesObject(bytes) else {
                throw segment.damaged("its bytes do not match the checksum in its name")
            }
        } catch {
            throw segment.explaining(error)
        }
    }

    /// Reads a segment's footer, or the whole object when it is small.
    func open(_ segment: Segment) async throws -> OpenSegment {
        if let open = footers[segment] { return open }
        let source = ObjectRanges(store: store, key: segment.key)
        let isSmall = SegmentReader.isSmall(segment)
        do {
            // Checked before it is parsed: a flipped bit must not pass for a feature of a later version.
            func check(_ tail: [UInt8]) throws {
                guard isSmall ? segment.checksum.matchesObject(tail) : segment.checksum.matchesFooter(of: tail) else {
                    throw segment.damaged(
                        "its \(isSmall ? "bytes do" : "footer does") not match the checksum in its name"
                    )
                }
            }
            let result = try await source.tail(isSmall ? nil : SegmentReader.footerBytes)
            guard result.metadata.size == UInt64(segment.objectBytes) else {
                throw segment.damaged("it has \(result.metadata.size) bytes, \(segment.objectBytes) were written")
            }
            var tail = result.bytes
            if isSmall || SegmentChecksum.footerBytes(of: tail) <= tail.count { try check(tail) }
            var opening = try ParquetFile.open(tail: tail, fileByteCount: segment.objectBytes)
            if case .needsTail(let count) = opening {
                tail = try await source.tail(count).bytes
                try check(tail)
                opening = try ParquetFile.open(tail: tail, fileByteCount: segment.objectBytes)
            }
            guard case .opened(var file) = opening else { throw segment.damaged("its footer is longer than it says") }
            // The whole object was just checked; its pages need not be once more.
            file.verifiesChecksums = !isSmall
            let open = try OpenSegment(segment, file: file, source: source)
            if !isSmall { footers[segment] = open }
            return open
        } catch {
            throw segment.explaining(error)
        }
    }

    private static func isSmall(_ segment: Segment) -> Bool {
        segment.objectBytes <= wholeObjectBytes && segment.payloadBytes <= SegmentWriter.rowGroupPayloadBytes
            && segment.events <= SegmentWriter.rowGroupEvents
    }

    private func check(_ batches: [EventBatch], _ chunk: Chunk, ascending: Bool) throws {
        var last = Int64.min
        for batch in batches {
            for timestamp in batch.timestamps {
                guard timestamp >= last else { throw chunk.segment.damaged("its timestamps do not ascend") }
                last = timestamp
            }
        }
    }

    private static func drop(_ dropped: [Int], from batches: [EventBatch], firstRow: Int) -> [EventBatch] {
        if dropped.isEmpty { return batches.filter { !$0.isEmpty } }
        let dropped = Set(dropped)
        var start = firstRow
        return batches.compactMap { batch in
            defer { start += batch.count }
            let kept = (0..<batch.count).filter { !dropped.contains(start + $0) }
            if kept.isEmpty { return nil }
            return kept.count == batch.count ? batch : batch.selecting(kept)
        }
    }
}

extension Chunk {
    /// The rows of the chunk behind one position and up to another.
    fileprivate func rows(
        of timestamps: [Int64],
        after: ReplayPosition,
        through: ReplayPosition
    ) -> Range<Int> {
        func firstRow(behind position: ReplayPosition) -> Int {
            var low = 0
            var high = timestamps.count
            while low < high {
                let middle = (low + high) / 2
                let there = ReplayPosition(timestamp: timestamps[middle], rank: rank, row: self.firstRow + middle)
                if there <= position { low = middle + 1 } else { high = middle }
            }
            return low
        }
        let lower = firstRow(behind: after)
        return lower..<max(lower, firstRow(behind: through))
    }
}

/// Parts of an object.
struct ObjectRanges: Sendable {
    let store: any ObjectStore
    let key: String

    /// The last bytes, or all of them.
    func tail(_ count: Int?) async throws -> GetResult {
        try await store.get(key, range: count.map { .suffix(UInt64($0)) })
    }

    /// Several parts, side by side.
    func read(_ ranges: [Range<Int>]) async throws -> [[UInt8]] {
        try await mapConcurrently(ranges, limit: 8) { range in
            let bytes = try await store.get(key, range: .range(UInt64(range.lowerBound)..<UInt64(range.upperBound)))
                .bytes
            guard bytes.count == range.count else {
                throw ObjectStoreError(.invalidRange, "\(key) ends before byte \(range.upperBound)")
            }
            return bytes
        }
    }
}

/// Footers of large segments, so that each is read once; the oldest make room.
private final class FooterCache: Sendable {
    private struct State {
        var entries: [UUIDv7: OpenSegment] = [:]
        var order: [UUIDv7] = []
    }
    private let state = Mutex(State())
    /// A footer takes some 10 KiB in memory.
    private let capacity = 1024

    subscript(segment: Segment) -> OpenSegment? {
        get { state.withLock { $0.entries[segment.batchID] } }
        set {
            state.withLock { state in
                guard let newValue, state.entries.updateValue(newValue, forKey: segment.batchID) == nil else { return }
                state.order.append(segment.batchID)
                if state.order.count > capacity { state.entries[state.order.removeFirst()] = nil }
            }
        }
    }
}
