/// A text that is searched without understanding it: of what is not in it one can be sure.
struct StatementText {
    /// In small letters.
    private let text: ArraySlice<UInt8>

    init(_ text: some StringProtocol) { self.text = text.utf8.map(StatementText.small)[...] }

    private init(_ text: ArraySlice<UInt8>) { self.text = text }

    /// The longest statement, in bytes: Linux takes no longer argument of a program (`MAX_ARG_STRLEN`).
    static let mostBytes = 120_000

    /// Refuses what no engine is asked about.
    static func require(_ statement: String) throws(SQLError) {
        guard statement.utf8.count <= mostBytes else {
            throw SQLError(
                .refused,
                "The statement has \(statement.utf8.count) bytes; a query may have \(mostBytes). Join with a journal, or with a "
                    + "range of its events, instead of listing values."
            )
        }
        guard !statement.utf8.contains(0) else { throw SQLError(.statement, "The statement has a NUL byte in it.") }
    }

    /// Whether a part, in small letters, is in it.
    func has(_ part: String) -> Bool { StatementText.firstPlace(of: Array(part.utf8), in: text) != nil }

    /// What stands behind each occurrence of a part, up to a quotation mark.
    func words(behind part: String) -> [StatementText] {
        let part = Array(part.utf8)
        var words: [StatementText] = []
        var rest = text
        while let place = StatementText.firstPlace(of: part, in: rest) {
            rest = text[(place + part.count)...]
            words.append(StatementText(rest.prefix { $0 != UInt8(ascii: "\"") }))
        }
        return words
    }

    var isEmpty: Bool { text.isEmpty }

    /// Whether a statement could ask for the present moment, in any way at all.
    var mayUseClock: Bool { ["now", "today", "current", "local", "transaction"].contains(where: has) }

    /// Whether a statement could say a moment, in any way at all, and so restrict what it reads to a time.
    ///
    /// A moment is the clock's, or made by what has a telling name, or cast from a text that begins with a digit or is
    /// `epoch` or `infinity`; and texts have other forms than that in quotation marks.
    var mayNameMoment: Bool {
        mayUseClock || ["time", "date", "epoch", "infinity", "\\", "u&"].contains(where: has) || mayHaveDollarText
            || mayHaveText { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// Whether a statement could read a table with one of these names, in small letters.
    ///
    /// `query` and `query_table` take names from texts.
    func mayRead(_ tables: String...) -> Bool {
        (tables + ["query"]).contains(where: has) || has("u&") || text.contains { $0 >= 0x80 }
    }

    private var mayHaveDollarText: Bool {
        zip(text, text.dropFirst())
            .contains { first, second in
                first == UInt8(ascii: "$")
                    && (second == first || second == UInt8(ascii: "_")
                        || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(second) || second >= 0x80)
            }
    }

    /// Whether behind a quotation mark, blanks and a sign there is such a byte.
    private func mayHaveText(beginningWith isMeant: (UInt8) -> Bool) -> Bool {
        var isBehindMark = false
        for byte in text {
            if byte == UInt8(ascii: "'") {
                isBehindMark = true
            } else if isBehindMark, isMeant(byte) {
                return true
            } else if byte > UInt8(ascii: " "), byte != UInt8(ascii: "-"), byte != UInt8(ascii: "+") {
                isBehindMark = false
            }
        }
        return false
    }

    private static func firstPlace(of part: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        guard let first = part.first, text.count >= part.count else { return nil }
        var place = text.startIndex
        let last = text.endIndex - part.count
        while place <= last {
            if text[place] == first, text[place..<(place + part.count)].elementsEqual(part) { return place }
            place += 1
        }
        return nil
    }

    private static func small(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
    }
}
