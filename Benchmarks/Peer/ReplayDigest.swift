private import CDeflate
internal import EventJournal
private import Parquet

/// What a consumer that looks at everything makes of a replay.
///
/// It runs a CRC-32 over all payload bytes in order and visits id and timestamp of every event; order is checked on
/// the way.
struct ReplayDigest {
    private var events: UInt64 = 0
    private var bytes: UInt64 = 0
    private var crc: UInt32 = 0
    private var last = Int64.min
    private var seconds = 0.0

    /// Consumes a replay to its end.
    ///
    /// - Throws: What the replay throws, and ``PeerError`` when it is not in order of time or an id is empty.
    init(_ replay: Replay) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        for try await batch in replay { try consume(batch) }
        seconds = (clock.now - start) / .seconds(1)
    }

    private mutating func consume(_ batch: EventBatch) throws {
        for timestamp in batch.timestamps {
            guard timestamp >= last else { throw PeerError("\(timestamp) was replayed after \(last)") }
            last = timestamp
        }
        var nameless = 0
        unsafe batch.ids.visit { _, id in if unsafe id.isEmpty { nameless += 1 } }
        guard nameless == 0 else { throw PeerError("an event without an id was replayed") }
        var sum = crc
        var size: UInt64 = 0
        unsafe batch.payloads.visit { _, payload in
            guard let start = payload.baseAddress else { return }
            unsafe sum = libdeflate_crc32(sum, start, payload.count)
            size += UInt64(payload.count)
        }
        crc = sum
        bytes += size
        events += UInt64(batch.count)
    }

    /// Events, bytes, CRC-32, padding, seconds: 8 + 8 + 4 + 4 + 8 bytes, little-endian.
    func encoded() -> [UInt8] {
        var out: [UInt8] = []
        out.appendLittle(events)
        out.appendLittle(bytes)
        out.appendLittle(crc)
        out.appendLittle(UInt32(0))
        out.appendLittle(seconds.bitPattern)
        return out
    }
}
