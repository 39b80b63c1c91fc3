internal import ObjectStorage
internal import Parquet

/// A segment whose footer has been read and checked, ready to be decoded in part or whole.
struct OpenSegment: Sendable {
    let segment: Segment
    let file: ParquetFile
    private var source: ObjectRanges
    /// Column of the file for each of ours; `nil` where the file lacks an optional one.
    private let columns: [Int?]

    /// Checks that a file is the segment its name says.
    ///
    /// - Throws: ``JournalError/Code/damagedSegment`` or ``JournalError/Code/unsupportedSegment``.
    init(_ segment: Segment, file: ParquetFile, source: ObjectRanges) throws {
        self.segment = segment
        self.file = file
        self.source = source
        let metadata = file.metadata
        if segment.kind != .foreign { try OpenSegment.checkFormat(segment, metadata) }
        guard metadata.rowCount == segment.events else {
            throw segment.damaged(
                "its name or the catalog says \(segment.events) events, its footer \(metadata.rowCount)"
            )
        }
        columns = SegmentColumn.allCases.map { column in
            metadata.schema.columns.firstIndex { $0.path == [column.name] }
        }
        for column in [SegmentColumn.eventID, .timestamp, .data] where columns[column.rawValue] == nil {
            throw segment.damaged("it has no column \(column.name)")
        }
        if case .appended = segment.kind { try checkOperations() }
    }

    /// How far shards of streams are archived with it.
    ///
    /// - Throws: ``JournalError/Code/damagedSegment``.
    func checkpoints() throws -> [StreamCheckpoint] {
        guard let text = file.metadata.value(StreamCheckpoints.name) else { return [] }
        guard let checkpoints = StreamCheckpoints(text, batchID: segment.batchID) else {
            throw segment.damaged("its footer has checkpoints of streams that cannot be read: \(text.prefix(200))")
        }
        return checkpoints.all
    }

    /// A row group of a compacted segment alone.
    init(rowGroup file: ParquetFile, of segment: Segment, source: ObjectRanges) throws {
        self.segment = segment
        self.file = file
        self.source = source
        columns = SegmentColumn.allCases.map { column in
            file.schema.columns.firstIndex { $0.path == [column.name] }
        }
    }

    private static func checkFormat(_ segment: Segment, _ metadata: FileMetadata) throws {
        let format = metadata.value(SegmentMetadata.format)
        guard let format else { throw segment.damaged("it is a Parquet file but not a segment (no highwater.format)") }
        guard format == SegmentMetadata.currentFormat else {
            throw JournalError(
                .unsupportedSegment,
                "The segment \(segment.key) has format \(format); this version reads \(SegmentMetadata.currentFormat). "
                    + "Update Highwater.",
                object: segment.key
            )
        }
        guard metadata.value(SegmentMetadata.batchID) == segment.batchID?.description else {
            throw segment.damaged("its name and its footer disagree on the batch id; was the object renamed?")
        }
    }

    /// The row groups as chunks.
    ///
    /// - Throws: ``JournalError/Code/damagedSegment`` when the footer lacks the range of timestamps.
    func chunks(rank: Int) throws -> [Chunk] {
        var firstRow = 0
        return try file.metadata.rowGroups.enumerated()
            .map { number, group in
                defer { firstRow += group.rowCount }
                guard let statistics = statistics(.timestamp, rowGroup: number),
                    let first = statistics.minimum.flatMap(Int64.init(littleEndian:)),
                    let last = statistics.maximum.flatMap(Int64.init(littleEndian:)), first <= last
                else { throw segment.damaged("row group \(number) has no range of timestamps in the footer") }
                let payload = group.columns.indices.reduce(0) { sum, column in
                    column == columns[SegmentColumn.data.rawValue]
                        || column == columns[SegmentColumn.dataBytes.rawValue]
                        ? sum
                            + (group.columns[column].unencodedByteArrayByteCount
                                ?? group.columns[column].uncompressedByteCount)
                        : sum
                }
                return Chunk(
                    segment: segment,
                    rank: rank,
                    rowGroup: number,
                    firstRow: firstRow,
                    rows: group.rowCount,
                    first: first,
                    last: last,
                    payloadBytes: payload
                )
            }
    }

