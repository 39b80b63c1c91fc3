internal import NIOCore

/// Cuts what comes from a server into frames, however it was cut on its way.
///
/// Everything a server claims is bounded before it is believed: a line has at most 64 KiB, a message at most as many
/// bytes as the caller allows. Cost: linear in the bytes, also when they come one by one.
struct NATSParser {
    /// A message whose line was read and whose bytes are still to come.
    private struct Announced {
        var message: NATSMessage
        var headerBytes: Int
        var totalBytes: Int
    }

    /// The longest line of a server: INFO with the addresses of a large cluster.
    static let longestLine = 64 << 10

    /// The most bytes of a message, headers included.
    var longestMessage: Int
    private var announced: Announced?
    /// How many bytes of an unfinished line were looked at.
    private var scanned = 0

    init(longestMessage: Int = 64 << 20) { self.longestMessage = longestMessage }

    /// Takes the next frame off a buffer.
    ///
    /// - Parameter buffer: What was received and not taken yet.
    /// - Returns: `nil` when there is no whole one.
    /// - Throws: When it is not NATS; nothing behind that can be understood.
    mutating func next(_ buffer: inout ByteBuffer) throws(NATSProtocolError) -> NATSFrame? {
        if announced != nil { return try payload(&buffer) }
        guard let end = try lineEnd(buffer) else { return nil }
        guard let line = buffer.readSlice(length: end) else { return nil }
        buffer.moveReaderIndex(forwardBy: 2)
        scanned = 0
        return try frame(line, &buffer)
    }

    /// How many bytes there are before CR LF; `nil` when that is still to come.
    private mutating func lineEnd(_ buffer: ByteBuffer) throws(NATSProtocolError) -> Int? {
        let bytes = buffer.readableBytesUInt8Span
        var index = scanned
        let end = bytes.count
        while index < end {
            if bytes[index] == 0x0A {
                guard index > 0, bytes[index - 1] == 0x0D else {
                    throw NATSProtocolError(description: "a line that does not end with CR LF")
                }
                if index > Self.longestLine { break }
                return index - 1
            }
            index += 1
        }
        scanned = index
        if index > Self.longestLine {
            throw NATSProtocolError(description: "a line of more than \(Self.longestLine) bytes")
        }
        return nil
    }

    private mutating func frame(_ line: ByteBuffer, _ buffer: inout ByteBuffer) throws(NATSProtocolError)
        -> NATSFrame?
    {
        let fields = Fields(line)
        guard let verb = fields.ranges.first else { throw NATSProtocolError(description: "an empty line") }
        let bytes = line.readableBytesUInt8Span
        func isVerb(_ name: StaticString) -> Bool {
            verb.count == name.utf8CodeUnitCount
                && zip(verb, name.description.utf8).allSatisfy { bytes[$0] & 0xDF == $1 & 0xDF }
        }
        // Messages first: nearly all frames are.
        if isVerb("MSG") {
            announced = try announcement(line, fields, hasHeaders: false)
            return try payload(&buffer)
        }
        if isVerb("HMSG") {
            announced = try announcement(line, fields, hasHeaders: true)
            return try payload(&buffer)
        }
        if isVerb("PING") { return .ping }
        if isVerb("PONG") { return .pong }
        if isVerb("+OK") { return .ok }
        var rest = line
        rest.moveReaderIndex(forwardBy: verb.upperBound)
        if isVerb("INFO") { return .info(rest) }
        if isVerb("-ERR") {
            let text = String(buffer: rest)
            return .error(String(text.drop { $0 == " " || $0 == "'" || $0 == "\t" }.trimmingEnd(" '\t")))
        }
        throw NATSProtocolError(description: "a line that begins with none of the words of the protocol")
    }

    /// Reads `MSG subject sid [reply] bytes` or `HMSG subject sid [reply] header-bytes bytes`.
    private func announcement(_ line: ByteBuffer, _ fields: Fields, hasHeaders: Bool) throws(NATSProtocolError)
        -> Announced
    {
        func damaged(_ what: String) -> NATSProtocolError {
            NATSProtocolError(description: "a message with \(what)")
        }
        let extra = hasHeaders ? 1 : 0
        let count = fields.ranges.count
        guard count == 4 + extra || count == 5 + extra else { throw damaged("\(count - 1) arguments") }
        guard let sid = fields.number(line, 2) else { throw damaged("no number of a subscription") }
        guard let total = fields.number(line, count - 1) else { throw damaged("no length") }
        let head = hasHeaders ? fields.number(line, count - 2) : 0
        guard let head, head <= total else { throw damaged("headers longer than itself") }
        guard total <= longestMessage else { throw damaged("\(total) bytes; \(longestMessage) are allowed") }
        guard let subject = fields.slice(line, 1) else { throw damaged("no subject") }
        return Announced(
            message: NATSMessage(
                subscription: sid,
                subject: subject,
                reply: count == 5 + extra ? fields.slice(line, 3) : nil,
                headers: nil,
                payload: ByteBuffer()
            ),
            headerBytes: head,
            totalBytes: total
        )
    }

    private mutating func payload(_ buffer: inout ByteBuffer) throws(NATSProtocolError) -> NATSFrame? {
        guard let now = announced, buffer.readableBytes >= now.totalBytes + 2 else { return nil }
        var message = now.message
        if now.headerBytes > 0 { message.headers = buffer.readSlice(length: now.headerBytes) }
        if let rest = buffer.readSlice(length: now.totalBytes - now.headerBytes) { message.payload = rest }
        guard buffer.readInteger(as: UInt16.self) == 0x0D0A else {
            throw NATSProtocolError(description: "a message that is longer than it says")
        }
        announced = nil
        return .message(message)
    }
}

/// The words of a line, as ranges of its bytes.
private struct Fields {
    private(set) var ranges: [Range<Int>] = []

    init(_ line: ByteBuffer) {
        ranges.reserveCapacity(6)
        let bytes = line.readableBytesUInt8Span
        var start: Int?
        for index in 0..<bytes.count {
            let isSpace = bytes[index] == 0x20 || bytes[index] == 0x09
            if isSpace, let first = start {
                ranges.append(first..<index)
                start = nil
                // A line of many words is no message; INFO is JSON and is not cut.
                if ranges.count == 7 { return }
            } else if !isSpace, start == nil {
                start = index
            }
        }
        if let start { ranges.append(start..<bytes.count) }
    }

    func slice(_ line: ByteBuffer, _ index: Int) -> ByteBuffer? {
        line.getSlice(at: line.readerIndex + ranges[index].lowerBound, length: ranges[index].count)
    }

    /// Digits alone, at most nine of them.
    func number(_ line: ByteBuffer, _ index: Int) -> Int? {
        let range = ranges[index]
        guard range.count <= 9 else { return nil }
        let bytes = line.readableBytesUInt8Span
        var value = 0
        for index in range {
            guard (0x30...0x39).contains(bytes[index]) else { return nil }
            value = value * 10 + Int(bytes[index] - 0x30)
        }
        return value
    }
}

extension Substring {
    /// Without any of some characters at its end.
    fileprivate func trimmingEnd(_ characters: String) -> Substring {
        var text = self
        while let last = text.last, characters.contains(last) { text.removeLast() }
        return text
    }
}
