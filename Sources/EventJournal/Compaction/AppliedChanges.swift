internal import ObjectStorage
internal import Parquet

/// The object that lists what one commit has decided of ids, for followers that come later.
///
/// Parquet with the columns `event_id`, `timestamp`, `op` and `batch_id`; no payload. Of each id that was updated or
/// deleted, or of which a duplicate was left out, it has all that was absorbed, in order of arrival; before that the
/// version that the catalog had, if it had one, with the `op` `was`. So what the id was can be told for anybody who has
/// seen only some of it. It is kept as long as the log.
enum AppliedChanges {
    static let folder = "_changes/"

    static let schema = Schema([
        .leaf("event_id", .byteArray, .string), .leaf("timestamp", .int64, .timestamp(.microseconds, utc: true)),
        .leaf("op", .byteArray, .string), .leaf("batch_id", .byteArray, .string),
    ])

    /// Stores such a list.
    ///
    /// - Parameters:
    ///   - rows: What it says.
    ///   - key: The object.
    ///   - store: The journal's.
    /// - Throws: ``JournalError``.
    static func store(_ rows: [ChangeList.Row], as key: String, in store: any ObjectStore) async throws {
        var ids = ByteArrays()
        var kinds = ByteArrays()
        var batchIDs = ByteArrays()
        for row in rows {
            ids.append(row.id)
            kinds.append(Array(row.kind.rawValue.utf8))
            batchIDs.append(row.batchID.text)
        }
        var writer = try ParquetWriter(schema: schema)
        try writer.writeRowGroup([
            ColumnData(.bytes(ids)), ColumnData(.int64(rows.map(\.timestamp))), ColumnData(.bytes(kinds)),
            ColumnData(.bytes(batchIDs)),
        ])
        let bytes = writer.finish(keyValueMetadata: [KeyValue(SegmentMetadata.format, SegmentMetadata.currentFormat)])
        do {
            try await store.put(key, bytes, mode: .ifAbsent)
        } catch {
            throw JournalError.wrapping(error, "Storing the list of applied changes failed", object: key)
        }
    }
}

extension Inbox {
    /// What a compaction of this inbox decides of ids that were changed, or put more than once; as of the last refresh.
    ///
    /// Cost: ids of segments with duplicates; a look-up in the catalog of these ids, and the batch ids of row groups
    /// that have them. Memory: some 100 bytes for each row.
    func decidedSteps() async throws -> [ChangeList.Row] {
        try await looking(refreshing: false) {
            var steps = try await resolvedChanges().steps
            let repeated = try await repeatedIDs().subtracting(steps.keys)
            for (id, puts) in try await puts(of: repeated) {
                steps[id] = puts.sorted { $0.reference.arrives(before: $1.reference) }
            }
            let ids = steps.keys.sorted { $0.lexicographicallyPrecedes($1) }
            var column = ByteArrays()
            for id in ids { column.append(id) }
            let there = try await lookup.find(HashedIDs(column), in: state)
            let batchIDs = try await reader.batchIDs(of: there)
            var rows: [ChangeList.Row] = []
            for (number, id) in ids.enumerated() {
                if let timestamp = there[number]?.timestamp, let batchID = batchIDs[number] {
                    rows.append(ChangeList.Row(id: id, timestamp: timestamp, kind: .was, batchID: batchID))
                }
                rows += (steps[id] ?? []).map { ChangeList.Row(id: id, $0) }
            }
            return rows
        }
    }

    /// The ids of rows that do not count because the catalog, or an earlier row, has them.
    private func repeatedIDs() async throws -> Set<[UInt8]> {
        var ids: Set<[UInt8]> = []
        for segment in segments {
            let rows = (duplicates[segment.key] ?? []).union(taken[segment.key] ?? [])
            if rows.isEmpty { continue }
            let column = try await reader.ids(of: segment)
            for row in rows { if let id = column[row] { ids.insert(id) } }
        }
        return ids
    }
}
