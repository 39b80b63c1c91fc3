import Parquet

/// The ids of a compacted segment, read with nothing of the journal's own code but the Parquet reader.
struct StoredIDs {
    var ids: Set<ID> = []

    init(_ bytes: [UInt8]) throws {
        let file = try ParquetFile(bytes: bytes)
        guard let column = file.metadata.schema.columns.firstIndex(where: { $0.path == ["event_id"] }) else { return }
        for group in file.metadata.rowGroups.indices {
            var decoder = try file.decoder(file.plan(rowGroup: group, columns: [column], rows: nil))
            while let batch = try decoder.next() {
                let texts = try batch.columns[0].spaced()
                for row in 0..<batch.rowCount {
                    if let id = texts[row] { ids.insert(ID(String(decoding: id, as: UTF8.self))) }
                }
            }
        }
    }
}
