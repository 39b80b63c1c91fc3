/// Goes through a plan in JSON, and picks the tables that are scanned and what they are restricted by.
///
/// It knows no more of JSON than it needs for that, so that a plan may be nested as deeply as it likes.
struct PlanScanner {
    /// What an object of the plan says of a table.
    struct Found {
        var table = ""
        var filters: [String] = []
    }

    /// An object or a list that is open.
    private struct Frame {
        var isList: Bool
        var found = Found()
        var key = ""
        /// Whether the key is done, and the next text is its value.
        var isValue = false
    }

    /// Those with a table.
    private(set) var found: [Found] = []
    private var frames: [Frame] = []
    private var text: [UInt8] = []
    private var isQuoted = false
    private var isEscaped = false

    /// Goes over the next byte.
    mutating func take(_ byte: UInt8) {
        if isQuoted { return takeQuoted(byte) }
        switch byte {
        case UInt8(ascii: "\""):
            isQuoted = true
            text.removeAll(keepingCapacity: true)
        case UInt8(ascii: "{"): frames.append(Frame(isList: false))
        case UInt8(ascii: "["): frames.append(Frame(isList: true))
        case UInt8(ascii: "]"): frames.removeLast(min(1, frames.count))
        case UInt8(ascii: "}"):
            if let frame = frames.popLast(), !frame.found.table.isEmpty { found.append(frame.found) }
        case UInt8(ascii: ":"): if !frames.isEmpty { frames[frames.count - 1].isValue = true }
        case UInt8(ascii: ","): if !frames.isEmpty { frames[frames.count - 1].isValue = false }
        default: break
        }
    }

    private mutating func takeQuoted(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
            // What is escaped otherwise than by itself is in no condition that is understood.
            text.append([UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/")].contains(byte) ? byte : 0)
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isQuoted = false
            end(String(decoding: text, as: UTF8.self))
        } else {
            text.append(byte)
        }
    }

    /// A text is a key, the value of one, or in a list that is.
    private mutating func end(_ text: String) {
        guard let last = frames.indices.last else { return }
        if !frames[last].isList, !frames[last].isValue {
            frames[last].key = text
            return
        }
        let owner = frames[last].isList ? last - 1 : last
        guard owner >= 0, !frames[owner].isList else { return }
        switch frames[owner].key {
        case "Table": frames[owner].found.table = text
        case "Filters": frames[owner].found.filters.append(text)
        default: break
        }
    }
}
