internal import CSimdJSON
internal import EventJournal
internal import Parquet
internal import TextEncoding

/// How a sink of text writes an event.
public enum RecordFormat: String, Sendable, Hashable, CaseIterable {
    /// The payload, which has to be JSON.
    case data
    /// The envelope as JSON: `id`, `timestamp`, `key`, `source`, `sequence`, and the payload as `data`, `text` or
    /// `base64`.
    case event

    /// Adds an event, without line breaks.
    ///
    /// - Throws: ``ReplayJobError/Code/refused`` for a payload that is no JSON where it has to be.
    func append(_ batch: EventBatch, _ row: Int, to bytes: inout [UInt8]) throws {
        switch self {
        case .event: batch.appendEnvelope(row, to: &bytes)
        case .data:
            let isJSON = unsafe batch.payloads.withBytes(at: row) { payload in
                let text = unsafe payload.bindMemory(to: CChar.self)
                guard unsafe hw_validate_json(text.baseAddress, text.count) else { return false }
                unsafe NDJSON.append(payload, to: &bytes)
                return true
            }
            guard isJSON else {
                let event = batch[row]
                throw ReplayJobError(
                    .refused,
                    "The payload of event \"\(event.id)\" at \(event.timestamp.rfc3339) is no JSON, so it cannot stand on a "
                        + "line. Begin another job with --format event, or leave such events out with --where."
                )
            }
        }
    }
}
