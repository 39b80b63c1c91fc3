internal import TextEncoding

/// A record that a replay annotated, taken apart into the annotation and the payload as it was recorded.
///
///     if let replayed = ReplayedRecord(bytes) {
///         table.apply(replayed.annotation.record(.put(parse(replayed.payload))))
///     } else {
///         …    // a live record: its payload is `bytes`, its position what the stream says
///     }
public struct ReplayedRecord: Sendable, Hashable {
    /// What the replay says of it.
    public var annotation: ReplayAnnotation
    /// The payload, byte for byte as it was recorded.
    public var payload: [UInt8]

    /// Makes a record of its parts.
    public init(annotation: ReplayAnnotation, payload: [UInt8]) {
        self.annotation = annotation
        self.payload = payload
    }

    /// Takes a record apart; `nil` when it has no annotation: a live record.
    ///
    /// - Parameter bytes: The record as it came.
    /// - Complexity: O(n); of a record without the word `_replay` one pass that looks for it.
    public init?(_ bytes: [UInt8]) {
        guard ReplayedRecord.mayBeAnnotated(bytes), let members = JSONMembers(bytes[...]),
            let member = members.last(ReplayAnnotation.memberName),
            let (annotation, wrapping) = ReplayAnnotation.parse(Array(bytes[member.value]))
        else { return nil }
        self.annotation = annotation
        guard let wrapping else {
            payload = members.removing(ReplayAnnotation.memberName)
            return
        }
        guard let data = members.last("data") else { return nil }
        let json = Array(bytes[data.value])
        if wrapping == .json {
            payload = json
            return
        }
        let text: String?
        do { text = try JSONValue.parse(json).text } catch { return nil }
        guard let text else { return nil }
        switch wrapping {
        case .json, .text: payload = Array(text.utf8)
        case .base64:
            guard let decoded = Base64.decode(text) else { return nil }
            payload = decoded
        }
    }

    /// What kind of payload one is; whoever annotates has to know it.
    package enum PayloadKind: Sendable, Hashable {
        /// Valid JSON, of any type.
        case json
        /// Other UTF-8.
        case text
        /// Anything else.
        case bytes
    }

    /// The record as a replay sends it.
    ///
    /// A payload that is a JSON object gets a member more, as its last one; any other goes into the member `data` of an
    /// object of its own.
    ///
    /// - Parameter kind: What the payload is.
    /// - Returns: JSON; ``init(_:)`` has this record back from it.
    package func annotated(_ kind: PayloadKind) -> [UInt8] {
        if kind == .json, let members = JSONMembers(payload[...]), members.last(ReplayAnnotation.memberName) == nil {
            var bytes = payload
            let comma = members.members.isEmpty ? "" : ","
            bytes.insert(
                contentsOf: "\(comma)\"\(ReplayAnnotation.member)\":\(annotation.json(wrapping: nil))".utf8,
                at: members.end
            )
            return bytes
        }
        let wrapping: ReplayAnnotation.Wrapping = kind == .json ? .json : kind == .text ? .text : .base64
        var bytes = Array("{\"\(ReplayAnnotation.member)\":\(annotation.json(wrapping: wrapping)),\"data\":".utf8)
        switch wrapping {
        case .json: bytes += payload
        case .text: bytes += JSONString.quoted(String(decoding: payload, as: UTF8.self)).utf8
        case .base64: bytes += "\"\(Base64.encode(payload))\"".utf8
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// Whether the name of the member stands anywhere in the bytes.
    package static func mayBeAnnotated(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
        let name = Array("\"\(ReplayAnnotation.member)\"".utf8)
        guard bytes.count >= name.count else { return false }
        var start = bytes.startIndex
        let last = bytes.index(bytes.endIndex, offsetBy: -name.count)
        while start <= last {
            // The second byte is rarer than the quotation mark.
            let second = bytes.index(after: start)
            if bytes[second] == name[1], bytes[start...].starts(with: name) { return true }
            start = second
        }
        return false
    }
}