    /// The ids of all rows.
    func ids() async throws -> ByteArrays {
        var ids = ByteArrays()
        for group in file.metadata.rowGroups.indices {
            let some = try await self.ids(rowGroup: group)
            ids.append(sharing: some, rows: 0..<some.count)
        }
        guard ids.count == segment.events else { throw segment.damaged("it has \(ids.count) ids") }
        return ids
    }

    /// The timestamps of all rows.
    func timestamps() async throws -> [Int64] {
        var all: [Int64] = []
        for group in file.metadata.rowGroups.indices { all += try await timestamps(rowGroup: group) }
        return all
    }

    /// The timestamps of a row group.
    func timestamps(rowGroup: Int) async throws -> [Int64] {
        var timestamps: [Int64] = []
        try await decode(rowGroup: rowGroup, rows: nil, [.timestamp]) { columns, _ in
            timestamps.append(contentsOf: try integers(columns[0]))
        }
        return timestamps
    }

    /// Events of a row group, as batches that end where pages do.
    ///
    /// - Parameters:
    ///   - rowGroup: The number of the row group.
    ///   - rows: Which, counted from the row group's first; `nil` for all.
    ///   - withBatchIDs: Whether to read in which append each row arrived.
    /// - Returns: Batches in the order of the rows.
    /// - Throws: ``JournalError``, by what is wrong with the segment or the store.
    func events(rowGroup: Int, rows: Range<Int>?, withBatchIDs: Bool = false) async throws -> [EventBatch] {
        let optional = optionalColumns(rowGroup: rowGroup, withBatchIDs: withBatchIDs)
        let wanted = [SegmentColumn.eventID, .timestamp] + optional
        var batches: [EventBatch] = []
        try await decode(rowGroup: rowGroup, rows: rows, wanted) { decoded, count in
            var batch = EventBatch(
                timestamps: try integers(decoded[1]),
                ids: try bytes(decoded[0], .eventID),
                payloads: ByteArrays(buffers: [], views: [])
            )
            var text: ByteArrays?
            var binary: ByteArrays?
            for (column, data) in zip(optional, decoded.dropFirst(2)) {
                let values = try bytes(data, column)
                guard values.count == count else { throw segment.damaged("column \(column.name) has missing rows") }
                switch column {
                case .key: batch.keys = values
                case .source: batch.sources = values
                case .sequence: batch.sequences = values
                case .data: text = values
                case .batchID: batch.batchIDs = values
                case .op: batch.operations = try operations(values)
                default: binary = values
                }
            }
            if withBatchIDs { try addBatchIDs(to: &batch, count: count) }
            batch.payloads = try payloads(text, binary, count: count)
            guard batch.timestamps.count == count, batch.ids.count == count else {
                throw segment.damaged("its columns have different lengths")
            }
            batches.append(batch)
        }
        return batches
    }

    /// Which parts of the object ``events(rowGroup:rows:withBatchIDs:)`` fetches for all rows, without batch ids.
    func eventRanges(rowGroup: Int) throws -> [Range<Int>] {
        let wanted = [SegmentColumn.eventID, .timestamp] + optionalColumns(rowGroup: rowGroup, withBatchIDs: false)
        do {
            return try file.plan(rowGroup: rowGroup, columns: wanted.compactMap { columns[$0.rawValue] }).ranges
        } catch {
            throw segment.explaining(error)
        }
    }

    /// The same segment, its object read in another way.
    func reading(from source: ObjectRanges) -> OpenSegment {
        var open = self
        open.source = source
        return open
    }

