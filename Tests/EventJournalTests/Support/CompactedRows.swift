import ObjectStorage
import Parquet

@testable import EventJournal

/// A row of a compacted segment.
struct CompactedRow: Hashable {
    var batchID: String
    var event: Event
}

/// Reads compacted segments with nothing of the journal's own reader.
enum CompactedRows {
    struct NotASegment: Error { var key: String }

    static func read(_ key: String, from store: any ObjectStore) async throws -> [[CompactedRow]] {
        try read(key, try await store.get(key, range: nil).bytes)
    }

    /// The rows of each row group, in order.
    static func read(_ key: String, _ bytes: [UInt8]) throws -> [[CompactedRow]] {
        let file = try ParquetFile(bytes: bytes)
        let names = file.metadata.schema.columns.map { $0.path.joined(separator: ".") }
        guard names == ["event_id", "timestamp", "key", "source", "sequence", "data", "data_bytes", "batch_id"] else {
            throw NotASegment(key: key)
        }
        return try file.metadata.rowGroups.indices.map { group in
            var rows: [CompactedRow] = []
            var decoder = try file.decoder(file.plan(rowGroup: group, columns: Array(names.indices), rows: nil))
            while let batch = try decoder.next() {
                guard case .int64(let timestamps) = batch.columns[1].values else { throw NotASegment(key: key) }
                let texts = try batch.columns.enumerated()
                    .map { number, column in number == 1 ? ByteArrays() : try column.spaced() }
                for row in 0..<batch.rowCount {
                    func text(_ column: Int) -> String? {
                        texts[column][row].map { String(decoding: $0, as: UTF8.self) }
                    }
                    guard let id = text(0), let batchID = text(7), (texts[5][row] == nil) != (texts[6][row] == nil),
                        let data = texts[5][row] ?? texts[6][row]
                    else { throw NotASegment(key: key) }
                    let event = Event(
                        id: id,
                        timestamp: Timestamp(microseconds: timestamps[row]),
                        key: text(2),
                        data: data,
                        source: text(3),
                        sequence: text(4)
                    )
                    rows.append(CompactedRow(batchID: batchID, event: event))
                }
            }
            return rows
        }
    }
}
