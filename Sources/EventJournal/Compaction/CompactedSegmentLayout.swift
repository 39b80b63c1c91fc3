internal import Parquet

/// How compacted segments are laid out.
///
/// Row groups are what one read of one event fetches, pages what it decompresses. Of 128 MiB objects some hundred row
/// groups make a footer of some 100 KiB.
struct CompactedSegmentLayout: Sendable {
    /// zstd's level, 1 to 22.
    var compressionLevel = 3
    /// An object is ended where the timestamp next changes once it has this many bytes.
    var targetObjectBytes = 128 << 20
    /// A row group is ended where the timestamp next changes once its payloads have this many bytes.
    var rowGroupPayloadBytes = 4 << 20
    /// Or once it has so many events, however small.
    var rowGroupEvents = 32 << 10
    /// A page ends with the row that reaches this many bytes.
    ///
    /// A little under 128 KiB, so that most pages stay below: up to there zstd takes other parameters for its level,
    /// and what it makes of 128 KiB is 5 % shorter than what it makes of 256, and only 2 % longer than of 1 MiB.
    var pageBytes = 120 << 10
    /// A page of ids, which do not shrink better for being together, and of which a look-up wants one.
    var idPageBytes = 32 << 10
    /// Columns that are filled from payloads; they stand behind the others.
    var columns: [PromotedColumn] = []

    /// Checks the layout once for all objects.
    ///
    /// - Throws: `ParquetError` when a size is out of range.
    func plan() throws(ParquetError) -> WriterPlan {
        let plain = ColumnOptions(encoding: .plain, statistics: false)
        var options = WriterOptions(
            compression: .zstd(level: compressionLevel),
            pageByteCount: pageBytes,
            sortingColumns: [SortingColumn(column: SegmentColumn.timestamp.rawValue)]
        )
        options.columns = [
            // No Bloom filter: the id index tells more, in fewer bytes.
            SegmentColumn.eventID.name: ColumnOptions(encoding: .plain, pageByteCount: idPageBytes),
            SegmentColumn.timestamp.name: ColumnOptions(encoding: .deltaBinaryPacked),
            SegmentColumn.sequence.name: ColumnOptions(encoding: .plain),
            SegmentColumn.data.name: plain,
            SegmentColumn.dataBytes.name: plain,
        ]
        return try WriterPlan(schema: schema, options: options)
    }

    private var schema: Schema {
        columns.isEmpty
            ? SegmentColumn.compactedSchema
            : Schema(SegmentColumn.compactedSchema.fields + columns.map(\.field))
    }

    /// The columns of a row group.
    ///
    /// - Parameter batch: Its events in replay order, with batch ids.
    /// - Returns: One run of values for each of ``SegmentColumn/compacted``.
    /// - Throws: `ParquetError` when the batch ids are missing.
    static func columns(of batch: EventBatch) throws(ParquetError) -> [ColumnData] {
        guard let batchIDs = batch.batchIDs else {
            throw ParquetError(.invalidArgument, "events without batch ids cannot be compacted")
        }
        return eventColumns(of: batch) + [ColumnData(.bytes(batchIDs))]
    }

    /// The columns that make up the events alone.
    static func eventColumns(of batch: EventBatch, withoutPayloads: Bool = false) -> [ColumnData] {
        func nullable(_ column: ByteArrays?) -> ColumnData {
            guard let column else { return .nulls(count: batch.count, of: .byteArray) }
            return ColumnData(nullable: column)
        }
        let none = ColumnData.nulls(count: batch.count, of: .byteArray)
        let (text, binary) = withoutPayloads ? (none, none) : splitPayloads(batch.payloads)
        return [
            ColumnData(.bytes(batch.ids)), ColumnData(.int64(batch.timestamps)),
            nullable(batch.keys), nullable(batch.sources), nullable(batch.sequences),
            text, binary,
        ]
    }

    /// Payloads that are UTF-8 into one column, the others into another.
    private static func splitPayloads(_ payloads: ByteArrays) -> (text: ColumnData, binary: ColumnData) {
        var text = payloads
        var binary: [Int] = []
        unsafe payloads.visit { row, bytes in if unsafe !UTF8Validation.isValid(bytes) { binary.append(row) } }
        if binary.isEmpty { return (ColumnData(nullable: text), .nulls(count: payloads.count, of: .byteArray)) }
        var others = ByteArrays(buffers: payloads.buffers, views: Array(repeating: .null, count: payloads.count))
        for row in binary {
            others.views[row] = payloads.views[row]
            text.views[row] = .null
        }
        return (ColumnData(nullable: text), ColumnData(nullable: others))
    }
}
