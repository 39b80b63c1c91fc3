/// A statement for Spark: one, without what may follow it.
struct SparkStatement {
    let text: String

    /// Whether it could read rows of the inbox: by a name in it, or by one that it puts together.
    let needsCurrent: Bool

    /// Cuts the semicolon off, and comments behind it.
    ///
    /// Whether the rest is a query is up to Spark's own parser.
    ///
    /// - Throws: ``SQLError/Code/statement`` when there is none, ``SQLError/Code/refused`` when there are several.
    init(_ text: String) throws(SQLError) {
        try StatementText.require(text)
        var scanner = Scanner(text: Array(text.unicodeScalars))
        let ends = scanner.statementEnds()
        guard let first = ends.first else { throw SQLError(.statement, "There is no statement.") }
        guard ends.count == 1 else {
            throw SQLError(.refused, "These are \(ends.count) statements. A query is one; give one after the other.")
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scanner.text[..<first])
        self.text = String(view)
        let lowercase = self.text.lowercased()
        needsCurrent = ["events", "current", "identifier"].contains { lowercase.contains($0) }
    }

    /// Finds the semicolons that are not in a text, a name or a comment.
    private struct Scanner {
        let text: [Unicode.Scalar]
        var place = 0

        init(text: [Unicode.Scalar]) { self.text = text }

        /// Behind the last character of each statement that has any.
        mutating func statementEnds() -> [Int] {
            var ends: [Int] = []
            var end: Int?
            while place < text.count {
                let character = text[place]
                if character == ";" {
                    if let end { ends.append(end) }
                    end = nil
                    place += 1
                } else if starts("--") {
                    skip { $0 == "\n" }
                } else if starts("/*") {
                    skipBracketed()
                } else if character == "'" || character == "\"" || character == "`" {
                    skipQuoted(character)
                    end = place
                } else {
                    place += 1
                    if !character.properties.isWhitespace { end = place }
                }
            }
            if let end { ends.append(end) }
            return ends
        }

        private func starts(_ mark: String) -> Bool {
            text[place...].prefix(mark.unicodeScalars.count).elementsEqual(mark.unicodeScalars)
        }

        private mutating func skip(until isEnd: (Unicode.Scalar) -> Bool) {
            while place < text.count, !isEnd(text[place]) { place += 1 }
        }

        /// Spark's comments may be within each other.
        private mutating func skipBracketed() {
            var depth = 0
            repeat {
                if starts("/*") {
                    depth += 1
                    place += 2
                } else if starts("*/") {
                    depth -= 1
                    place += 2
                } else {
                    place += 1
                }
            } while depth > 0 && place < text.count
        }

        private mutating func skipQuoted(_ quote: Unicode.Scalar) {
            place += 1
            while place < text.count, text[place] != quote {
                place += text[place] == "\\" && quote != "`" ? 2 : 1
            }
            place = min(place + 1, text.count)
        }
    }
}
