internal import NIOCore
internal import RecordStreams

/// Writes records as PUB and HPUB.
struct NATSEncoder {
    private let subject: NATSSubject
    private let keyHeader: String?
    private let reply: [UInt8]
    private var line: [UInt8] = []
    private var head: [UInt8] = []

    /// At most so many records are handed to the connection at a time.
    static let chunkRecords = 512
    /// And about so many bytes.
    static let chunkBytes = 256 << 10
    /// Servers refuse lines of more than 4 KiB; that much is left of it for the subject.
    private static let longestSubject = 3900

    init(_ configuration: NATSConfiguration, reply: String = "") {
        subject = configuration.subject
        keyHeader = configuration.keyHeader
        self.reply = Array(reply.utf8)
    }

    /// The subject of a record.
    func subject(of record: OutgoingRecord) -> String {
        var bytes: [UInt8] = []
        subject.write(record.key, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Why a record cannot be sent; `nil` when it can.
    func problem(of record: OutgoingRecord, mostBytes: Int) -> String? {
        if subject.hasKey {
            if record.key.isEmpty { return "has an empty key, of which no subject can be made" }
            // Three bytes for one at most.
            if record.key.utf8.count > 1000 {
                let length = subject(of: record).utf8.count
                if length > Self.longestSubject {
                    return "has a subject of \(length) bytes; NATS takes \(Self.longestSubject)"
                }
            }
        }
        if keyHeader != nil, !Self.isHeaderValue(record.key) {
            return "has the key \"\(record.key)\", which a header cannot hold: it has a line break, or blanks at an end"
        }
        var length = record.data.count
        if let id = record.id {
            if id.isEmpty || !Self.isHeaderValue(id) { return "has the id \"\(id)\", which a header cannot hold" }
            length += id.utf8.count + 32
        }
        if let keyHeader { length += keyHeader.utf8.count + record.key.utf8.count + 16 }
        if length <= mostBytes { return nil }
        return
            "(key \"\(record.key.prefix(64))\") has \(length) bytes with its headers; at most \(mostBytes) are taken "
            + "(max_payload of the server, or max_msg_size of the stream)"
    }

    private static func isHeaderValue(_ text: String) -> Bool {
        if text.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) { return false }
        func isBlank(_ byte: UInt8?) -> Bool { byte == 0x20 || byte == 0x09 }
        return !isBlank(text.utf8.first) && !isBlank(text.utf8.last)
    }

    /// Writes a record that ``problem(of:mostBytes:)`` has found nothing wrong with.
    ///
    /// - Parameters:
    ///   - record: The record.
    ///   - index: What its acknowledgement is to say.
    ///   - buffer: Gets the bytes.
    mutating func write(_ record: OutgoingRecord, index: Int, into buffer: inout ByteBuffer) {
        let hasHeaders = record.id != nil || keyHeader != nil
        line.removeAll(keepingCapacity: true)
        line.append(contentsOf: hasHeaders ? "HPUB ".utf8 : "PUB ".utf8)
        subject.write(record.key, into: &line)
        line.append(0x20)
        line.append(contentsOf: reply)
        Self.append(index, to: &line)
        line.append(0x20)
        head.removeAll(keepingCapacity: true)
        if hasHeaders {
            head.append(contentsOf: "NATS/1.0\r\n".utf8)
            if let id = record.id { addHeader("Nats-Msg-Id", id) }
            if let keyHeader { addHeader(keyHeader, record.key) }
            head.append(contentsOf: [0x0D, 0x0A])
            Self.append(head.count, to: &line)
            line.append(0x20)
        }
        Self.append(head.count + record.data.count, to: &line)
        line.append(contentsOf: [0x0D, 0x0A])
        buffer.writeBytes(line)
        if hasHeaders { buffer.writeBytes(head) }
        buffer.writeBytes(record.data)
        buffer.writeInteger(0x0D0A as UInt16)
    }

    private mutating func addHeader(_ name: String, _ value: String) {
        head.append(contentsOf: name.utf8)
        head.append(contentsOf: ": ".utf8)
        head.append(contentsOf: value.utf8)
        head.append(contentsOf: [0x0D, 0x0A])
    }

    /// Decimal digits, without a string for each number.
    private static func append(_ number: Int, to bytes: inout [UInt8]) {
        let start = bytes.count
        var rest = number
        repeat {
            bytes.append(0x30 + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }
}
