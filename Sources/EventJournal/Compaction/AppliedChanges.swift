internal import ObjectStorage
internal import Parquet

/// The object that lists the updates and deletes one commit applied, for followers that come later.
///
/// Parquet with the columns `event_id`, `timestamp`, `op` and `batch_id`, in order of arrival; no payload. It is kept as long
/// as the log.
enum AppliedChanges {
    static let folder = "_changes/"

    static let schema = Schema([
        .leaf("event_id", .byteArray, .string), .leaf("timestamp", .int64, .timestamp(.microseconds, utc: true)),
        .leaf("op", .byteArray, .string), .leaf("batch_id", .byteArray, .string),
    ])

    /// Stores the changes of some segments.
    ///
    /// - Parameters:
    ///   - segments: Of updates and deletes, in order of arrival.
    ///   - key: The object.
    ///   - reader: Reads them.
    /// - Returns: How many there are.
    /// - Throws: ``JournalError``.
    static func store(_ segments: [Segment], as key: String, reader: SegmentReader) async throws -> Int {
        var ids = ByteArrays()
        var operations = ByteArrays()
        var batchIDs = ByteArrays()
        var timestamps: [Int64] = []
        for segment in segments {
            for (id, change) in try await reader.changes(of: segment) {
                ids.append(id)
                timestamps.append(change.timestamp)
                operations.append(change.operation.text)
                batchIDs.append(segment.arrival.text)
            }
        }
        var writer = try ParquetWriter(schema: schema)
        try writer.writeRowGroup([
            ColumnData(.bytes(ids)), ColumnData(.int64(timestamps)), ColumnData(.bytes(operations)),
            ColumnData(.bytes(batchIDs)),
        ])
        let bytes = writer.finish(keyValueMetadata: [KeyValue(SegmentMetadata.format, SegmentMetadata.currentFormat)])
        do {
            try await reader.store.put(key, bytes, mode: .ifAbsent)
        } catch {
            throw JournalError.wrapping(error, "Storing the list of applied changes failed", object: key)
        }
        return timestamps.count
    }
}