    /// The columns of events beside id and time; one without a value in the whole row group need not be read.
    private func optionalColumns(rowGroup: Int, withBatchIDs: Bool) -> [SegmentColumn] {
        var candidates: [SegmentColumn] = [.key, .source, .sequence, .data, .dataBytes]
        if withBatchIDs, segment.isInCatalog { candidates.append(.batchID) }
        if segment.isChanges { candidates.append(.op) }
        return candidates.filter { column in
            guard let index = columns[column.rawValue] else { return false }
            let group = file.metadata.rowGroups[rowGroup]
            return group.columns[index].statistics?.nullCount != group.rowCount || group.rowCount == 0
        }
    }

    /// The batch ids of a row group, as their texts.
    ///
    /// - Throws: ``JournalError``, by what is wrong with the segment or the store.
    func batchIDs(rowGroup: Int) async throws -> ByteArrays {
        if let batchID = segment.batchID {
            return .repeating(batchID.text, count: file.metadata.rowGroups[rowGroup].rowCount)
        }
        var ids = ByteArrays()
        try await decode(rowGroup: rowGroup, rows: nil, [.batchID]) { columns, _ in
            let column = try bytes(columns[0], .batchID)
            ids.append(sharing: column, rows: 0..<column.count)
        }
        return ids
    }

    /// The columns that decide which event of a key is the last.
    struct Keys {
        var keys: ByteArrays
        var timestamps: [Int64] = []
        /// `nil` when all rows have the segment's.
        var batchIDs: ByteArrays?
        var ids: ByteArrays?
    }

    /// The keys of a row group.
    ///
    /// - Returns: `nil` when no row has one and ids are not asked for.
    func keys(rowGroup: Int, withIDs: Bool) async throws -> Keys? {
        // Rows that may be in any order are numbered in that of replay.
        if case .foreign = segment.kind {
            let rows = try await sortedRows(rowGroup: rowGroup)
            guard let keys = rows.keys else { return nil }
            return Keys(keys: keys, timestamps: rows.timestamps, batchIDs: rows.batchIDs, ids: rows.ids)
        }
        let count = file.metadata.rowGroups[rowGroup].rowCount
        guard withIDs || statistics(.key, rowGroup: rowGroup)?.nullCount != count else { return nil }
        var wanted: [SegmentColumn] = [.timestamp, .key]
        if segment.isInCatalog { wanted.append(.batchID) }
        if withIDs { wanted.append(.eventID) }
        guard columns[SegmentColumn.key.rawValue] != nil else { return nil }
        var all = Keys(keys: ByteArrays())
        if segment.isInCatalog { all.batchIDs = ByteArrays() }
        if withIDs { all.ids = ByteArrays() }
        try await decode(rowGroup: rowGroup, rows: nil, wanted) { decoded, count in
            all.timestamps += try integers(decoded[0])
            for (column, data) in zip(wanted, decoded).dropFirst() {
                let values = try bytes(data, column)
                guard values.count == count else { throw segment.damaged("column \(column.name) has missing rows") }
                switch column {
                case .key: all.keys.append(sharing: values, rows: 0..<count)
                case .batchID: all.batchIDs?.append(sharing: values, rows: 0..<count)
                default: all.ids?.append(sharing: values, rows: 0..<count)
                }
            }
        }
        return all
    }

    /// The ids of a row group's rows, of all unless it is said which; only the pages that hold them are decoded.
    func ids(rowGroup: Int, rows: Range<Int>? = nil) async throws -> ByteArrays {
        var ids = ByteArrays()
        try await decode(rowGroup: rowGroup, rows: rows, [.eventID]) { columns, _ in
            let column = try bytes(columns[0], .eventID)
            ids.append(sharing: column, rows: 0..<column.count)
        }
        return ids
    }

    // MARK: - Columns

