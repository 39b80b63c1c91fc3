internal import ArgumentParser
internal import CSimdJSON
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
        case .event: try output.write { EventFormat.appendEnvelope(batch, row, to: &$0) }
        }
        try output.write { $0.append(UInt8(ascii: "\n")) }
    }

    /// Writes an event's envelope that says what became of it, and a newline; what was deleted has no payload.
    func writeEnvelope(_ batch: EventBatch, _ row: Int, operation: String, to output: inout Output) throws {
        try output.write {
            EventFormat.appendEnvelope(batch, row, operation: operation, withPayload: operation != "delete", to: &$0)
        }
        try output.write { $0.append(UInt8(ascii: "\n")) }
    }

    private static func appendEnvelope(
        _ batch: EventBatch,
        _ row: Int,
        operation: String? = nil,
        withPayload: Bool = true,
        to bytes: inout [UInt8]
    ) {
        bytes.append(contentsOf: "{".utf8)
        if let operation { bytes.append(contentsOf: "\"op\":\"\(operation)\",".utf8) }
        bytes.append(contentsOf: "\"id\":".utf8)
        unsafe batch.ids.withBytes(at: row) { unsafe JSONText.append(string: $0, to: &bytes) }
        bytes.append(contentsOf: ",\"timestamp\":\"".utf8)
        Timestamp(microseconds: batch.timestamps[row]).append(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        for (name, column) in [("key", batch.keys), ("source", batch.sources), ("sequence", batch.sequences)] {
            guard let column, !column.views[row].isNull else { continue }
            bytes.append(contentsOf: ",\"\(name)\":".utf8)
            unsafe column.withBytes(at: row) { unsafe JSONText.append(string: $0, to: &bytes) }
        }
        if withPayload {
            unsafe batch.payloads.withBytes(at: row) { payload in unsafe appendPayload(payload, to: &bytes) }
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private static func appendPayload(_ payload: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        let text = unsafe payload.bindMemory(to: CChar.self)
        if unsafe hw_validate_json(text.baseAddress, text.count) {
            bytes.append(contentsOf: ",\"data\":".utf8)
            // A line break in JSON can only stand between tokens, where a space means the same.
            unsafe bytes.append(contentsOf: payload.lazy.map { $0 == 10 || $0 == 13 ? 32 : $0 })
        } else if unsafe hw_validate_utf8(text.baseAddress, text.count) {
            bytes.append(contentsOf: ",\"text\":".utf8)
            unsafe JSONText.append(string: payload, to: &bytes)
        } else {
            bytes.append(contentsOf: ",\"base64\":\"".utf8)
            unsafe appendBase64(payload, to: &bytes)
            bytes.append(UInt8(ascii: "\""))
        }
    }

    /// RFC 4648 section 4, with padding.
    private static func appendBase64(_ payload: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var start = 0
        while start < payload.count {
            let count = min(3, payload.count - start)
            var group = 0
            for index in 0..<3 { group = group << 8 | (index < count ? unsafe Int(payload[start + index]) : 0) }
            for index in 0..<4 {
                bytes.append(index <= count ? digits[group >> (18 - 6 * index) & 63] : UInt8(ascii: "="))
            }
            start += 3
        }
    }
}
