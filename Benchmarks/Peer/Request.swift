internal import EventJournal
private import Parquet

/// One request of the harness.
struct Request {
    let operation: FrameChannel.Operation
    let body: [UInt8]

    /// The range of a replay: after and through, each an `Int64` of microseconds.
    func range() throws -> EventRange {
        guard body.count == 16 else { throw PeerError("a range has 16 bytes, not \(body.count)") }
        return EventRange(
            after: Timestamp(microseconds: body.little(Int64.self, at: 0)),
            through: Timestamp(microseconds: body.little(Int64.self, at: 8))
        )
    }

    /// The events of an append: count `UInt32`, timestamps `Int64`, then ids, keys and payloads, each as `UInt32`
    /// lengths and the bytes end to end.
    ///
    /// The columns are views into the body; no event's bytes are copied.
    func batch() throws -> EventBatch {
        guard body.count >= 4 else { throw PeerError("an append without a count") }
        let count = Int(body.little(UInt32.self, at: 0))
        var position = 4 + 8 * count
        guard count > 0, position <= body.count else { throw PeerError("an append cut short") }
        let timestamps = (0..<count).map { body.little(Int64.self, at: 4 + 8 * $0) }
        let ids = try column(count, &position)
        let keys = try column(count, &position)
        let payloads = try column(count, &position)
        return EventBatch(timestamps: timestamps, ids: ids, keys: keys, payloads: payloads)
    }

    private func column(_ count: Int, _ position: inout Int) throws -> ByteArrays {
        let lengths = position
        position += 4 * count
        guard position <= body.count else { throw PeerError("an append cut short") }
        var views: [ByteView] = []
        views.reserveCapacity(count)
        for index in 0..<count {
            let length = body.little(UInt32.self, at: lengths + 4 * index)
            views.append(ByteView(buffer: 0, offset: UInt32(position), length: length))
            position += Int(length)
            guard position <= body.count else { throw PeerError("an append cut short") }
        }
        return ByteArrays(buffers: [body], views: views)
    }
}

extension [UInt8] {
    /// The little-endian integer at a byte offset, which need not be aligned.
    func little<Value: FixedWidthInteger>(_ type: Value.Type, at offset: Int) -> Value {
        precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= count, "offset \(offset) of \(count) bytes")
        return unsafe withUnsafeBytes { unsafe Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
    }

    /// Adds an integer at the end, little-endian.
    mutating func appendLittle(_ value: some FixedWidthInteger) {
        unsafe Swift.withUnsafeBytes(of: value.littleEndian) { unsafe append(contentsOf: $0) }
    }
}
