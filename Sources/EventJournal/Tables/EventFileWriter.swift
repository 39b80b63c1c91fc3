internal import Parquet

/// Writes events into a Parquet file that is read once and thrown away: without compression, checksums or Bloom
/// filters.
///
/// Memory: a row group, some 16 MiB of payload, and its encoded form.
package struct EventFileWriter: ~Copyable {
    private var parquet: ParquetWriter
    private var pending = EventBatch()
    private var pendingBytes = 0
    private let evaluator: ColumnEvaluator
    private let withPayloads: Bool
    /// How many events were taken.
    package private(set) var events = 0

    /// DuckDB shares work out by row groups, and its own have so many rows.
    private static let rowGroupEvents = 122_880
    private static let rowGroupBytes = 16 << 20

    /// Begins a file.
    ///
    /// - Parameters:
    ///   - columns: Columns to be filled from payloads, behind those of events.
    ///   - withPayloads: Whether payloads are written; else they are null.
    /// - Throws: `JMESPathError` when the expressions are too deep together.
    package init(columns: [PromotedColumn] = [], withPayloads: Bool = true) throws {
        let evaluator = try ColumnEvaluator(columns)
        var options = WriterOptions(
            compression: .uncompressed,
            pageChecksums: false,
            sortingColumns: [SortingColumn(column: SegmentColumn.timestamp.rawValue)]
        )
        let plain = ColumnOptions(encoding: .plain, statistics: false)
        options.columns = [
            SegmentColumn.eventID.name: plain, SegmentColumn.data.name: plain, SegmentColumn.dataBytes.name: plain,
            SegmentColumn.sequence.name: plain,
        ]
        let schema = Schema(SegmentColumn.eventSchema.fields + columns.map(\.field))
        let plan = try WriterPlan(schema: schema, options: options)
        self.evaluator = evaluator
        self.withPayloads = withPayloads
        parquet = ParquetWriter(plan)
    }

    /// Adds events, which follow those before in order of time.
    ///
    /// - Returns: What is to be written of the file now, possibly nothing.
    package mutating func append(_ batch: EventBatch) throws -> [UInt8] {
        pending.append(contentsOf: batch)
        pendingBytes += batch.payloads.payloadBytes
        events += batch.count
        guard pending.count >= EventFileWriter.rowGroupEvents || pendingBytes >= EventFileWriter.rowGroupBytes else {
            return []
        }
        try writeRowGroup()
        return parquet.takeOutput()
    }

    /// Ends the file.
    ///
    /// - Returns: The rest of it.
    package consuming func finish() throws -> [UInt8] {
        try writeRowGroup()
        return parquet.finish()
    }

    private mutating func writeRowGroup() throws {
        if pending.isEmpty { return }
        let promoted = try evaluator.evaluate(pending).map(\.column)
        let columns = CompactedSegmentLayout.eventColumns(of: pending, withoutPayloads: !withPayloads)
        try parquet.writeRowGroup(columns + promoted)
        pending = EventBatch()
        pendingBytes = 0
    }
}
