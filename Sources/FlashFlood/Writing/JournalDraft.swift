internal import Crypto
internal import EventJournal
internal import Parquet

/// A flash-flood journal in the making.
struct JournalDraft: Sendable {
    private(set) var ids = ByteArrays()
    private(set) var timestamps: [Int64] = []
    private var sizes: [Int] = []
    /// The payloads end to end.
    private(set) var blob: [UInt8] = []
    /// Whether there is a payload of no bytes, and one of more.
    private var hasEmpty = false

    /// How many events there are.
    var count: Int { timestamps.count }

    /// Whether the next event, which is not earlier than the last one, should begin another journal.
    ///
    /// A journal ends between two moments only: of journals with the same first and last moment flash-flood lists, at
    /// the end of its listing, a single one. And payloads without a byte stay among themselves where they can:
    /// flash-flood's `get_event` asks for a range that means all of the blob.
    func isFull(before timestamp: Int64, size: Int, _ options: FlashFloodExportOptions) -> Bool {
        guard let last = timestamps.last, last != timestamp else { return false }
        if count >= options.journalEvents || blob.count + size > options.journalBytes { return true }
        return hasEmpty ? size > 0 || !blob.isEmpty : size == 0
    }

    mutating func append(_ batch: EventBatch, _ row: Int) {
        unsafe batch.ids.withBytes(at: row) { unsafe ids.append($0) }
        timestamps.append(batch.timestamps[row])
        unsafe batch.payloads.withBytes(at: row) { bytes in
            unsafe blob.append(contentsOf: bytes)
            sizes.append(bytes.count)
            if bytes.count == 0 { hasEmpty = true }
        }
    }

    /// The name and the manifest, both made of the events alone: whoever exports the same again makes the same.
    func finished() -> (name: JournalName, manifest: [UInt8]) {
        var events: [UInt8] = []
        events.reserveCapacity(count * 128)
        var offset = 0
        for row in timestamps.indices {
            if row > 0 { events.append(contentsOf: ", ".utf8) }
            events.append(contentsOf: #"{"event_id": ""#.utf8)
            unsafe ids.withBytes(at: row) { unsafe JournalDraft.append(escaped: $0, to: &events) }
            events.append(contentsOf: #"", "timestamp": ""#.utf8)
            FloodTime.append(timestamps[row], to: &events)
            events.append(contentsOf: #"", "offset": \#(offset), "size": \#(sizes[row])}"#.utf8)
            offset += sizes[row]
        }
        var hash = SHA256()
        hash.update(data: events)
        hash.update(data: blob)
        let name = JournalName(
            first: timestamps.first ?? 0,
            last: timestamps.last ?? 0,
            version: FloodLayout.exportVersion,
            blob: JournalDraft.identifier(Array(hash.finalize().prefix(16)))
        )
        let (from, to) = (FloodTime.text(timestamps.first ?? 0), FloodTime.text(timestamps.last ?? 0))
        let head = #"{"journal_id": "\#(name.text)", "from_date": "\#(from)", "to_date": "\#(to)", "#
        return (name, Array((head + #""size": \#(blob.count), "events": ["#).utf8) + events + Array("]}".utf8))
    }

    /// As a UUID is written.
    private static func identifier(_ bytes: [UInt8]) -> String {
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            text += byte < 16 ? "0" : ""
            text += String(byte, radix: 16)
        }
        return text
    }

    /// Appends UTF-8 as the inside of a JSON string (RFC 8259 section 7).
    ///
    /// Not as others do it: another way to write a line break would give what was exported before another name.
    private static func append(escaped text: some Sequence<UInt8>, to bytes: inout [UInt8]) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<32:
                let digits = String(byte, radix: 16)
                bytes.append(contentsOf: ("\\u00" + (byte < 16 ? "0" : "") + digits).utf8)
            default: bytes.append(byte)
            }
        }
    }
}
