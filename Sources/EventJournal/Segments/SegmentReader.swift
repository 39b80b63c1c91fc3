internal import ObjectStorage
internal import Parquet
internal import Synchronization

/// Reads segments from a store, in as few requests as their size allows.
///
/// A small segment is one get. Of a large one the footer is read first and kept, then the columns and row groups that
/// are needed.
struct SegmentReader: Sendable {
    let store: any ObjectStore
    /// How many segments are read and decoded at once.
    let parallelism: Int
    /// How many requests are made side by side: more than there are processors where they mostly wait.
    let requests: Int
    /// Whether the store is behind a network, so that a request takes longer than the decoding of what it brings.
    let isFar: Bool
    /// What is fetched before it is asked for; ``readingAhead()`` makes it.
    private(set) var ahead: ReadAhead?
    private let footers = FooterCache()
    /// Checkpoints in the footers met.
    let notes = CheckpointNotes()

    /// So much is read from the end of a large object, which holds all but the longest footers.
    private static let footerBytes = 64 << 10
    /// Objects up to this size are read whole, if their payload fits one row group.
    private static let wholeObjectBytes = 1 << 20

    init(store: any ObjectStore, parallelism: Int) {
        self.store = store
        self.parallelism = parallelism
        isFar = store.location.contains("://")
        requests = isFar ? max(parallelism, SegmentReader.farRequests) : parallelism
    }

    /// A connection to S3 carries some 80 MB/s, so together they carry more than is decoded in that time.
    private static let farRequests = 16

    /// The same reader with requests of its own that run ahead, where requests are slow; for one replay.
    func readingAhead() -> SegmentReader {
        guard isFar else { return self }
        var reader = self
        reader.ahead = ReadAhead(store: store, requests: requests)
        return reader
    }

    /// The ids of all rows of a segment.
    func ids(of segment: Segment) async throws -> ByteArrays { try await open(segment).ids() }

    /// A segment in pieces that can be read one by one.
    ///
    /// Cost: none for a small segment, whose name says all; one get or two for a large one not met before.
    func chunks(of segment: Segment, rank: Int) async throws -> [Chunk] {
        if let groups = segment.rowGroups { return segment.chunks(groups, rank: rank) }
        if SegmentReader.isSmall(segment) { return [segment.chunk(rank: rank)] }
        return try await open(segment).chunks(rank: rank)
    }

    /// The chunks of a segment if they are known without asking the store.
    func knownChunks(of segment: Segment, rank: Int) throws -> [Chunk]? {
        if let groups = segment.rowGroups { return segment.chunks(groups, rank: rank) }
        if SegmentReader.isSmall(segment) { return [segment.chunk(rank: rank)] }
        return try footers[segment]?.chunks(rank: rank)
    }

    /// Reads side by side the footers that the first of some segments will need, where requests are slow.
    ///
    /// What is wrong with one of them is told when it is its turn: ``chunks(of:rank:)`` asks again then.
    func prepare(_ segments: some Sequence<Segment>) async throws {
        guard isFar else { return }
        let closed = segments.prefix(4 * requests)
            .filter { $0.rowGroups == nil && !SegmentReader.isSmall($0) && footers[$0] == nil }
            .prefix(requests)
        if closed.count < 2 { return }
        _ = try await mapConcurrently(Array(closed), limit: requests) { segment in
            do {
                _ = try await open(segment)
                return true
            } catch is JournalError {
                return false
            }
        }
    }

    /// The places of its object that reading a whole chunk asks for, where requests run ahead; none if unknown.
    func places(of chunk: Chunk) throws -> [ReadAhead.Place] {
        let segment = chunk.segment
        if SegmentReader.isSmall(segment) {
            return [ReadAhead.Place(key: segment.key, range: nil, bytes: segment.objectBytes)]
        }
        if let open = footers[segment] {
            guard chunk.rowGroup < open.file.metadata.rowGroups.count else { return [] }
            return try open.eventRanges(rowGroup: chunk.rowGroup)
                .map { ReadAhead.Place(key: segment.key, range: $0, bytes: $0.count) }
        }
        guard let groups = segment.rowGroups, chunk.rowGroup < groups.count else { return [] }
        let place = groups[chunk.rowGroup]
        let range = place.offset..<(place.offset + place.bytes)
        return [ReadAhead.Place(key: segment.key, range: range, bytes: range.count)]
    }

