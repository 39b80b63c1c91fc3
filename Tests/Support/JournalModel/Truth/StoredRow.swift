import EventJournal
import Parquet

/// A row of an inbox segment as it lies on the store.
struct StoredRow: Hashable, Sendable {
    /// What a row does to the event of its id.
    enum Change: String, Sendable {
        case put
        case update
        case delete
    }

    var change: Change
    var batchID: UUIDv7
    var row: Int
    var event: Event
}

/// An inbox segment as it lies on the store.
struct StoredSegment: Sendable {
    /// The order of the entry in the log.
    var entry: Int
    /// Who stored it.
    var actor: Int
    var key: String
    var batchID: UUIDv7
    var rows: [StoredRow]

    struct NotASegment: Error, CustomStringConvertible {
        var key: String
        var description: String { "\(key) is no segment as the format has it" }
    }

    /// Reads it with nothing of the journal's own code but the Parquet reader, and none of its knowledge.
    init(entry: Int, actor: Int, key: String, bytes: [UInt8]) throws {
        self.entry = entry
        self.actor = actor
        self.key = key
        guard let batchID = UUIDv7(key.dropFirst("_inbox/".count).prefix(36)) else { throw NotASegment(key: key) }
        self.batchID = batchID
        rows = []
        let file = try ParquetFile(bytes: bytes)
        let names = file.metadata.schema.columns.map { $0.path.joined(separator: ".") }
        let wanted = ["event_id", "timestamp", "key", "source", "sequence", "data", "data_bytes", "batch_id", "op"]
        let columns = wanted.compactMap { names.firstIndex(of: $0) }
        guard columns.count == wanted.count else { throw NotASegment(key: key) }
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
                    guard let id = text(0), text(7) == batchID.description,
                        let change = text(8).flatMap(StoredRow.Change.init(rawValue:)),
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
                    rows.append(StoredRow(change: change, batchID: batchID, row: rows.count, event: event))
                }
            }
        }
    }
}
