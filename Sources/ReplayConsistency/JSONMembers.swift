/// Where the members of a JSON object stand in its text: its own ones, not those further inside.
///
/// It finds its way by brackets and quotation marks alone, so of text that is no JSON it may say anything, but for
/// places outside of the text.
struct JSONMembers {
    /// A member.
    struct Member {
        /// The name between its quotation marks, as it is written.
        var name: Range<Int>
        /// The value, without space around it.
        var value: Range<Int>
    }

    /// The members in their order.
    private(set) var members: [Member] = []
    /// The bracket that ends the object.
    private(set) var end = 0

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    /// Finds the members of an object.
    ///
    /// - Returns: `nil` when the text is not an object from its first bracket to its last.
    /// - Complexity: O(n).
    init?(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
        guard scan() else { return nil }
    }

    /// The member of a name without escapes; the last one when there are several.
    func last(_ name: StaticString) -> Member? {
        members.last { bytes[$0.name].elementsEqual(name.description.utf8) }
    }

    private mutating func scan() -> Bool {
        guard take(UInt8(ascii: "{")) else { return false }
        if take(UInt8(ascii: "}")) { return finish() }
        repeat {
            guard let name = text(), take(UInt8(ascii: ":")), let value = value() else { return false }
            members.append(Member(name: name.lowerBound + 1..<name.upperBound - 1, value: value))
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}")) && finish()
    }

    private mutating func finish() -> Bool {
        end = position - 1
        skipSpace()
        return position == bytes.endIndex
    }

    /// A string with its quotation marks.
    private mutating func text() -> Range<Int>? {
        skipSpace()
        let start = position
        guard position < bytes.endIndex, bytes[position] == UInt8(ascii: "\"") else { return nil }
        position += 1
        while position < bytes.endIndex {
            switch bytes[position] {
            case UInt8(ascii: "\\"): position += 2
            case UInt8(ascii: "\""):
                position += 1
                return start..<position
            default: position += 1
            }
        }
        return nil
    }

    private mutating func value() -> Range<Int>? {
        skipSpace()
        guard position < bytes.endIndex else { return nil }
        let start = position
        if bytes[position] == UInt8(ascii: "\"") { return text() }
        var depth = 0
        while position < bytes.endIndex {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                guard text() != nil else { return nil }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return trimmed(start) }
                depth -= 1
            case UInt8(ascii: ","): if depth == 0 { return trimmed(start) }
            default: break
            }
            position += 1
        }
        return nil
    }

    private func trimmed(_ start: Int) -> Range<Int>? {
        var end = position
        while end > start, JSONMembers.isSpace(bytes[end - 1]) { end -= 1 }
        return start < end ? start..<end : nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard position < bytes.endIndex, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.endIndex, JSONMembers.isSpace(bytes[position]) { position += 1 }
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
}

extension JSONMembers {
    /// The object without the members of a name, and without the comma that each of them needed.
    func removing(_ name: StaticString) -> [UInt8] {
        var kept = Array(bytes)
        let base = bytes.startIndex
        for index in members.indices.reversed() {
            guard bytes[members[index].name].elementsEqual(name.description.utf8) else { continue }
            var start = members[index].name.lowerBound - 1
            var stop = members[index].value.upperBound
            if index > 0 {
                // From the comma before it, which stands behind the value of the member before.
                start = members[index - 1].value.upperBound
                while bytes[start] != UInt8(ascii: ",") { start += 1 }
            } else if members.count > 1 {
                stop = members[1].name.lowerBound - 1
            }
            kept.removeSubrange(start - base..<stop - base)
        }
        return kept
    }
}
