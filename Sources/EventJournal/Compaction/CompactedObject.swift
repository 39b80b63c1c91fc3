internal import ObjectStorage
internal import Parquet

/// One object of `segments/` while it is written.
///
/// Not `Sendable`: its writer has it alone.
final class CompactedObject {
    private let key: String
    private let upload: any ObjectUpload
    private var parquet: ParquetWriter?
    private var checksum = StreamingChecksum()
    private var rowGroups: [RowGroupPlace] = []
    private var nullCounts: [SegmentColumn: Int] = [:]
    private var promoted: [PromotedSummary]
    private let columns: [PromotedColumn]
    private var payloadBytes = 0

    private init(key: String, upload: any ObjectUpload, plan: WriterPlan, columns: [PromotedColumn]) {
        self.key = key
        self.upload = upload
        self.columns = columns
        promoted = columns.map { _ in PromotedSummary() }
        parquet = ParquetWriter(plan)
    }

    /// Begins an object; nothing is visible before ``finish()``.
    static func begin(
        _ key: String,
        in store: any ObjectStore,
        plan: WriterPlan,
        columns: [PromotedColumn]
    ) async throws -> CompactedObject {
        CompactedObject(
            key: key,
            upload: try await store.beginUpload(key, mode: .ifAbsent),
            plan: plan,
            columns: columns
        )
    }

    /// How many bytes it has so far.
    var byteCount: Int { checksum.byteCount }

    /// Adds a row group.
    func append(_ group: EncodedGroup) async throws {
        guard let pieces = try parquet?.append(group.encoded) else { return }
        for piece in pieces {
            checksum.update(piece)
            try await upload.write(piece)
        }
        payloadBytes += group.payloadBytes
        let places = group.encoded.metadata.columns.map { column in
            RowGroupPlace.Column(bytes: column.compressedByteCount, isCompressed: column.codec != .uncompressed)
        }
        let own = SegmentColumn.compacted.count
        rowGroups.append(
            RowGroupPlace(
                rows: group.encoded.rowCount,
                first: group.first,
                last: group.last,
                payloadBytes: group.payloadBytes,
                offset: checksum.byteCount - group.encoded.bytes.count,
                columns: Array(places.prefix(own)),
                promotedBytes: places.dropFirst(own).reduce(0) { $0 + $1.bytes }
            )
        )
        for (index, summary) in group.promoted.enumerated() { promoted[index].formUnion(summary) }
        for (column, metadata) in zip(SegmentColumn.compacted, group.encoded.metadata.columns) {
            guard let nulls = metadata.statistics?.nullCount ?? group.nullCounts[column] else { continue }
            nullCounts[column, default: 0] += nulls
        }
    }

    /// Makes the object visible, durable and whole; ends the upload also when it throws.
    ///
    /// After an error the object is there whole or not at all.
    func finish() async throws -> CompactedSegment {
        let format = KeyValue(SegmentMetadata.format, SegmentMetadata.currentFormat)
        let tail = parquet.take()?.finish(keyValueMetadata: [format]) ?? []
        do {
            try await upload.write(tail)
        } catch {
            await upload.abort()
            throw error
        }
        let bytes = checksum.byteCount + tail.count
        try await upload.complete()
        return CompactedSegment(
            key: key,
            first: rowGroups.first?.first ?? 0,
            last: rowGroups.last?.last ?? 0,
            events: rowGroups.reduce(0) { $0 + $1.rows },
            payloadBytes: payloadBytes,
            objectBytes: bytes,
            checksum: checksum.finish(tail),
            rowGroups: rowGroups,
            nullCounts: nullCounts,
            promoted: Array(zip(columns, promoted))
        )
    }

    /// Forgets what was written.
    func abort() async { await upload.abort() }
}

/// A row group on its way into an object.
struct EncodedGroup: Sendable {
    var encoded: EncodedRowGroup
    var first: Int64
    var last: Int64
    var payloadBytes: Int
    /// Of columns whose chunks have no statistics.
    var nullCounts: [SegmentColumn: Int]
    /// Of each promoted column.
    var promoted: [PromotedSummary]
    var end: PendingRowGroup.Boundary

    init(_ group: PendingRowGroup, _ plan: WriterPlan, _ evaluator: ColumnEvaluator) throws {
        var columns = try CompactedSegmentLayout.columns(of: group.batch)
        let values = try evaluator.evaluate(group.batch)
        promoted = values.map(\.summary)
        columns += values.map(\.column)
        encoded = try EncodedRowGroup(columns, plan)
        first = group.batch.timestamps.first ?? 0
        last = group.batch.timestamps.last ?? 0
        payloadBytes = group.payloadBytes
        end = group.end
        nullCounts = [:]
        for column in [SegmentColumn.data, .dataBytes] {
            guard let index = SegmentColumn.compacted.firstIndex(of: column) else { continue }
            nullCounts[column] =
                columns[index].definitionLevels
                .map { levels in
                    levels.reduce(0) { $0 + ($1 == 0 ? 1 : 0) }
                } ?? 0
        }
    }
}
