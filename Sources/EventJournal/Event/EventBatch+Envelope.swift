internal import CSimdJSON
internal import Parquet

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
        unsafe ids.withBytes(at: row) { unsafe EnvelopeText.append(string: $0, to: &bytes) }
        bytes.append(contentsOf: ",\"timestamp\":\"".utf8)
        Timestamp(microseconds: timestamps[row]).append(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        for (name, column) in [("key", keys), ("source", sources), ("sequence", sequences)] {
            guard let column, !column.views[row].isNull else { continue }
            bytes.append(contentsOf: ",\"\(name)\":".utf8)
            unsafe column.withBytes(at: row) { unsafe EnvelopeText.append(string: $0, to: &bytes) }
        }
        if withPayload {
            unsafe payloads.withBytes(at: row) { unsafe EnvelopeText.append(payload: $0, to: &bytes) }
        }
        bytes.append(UInt8(ascii: "}"))
    }
}

/// The parts of an envelope.
private enum EnvelopeText {
    static func append(payload: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        let text = unsafe payload.bindMemory(to: CChar.self)
        if unsafe hw_validate_json(text.baseAddress, text.count) {
            bytes.append(contentsOf: ",\"data\":".utf8)
            // A line break in JSON can only stand between tokens, where a space means the same.
            unsafe bytes.append(contentsOf: payload.lazy.map { $0 == 10 || $0 == 13 ? 32 : $0 })
        } else if unsafe hw_validate_utf8(text.baseAddress, text.count) {
            bytes.append(contentsOf: ",\"text\":".utf8)
            unsafe append(string: payload, to: &bytes)
        } else {
            bytes.append(contentsOf: ",\"base64\":\"".utf8)
            unsafe append(base64: payload, to: &bytes)
            bytes.append(UInt8(ascii: "\""))
        }
    }

    /// UTF-8 as a JSON string with its quotation marks (RFC 8259 section 7).
    static func append(string: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for index in 0..<string.count {
            let byte = unsafe string[index]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
            case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
            case 0..<32:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(byte < 16 ? 48 : 49)
                bytes.append(byte & 15 < 10 ? 48 + (byte & 15) : 87 + (byte & 15))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// RFC 4648 section 4, with padding.
    private static func append(base64 payload: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
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