    /// The rows of a chunk between two positions, without those that do not count.
    ///
    /// - Parameters:
    ///   - chunk: What to read.
    ///   - window: Between which positions.
    ///   - filter: Which rows do not count.
    ///   - withBatchIDs: Whether rows of one moment may have to be told apart by their append.
    /// - Returns: The rows in their order; none at all is possible.
    /// - Throws: ``JournalError``, by what is wrong with the segment or the store.
    func part(
        _ chunk: Chunk,
        of window: ReplayWindow,
        filter: RowFilter,
        withBatchIDs: Bool
    ) async throws -> ReplayPart {
        let (open, rowGroup) = try await open(chunk)
        var part = ReplayPart(rank: chunk.rank, firstRow: chunk.firstRow, batches: [])
        if case .foreign = chunk.segment.kind {
            let rows = try await open.sortedRows(rowGroup: rowGroup)
            let range = chunk.rows(of: RowOrder(rows), after: window.after, through: window.through)
            part.firstRow += range.lowerBound
            part.batches = range.isEmpty ? [] : [rows.selecting(range)]
        } else {
            var rows: Range<Int>?
            if chunk.firstPosition <= window.after || chunk.lastPosition > window.through {
                let order = try await open.order(rowGroup: rowGroup, inside: chunk.isParted(by: window))
                rows = chunk.rows(of: order, after: window.after, through: window.through)
            }
            if let rows, rows.isEmpty { return part }
            part.batches = try await open.events(
                rowGroup: rowGroup,
                rows: rows,
                withBatchIDs: withBatchIDs
            )
            if let rows, rows.count * 2 < chunk.rows { part.batches = part.batches.map { $0.compacted() } }
            part.firstRow += rows?.lowerBound ?? 0
            try check(part.batches, chunk)
        }
        filter.apply(to: &part)
        return part
    }

    /// Where the rows of a chunk that belong to a window stand in the order of replay.
    ///
    /// Cost: as ``part(_:of:filter:withBatchIDs:)``, but only timestamps and batch ids are decoded.
    func positions(_ chunk: Chunk, of window: ReplayWindow) async throws -> [ReplayPosition] {
        let (open, rowGroup) = try await open(chunk)
        let order: RowOrder
        if case .foreign = chunk.segment.kind {
            order = RowOrder(try await open.sortedRows(rowGroup: rowGroup))
        } else {
            order = try await open.order(rowGroup: rowGroup, inside: true)
        }
        return chunk.rows(of: order, after: window.after, through: window.through).map { order.position($0, chunk) }
    }

    /// The segment of a chunk, which must have it, and the number of the row group there.
    ///
    /// Where requests are slow and the catalog says where the row group is, that alone is read, in one get without the
    /// footer.
    private func open(_ chunk: Chunk) async throws -> (open: OpenSegment, rowGroup: Int) {
        if isFar, chunk.segment.rowGroups != nil, !SegmentReader.isSmall(chunk.segment), footers[chunk.segment] == nil {
            let (open, number) = try await rowGroup(chunk.rowGroup, of: chunk.segment)
            return (open, number)
        }
        let open = try await open(chunk.segment)
        guard chunk.rowGroup < open.file.metadata.rowGroups.count,
            open.file.metadata.rowGroups[chunk.rowGroup].rowCount == chunk.rows
        else { throw chunk.segment.damaged("its row groups are not those its name or footer promised") }
        return (open, chunk.rowGroup)
    }

