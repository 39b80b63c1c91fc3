internal import CSimdJSON
internal import Parquet

/// Turns batches into segments.
struct SegmentWriter: Sendable {
    /// The layout, checked once for all segments; a failure here is a failure of every ``encode(_:batchID:)``.
    private let plan: Result<WriterPlan, ParquetError>
    /// A row group is closed when its payloads reach this many bytes: the unit replay reads and holds.
    static let rowGroupPayloadBytes = 16 << 20
    /// A row group is closed at this many events, however small.
    static let rowGroupEvents = 128 << 10

    /// - Parameter compressionLevel: zstd's, 1 to 22.
    init(compressionLevel: Int) {
        plan = Result { () throws(ParquetError) in
            try WriterPlan(schema: SegmentColumn.schema, options: SegmentWriter.options(compressionLevel))
        }
    }

    private static func options(_ compressionLevel: Int) -> WriterOptions {
        var options = WriterOptions(
            compression: .zstd(level: compressionLevel),
            sortingColumns: [SortingColumn(column: SegmentColumn.timestamp.rawValue)]
        )
        let plain = ColumnOptions(encoding: .plain)
        options.columns = [
            SegmentColumn.eventID.name: ColumnOptions(encoding: .plain, bloomFilter: .init(minimumRowCount: 64)),
            SegmentColumn.timestamp.name: ColumnOptions(encoding: .deltaBinaryPacked),
            SegmentColumn.sequence.name: ColumnOptions(encoding: .plain),
            SegmentColumn.data.name: ColumnOptions(encoding: .plain, statistics: false),
            SegmentColumn.dataBytes.name: plain,
        ]
        return options
    }

    /// Describes and encodes one batch as a segment.
    ///
    /// - Parameters:
    ///   - batch: Valid and not empty; in any order.
    ///   - batchID: The segment's name.
    ///   - checkpoints: How far shards of streams are archived with it.
    /// - Returns: The segment and the bytes of its object.
    /// - Throws: `ParquetError` when the compression level is out of range.
    ///
    /// A batch with ``EventBatch/operations`` becomes a segment of changes.
    func encode(
        _ batch: EventBatch,
        batchID: UUIDv7,
        checkpoints: [StreamCheckpoint] = []
    ) throws -> (segment: Segment, bytes: [UInt8]) {
        let batch = batch.sortedByTimestamp()
        var writer = ParquetWriter(try plan.get())
        let batchText = batchID.text
        for rows in rowGroups(of: batch) { try writer.writeRowGroup(columns(of: batch, rows: rows, batchText)) }
        var metadata = [
            KeyValue(SegmentMetadata.format, SegmentMetadata.currentFormat),
            KeyValue(SegmentMetadata.batchID, batchID.description),
        ]
        if !checkpoints.isEmpty {
            let text = StreamCheckpoints.text(checkpoints, withBatches: false)
            metadata.append(KeyValue(StreamCheckpoints.name, text))
        }
        let bytes = writer.finish(keyValueMetadata: metadata)
        let segment = Segment(
            batchID: batchID,
            isChanges: batch.operations != nil,
            first: Timestamp(microseconds: batch.timestamps[0]),
            last: Timestamp(microseconds: batch.timestamps[batch.count - 1]),
            events: batch.count,
            payloadBytes: batch.payloads.payloadBytes,
            checksum: SegmentChecksum(of: bytes),
            objectBytes: bytes.count
        )
        return (segment, bytes)
    }

    /// Cuts a batch where a row group is full.
    private func rowGroups(of batch: EventBatch) -> [Range<Int>] {
        var groups: [Range<Int>] = []
        var start = 0
        var bytes = 0
        for (row, view) in batch.payloads.views.enumerated() {
            if row > start,
                bytes + Int(view.length) > SegmentWriter.rowGroupPayloadBytes
                    || row - start >= SegmentWriter.rowGroupEvents
            {
                groups.append(start..<row)
                start = row
                bytes = 0
            }
            bytes += Int(view.length)
        }
        groups.append(start..<batch.count)
        return groups
    }

    private func columns(of batch: EventBatch, rows: Range<Int>, _ batchText: [UInt8]) -> [ColumnData] {
        func nullable(_ column: ByteArrays?) -> ColumnData {
            guard let column else { return .nulls(count: rows.count, of: .byteArray) }
            return ColumnData(nullable: ByteArrays(buffers: column.buffers, views: Array(column.views[rows])))
        }
        let (text, binary) = splitPayloads(batch.payloads, rows: rows)
        return [
            ColumnData(.bytes(ByteArrays(buffers: batch.ids.buffers, views: Array(batch.ids.views[rows])))),
            ColumnData(.int64(Array(batch.timestamps[rows]))),
            nullable(batch.keys), nullable(batch.sources), nullable(batch.sequences),
            text, binary, ColumnData(.bytes(.repeating(batchText, count: rows.count))),
            operations(of: batch, rows: rows),
        ]
    }

    private func operations(of batch: EventBatch, rows: Range<Int>) -> ColumnData {
        let all = batch.operations
        let texts = [Operation.put, .update, .delete].map(\.text)
        let views = rows.map { row in
            let operation = all?[row] ?? .put
            return ByteView(
                buffer: UInt32(operation.rawValue),
                offset: 0,
                length: UInt32(texts[Int(operation.rawValue)].count)
            )
        }
        return ColumnData(.bytes(ByteArrays(buffers: texts, views: views)))
    }

    /// Payloads that are UTF-8 into one column, the others into another, so that every engine can read the first as
    /// text.
    private func splitPayloads(_ payloads: ByteArrays, rows: Range<Int>) -> (text: ColumnData, binary: ColumnData) {
        var text = ByteArrays(buffers: payloads.buffers, views: Array(payloads.views[rows]))
        var binary: [(row: Int, view: ByteView)] = []
        unsafe text.visit { index, bytes in
            if unsafe !UTF8Validation.isValid(bytes) { binary.append((index, text.views[index])) }
        }
        for (row, _) in binary { text.views[row] = .null }
        if binary.isEmpty { return (ColumnData(nullable: text), .nulls(count: rows.count, of: .byteArray)) }
        var others = ByteArrays(buffers: payloads.buffers, views: Array(repeating: .null, count: rows.count))
        for (row, view) in binary { others.views[row] = view }
        return (ColumnData(nullable: text), ColumnData(nullable: others))
    }
}

/// Whether bytes are text.
enum UTF8Validation {
    /// Whether all bytes are well-formed UTF-8 (Unicode 15 section 3.9, table 3-7), by simdjson's validator.
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let text = unsafe bytes.bindMemory(to: CChar.self)
        return unsafe text.isEmpty || hw_validate_utf8(text.baseAddress, text.count)
    }
}
