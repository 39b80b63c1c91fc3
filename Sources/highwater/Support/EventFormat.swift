internal import ArgumentParser
internal import EventJournal
internal import Parquet

/// How an event is printed.
enum EventFormat: String, ExpressibleByArgument, CaseIterable {
    /// The payload as it stands.
    case data
    /// The envelope as JSON, the payload inside.
    case event

    /// Writes one event and a newline.
    func write(_ batch: EventBatch, _ row: Int, to output: inout Output) throws {
        switch self {
        case .data: try unsafe batch.payloads.withBytes(at: row) { try unsafe output.write($0) }
        case .event: try output.write { batch.appendEnvelope(row, to: &$0) }
        }
        try output.write { $0.append(UInt8(ascii: "\n")) }
    }

    /// Writes an event's envelope that says what became of it, and a newline; what was deleted has no payload.
    func writeEnvelope(_ batch: EventBatch, _ row: Int, operation: String, to output: inout Output) throws {
        try output.write {
            batch.appendEnvelope(row, operation: operation, withPayload: operation != "delete", to: &$0)
        }
        try output.write { $0.append(UInt8(ascii: "\n")) }
    }
}