    /// One event of a segment of the inbox.
    private func event(at reference: RowReference) async throws -> Event {
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

    /// One row group of a segment of the catalog, as a file with nothing else: one get where the catalog says where it
    /// is.
    ///
    /// The pages have checksums, which are checked; what the catalog says of the group is checked against them.
    ///
    /// - Returns: The file, and the number of the group in it.
    /// - Throws: ``JournalError``, by what is wrong with the segment or the store.
    func rowGroup(_ number: Int, of segment: Segment) async throws -> (open: OpenSegment, number: Int) {
        guard let place = segment.rowGroups?[number] else { return (try await open(segment), number) }
        do {
            let source = ObjectRanges(store: store, key: segment.key, ahead: ahead)
            let bytes = try await source.read([place.offset..<(place.offset + place.bytes)])[0]
            let file = ParquetFile(metadata: place.metadata, bytes: bytes)
            return (try OpenSegment(rowGroup: file, of: segment, source: source), 0)
        } catch {
            throw segment.explaining(error)
        }
    }

    /// One event, wherever it is.
    func event(at place: EventPlace) async throws -> Event {
        switch place {
        case .inbox(let reference): try await event(at: reference)
        case .catalog(let row): try await event(at: row)
        }
    }

    /// One event of the catalog.
    private func event(at row: CatalogRow) async throws -> Event {
        let (open, number) = try await rowGroup(row.rowGroup, of: row.segment)
        let batches = try await open.events(rowGroup: number, rows: row.row..<(row.row + 1))
        guard let batch = batches.first(where: { !$0.isEmpty }) else {
            throw row.segment.damaged("row group \(row.rowGroup) has no row \(row.row)")
        }
        return batch[0]
    }

    /// Reads every byte of a segment and compares it with the checksum in its name.
    func checkBytes(of segment: Segment) async throws {
        // A small one is checked whenever it is opened.
        if SegmentReader.isSmall(segment) { return }
        do {
            let bytes = try await store.get(segment.key, range: nil).bytes
            guard segment.checksum?.matchesObject(bytes) != false else {
                throw segment.damaged("its bytes do not match their checksum")
            }
        } catch {
            throw segment.explaining(error)
        }
    }

    /// Reads a segment's footer, or the whole object when it is small.
    func open(_ segment: Segment) async throws -> OpenSegment {
        let source = ObjectRanges(store: store, key: segment.key, ahead: ahead)
        if let open = footers[segment] { return open.reading(from: source) }
        let isSmall = SegmentReader.isSmall(segment)
        do {
            // Checked before it is parsed: a flipped bit must not pass for a feature of a later version.
            func check(_ tail: [UInt8]) throws {
                guard let checksum = segment.checksum else { return }
                guard isSmall ? checksum.matchesObject(tail) : checksum.matchesFooter(of: tail) else {
                    throw segment.damaged("its \(isSmall ? "bytes do" : "footer does") not match the checksum")
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
            file.verifiesChecksums = !isSmall || segment.checksum == nil
            let open = try OpenSegment(segment, file: file, source: source)
            // Which other replays may find: what this one fetched ahead is not for them.
            if !isSmall { footers[segment] = open.reading(from: ObjectRanges(store: store, key: segment.key)) }
            if case .appended(let batchID) = segment.kind { notes.note(try open.checkpoints(), of: batchID) }
            return open
        } catch {
            throw segment.explaining(error)
        }
    }

    private static func isSmall(_ segment: Segment) -> Bool {
        segment.objectBytes <= wholeObjectBytes && segment.payloadBytes <= SegmentWriter.rowGroupPayloadBytes
            && segment.events <= SegmentWriter.rowGroupEvents
    }

    private func check(_ batches: [EventBatch], _ chunk: Chunk) throws {
        var last = Int64.min
        for batch in batches {
            for timestamp in batch.timestamps {
                guard timestamp >= last else { throw chunk.segment.damaged("its timestamps do not ascend") }
                last = timestamp
            }
        }
    }
}

extension Segment {
    /// A small segment as a chunk.
    fileprivate func chunk(rank: Int) -> Chunk {
        Chunk(
            segment: self,
            rank: rank,
            rowGroup: 0,
            firstRow: 0,
            rows: events,
            first: first.microseconds,
            last: last.microseconds,
            payloadBytes: payloadBytes
        )
    }
}

/// Parts of an object.
struct ObjectRanges: Sendable {
    let store: any ObjectStore
    let key: String
    /// What may have been fetched already.
    var ahead: ReadAhead?

    /// The last bytes, or all of them.
    func tail(_ count: Int?) async throws -> GetResult {
        if count == nil, let fetched = try await ahead?.take(key, nil) { return fetched }
        return try await store.get(key, range: count.map { .suffix(UInt64($0)) })
    }

    /// Several parts, side by side.
    func read(_ ranges: [Range<Int>]) async throws -> [[UInt8]] {
        try await mapConcurrently(ranges, limit: 8) { range in
            let wanted = ByteRange.range(UInt64(range.lowerBound)..<UInt64(range.upperBound))
            let fetched = try await ahead?.take(key, range)
            let bytes = if let fetched { fetched.bytes } else { try await store.get(key, range: wanted).bytes }
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
        var entries: [String: OpenSegment] = [:]
        var order: [String] = []
    }
    private let state = Mutex(State())
    /// A footer takes some 10 KiB in memory.
    private let capacity = 1024

    subscript(segment: Segment) -> OpenSegment? {
        get { state.withLock { $0.entries[segment.key] } }
        set {
            state.withLock { state in
                guard let newValue, state.entries.updateValue(newValue, forKey: segment.key) == nil else { return }
                state.order.append(segment.key)
                if state.order.count > capacity { state.entries[state.order.removeFirst()] = nil }
            }
        }
    }
}
