import EventJournal
import ObjectStorage
import Parquet

/// A row of a segment as it lies on the store.
struct StoredRow: Hashable {
    var batchID: UUIDv7
    var row: Int
    var event: Event

    /// Arrival: what decides which of two rows with one id counts.
    func arrived(before other: StoredRow) -> Bool {
        batchID != other.batchID ? batchID < other.batchID : row < other.row
    }
}

/// Reads segments with nothing of the journal's own code, and none of its knowledge.
enum SegmentRows {
    struct NotASegment: Error { var key: String }

    /// The batch id an object's name begins with.
    static func batchID(_ key: String) throws -> UUIDv7 {
        guard let id = UUIDv7(key.dropFirst("_inbox/".count).prefix(36)) else { throw NotASegment(key: key) }
        return id
    }

    /// All rows of a segment, in order.
    static func read(_ key: String, _ bytes: [UInt8]) throws -> [StoredRow] {
        let file = try ParquetFile(bytes: bytes)
        let names = file.metadata.schema.columns.map { $0.path.joined(separator: ".") }
        let wanted = ["event_id", "timestamp", "key", "source", "sequence", "data", "data_bytes", "batch_id", "op"]
        let columns = wanted.compactMap { names.firstIndex(of: $0) }
        guard columns.count == wanted.count else { throw NotASegment(key: key) }
        let batchID = try batchID(key)
        var rows: [StoredRow] = []
        for group in file.metadata.rowGroups.indices {
            var decoder = try file.decoder(file.plan(rowGroup: group, columns: columns, rows: nil))
            while let batch = try decoder.next() {
                guard case .int64(let timestamps) = batch.columns[1].values else { throw NotASegment(key: key) }
                let texts = try batch.columns.enumerated()
                    .map { number, column in number == 1 ? ByteArrays() : try column.spaced() }
                for row in 0..<batch.rowCount {
                    func text(_ column: Int) -> String? {
                        texts[column][row].map { String(decoding: $0, as: UTF8.self) }
                    }
                    guard let id = text(0), text(7) == batchID.description, text(8) == "put",
                        (texts[5][row] == nil) != (texts[6][row] == nil), let data = texts[5][row] ?? texts[6][row]
                    else { throw NotASegment(key: key) }
                    let event = Event(
                        id: id,
                        timestamp: Timestamp(microseconds: timestamps[row]),
                        key: text(2),
                        data: data,
                        source: text(3),
                        sequence: text(4)
                    )
                    rows.append(StoredRow(batchID: batchID, row: rows.count, event: event))
                }
            }
        }
        return rows
    }
}
