internal import CSimdJSON
internal import Parquet
internal import TextEncoding

extension EventBatch {
    /// Adds an event's envelope as JSON: `id`, `timestamp`, what it has of `key`, `source` and `sequence`, and the
    /// payload, as `data` when it is JSON, else as `text` or `base64`.
    ///
    /// No line break is in it.
    ///
    /// - Parameters:
    ///   - row: Which event.
    ///   - operation: What became of it, as a member `op`; `nil` for none.
    ///   - withPayload: Whether to add the payload.
    ///   - bytes: Where to add it.
    package func appendEnvelope(
        _ row: Int,
        operation: String? = nil,
        withPayload: Bool = true,
        to bytes: inout [UInt8]
    ) {
        bytes.append(contentsOf: "{".utf8)
        if let operation { bytes.append(contentsOf: "\"op\":\"\(operation)\",".utf8) }
        bytes.append(contentsOf: "\"id\":".utf8)
        unsafe ids.withBytes(at: row) { unsafe JSONString.append($0, to: &bytes) }
        bytes.append(contentsOf: ",\"timestamp\":\"".utf8)
        Timestamp(microseconds: timestamps[row]).append(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        for (name, column) in [("key", keys), ("source", sources), ("sequence", sequences)] {
            guard let column, !column.views[row].isNull else { continue }
            bytes.append(contentsOf: ",\"\(name)\":".utf8)
            unsafe column.withBytes(at: row) { unsafe JSONString.append($0, to: &bytes) }
        }
        if withPayload {
            unsafe payloads.withBytes(at: row) { unsafe EventBatch.append(payload: $0, to: &bytes) }
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private static func append(payload: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        let text = unsafe payload.bindMemory(to: CChar.self)
        if unsafe hw_validate_json(text.baseAddress, text.count) {
            bytes.append(contentsOf: ",\"data\":".utf8)
            unsafe NDJSON.append(payload, to: &bytes)
        } else if unsafe hw_validate_utf8(text.baseAddress, text.count) {
            bytes.append(contentsOf: ",\"text\":".utf8)
            unsafe JSONString.append(payload, to: &bytes)
        } else {
            bytes.append(contentsOf: ",\"base64\":\"".utf8)
            unsafe Base64.append(payload, to: &bytes)
            bytes.append(UInt8(ascii: "\""))
        }
    }
}
