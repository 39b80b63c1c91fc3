/// An update or a deletion that flash-flood has noted and not applied yet.
///
/// Its name is `REVERSED-JOURNAL--EVENT--TIME--ACTION`. The journal's name, reversed, has three delimiters of its own,
/// so an event id is what lies behind the fourth and before the last but one, dashes at either end of it included.
struct PendingChange: Sendable {
    /// The key of the object, whose bytes are the new payload of an update.
    let key: String
    /// The name of the journal that has the event.
    let journal: String
    /// The id of the event; bytes, since Swift takes texts for equal that are different ids.
    let event: [UInt8]
    /// When it was asked for; of several changes of an event the last one counts.
    let time: Int64
    let isDeletion: Bool

    /// Reads a key below ``FloodLayout/changes``; `nil` when it names no change.
    init?(key: String) {
        let name = Array(key.utf8.dropFirst(FloodLayout.changes.utf8.count))
        guard let action = PendingChange.lastDelimiter(name[...]),
            let when = PendingChange.lastDelimiter(name[..<action])
        else { return nil }
        switch String(decoding: name[(action + 2)...], as: UTF8.self) {
        case "UPDATE": isDeletion = false
        case "DELETE": isDeletion = true
        default: return nil
        }
        guard let time = FloodTime.parse(name[(when + 2)..<action]) else { return nil }
        var start = name.startIndex
        var end = start
        for _ in 0..<4 {
            guard let next = PendingChange.firstDelimiter(name[start..<when]) else { return nil }
            end = next
            start = next + 2
        }
        guard start < when else { return nil }
        self.key = key
        self.time = time
        journal = String(decoding: name[..<end].reversed(), as: UTF8.self)
        event = Array(name[start..<when])
    }

    private static func firstDelimiter(_ bytes: ArraySlice<UInt8>) -> Int? {
        bytes.indices.dropLast().first { bytes[$0] == UInt8(ascii: "-") && bytes[$0 + 1] == UInt8(ascii: "-") }
    }

    private static func lastDelimiter(_ bytes: ArraySlice<UInt8>) -> Int? {
        bytes.indices.dropLast().last { bytes[$0] == UInt8(ascii: "-") && bytes[$0 + 1] == UInt8(ascii: "-") }
    }
}