    private func addBatchIDs(to batch: inout EventBatch, count: Int) throws {
        if let batchID = segment.batchID {
            batch.batchIDs = .repeating(batchID.text, count: count)
        }
        guard let batchIDs = batch.batchIDs, batchIDs.count == count, !batchIDs.views.contains(where: \.isNull) else {
            throw segment.damaged("rows lack a batch id")
        }
    }

    private func operations(_ texts: ByteArrays) throws -> [Operation] {
        try (0..<texts.count)
            .map { row in
                guard let operation = texts[row].flatMap(Operation.init), operation != .put else {
                    throw JournalError(
                        .unsupportedSegment,
                        "Row \(row) of the segment \(segment.key) is neither update nor delete but "
                            + "\(texts.text(at: row) ?? "null"). Update Highwater.",
                        object: segment.key
                    )
                }
                return operation
            }
    }

    /// Exactly one of the two payload columns has a value in each row.
    private func payloads(_ text: ByteArrays?, _ binary: ByteArrays?, count: Int) throws -> ByteArrays {
        guard var payloads = text ?? binary else { throw segment.damaged("it has no payloads") }
        if text != nil, let binary {
            let base = payloads.share(binary)
            for row in 0..<count where !binary.views[row].isNull {
                guard payloads.views[row].isNull else { throw segment.damaged("row \(row) has two payloads") }
                payloads.views[row] = binary.views[row].rebased(base)
            }
        }
        if let row = payloads.views.firstIndex(where: \.isNull) { throw segment.damaged("row \(row) has no payload") }
        return payloads
    }

    private func bytes(_ data: ColumnData, _ column: SegmentColumn) throws -> ByteArrays {
        do {
            return try data.spaced()
        } catch {
            throw segment.damaged("column \(column.name) cannot be read", cause: error)
        }
    }

    private func integers(_ data: ColumnData) throws -> [Int64] {
        guard case .int64(let values) = data.values else { throw segment.damaged("its timestamps are no INT64") }
        return values
    }

    private func statistics(_ column: SegmentColumn, rowGroup: Int) -> Statistics? {
        columns[column.rawValue].flatMap { file.metadata.rowGroups[rowGroup].columns[$0].statistics }
    }

    /// Refuses rows that are more than puts: an update taken for an event would be an event too many.
    private func checkOperations() throws {
        guard columns[SegmentColumn.op.rawValue] != nil else { return }
        for group in file.metadata.rowGroups.indices {
            let statistics = statistics(.op, rowGroup: group)
            guard statistics?.minimum == Operation.put.text, statistics?.maximum == Operation.put.text else {
                throw JournalError(
                    .unsupportedSegment,
                    "The segment \(segment.key) holds operations that do not belong there. Update Highwater.",
                    object: segment.key
                )
            }
        }
    }

    /// Fetches what is not in memory and hands over the columns page by page.
    private func decode(
        rowGroup: Int,
        rows: Range<Int>?,
        _ wanted: [SegmentColumn],
        _ body: (_ columns: [ColumnData], _ count: Int) throws -> Void
    ) async throws {
        do {
            let plan = try file.plan(
                rowGroup: rowGroup,
                columns: wanted.compactMap { columns[$0.rawValue] },
                rows: rows
            )
            let fetched = file.isInMemory ? [] : try await source.read(plan.ranges)
            var decoder = file.isInMemory ? try file.decoder(plan) : try file.decoder(plan, bytes: fetched)
            while let batch = try decoder.next() { try body(batch.columns, batch.rowCount) }
        } catch {
            throw segment.explaining(error)
        }
    }
}

extension FileMetadata {
    /// The value of a key of the footer.
    fileprivate func value(_ key: String) -> String? { keyValueMetadata.first { $0.key == key }?.value }
}

extension Int64 {
    /// Eight bytes as Parquet's statistics have them.
    fileprivate init?(littleEndian bytes: [UInt8]) {
        guard bytes.count == 8 else { return nil }
        self = bytes.reversed().reduce(0) { $0 << 8 | Int64($1) }
    }
}
