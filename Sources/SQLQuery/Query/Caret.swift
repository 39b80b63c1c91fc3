/// Shows where a statement is wrong.
enum Caret {
    /// A message with the line and a caret under the place, in the form DuckDB has for it.
    ///
    /// - Parameters:
    ///   - message: What is wrong.
    ///   - text: The statement.
    ///   - position: The place, counted in code points from 0; `nil` when it is not known.
    /// - Returns: Three lines, or one.
    static func message(_ message: String, in text: String, at position: Int?) -> String {
        guard let position, position >= 0 else { return message }
        let scalars = text.unicodeScalars
        let place =
            scalars.index(scalars.startIndex, offsetBy: position, limitedBy: scalars.endIndex) ?? scalars.endIndex
        let before = scalars[..<place]
        let start = before.lastIndex(of: "\n").map { scalars.index(after: $0) } ?? scalars.startIndex
        let end = scalars[place...].firstIndex(of: "\n") ?? scalars.endIndex
        let number = before.reduce(1) { $0 + ($1 == "\n" ? 1 : 0) }
        let head = "LINE \(number): "
        // Of a long line what is around the place is enough.
        let column = scalars.distance(from: start, to: place)
        let first = column > 70 ? scalars.index(start, offsetBy: column - 60) : start
        let shown = String(scalars[first..<end].prefix(110))
        let mark = first == start ? "" : "…"
        let indent = head.count + mark.count + String(scalars[first..<place]).count
        return "\(message)\n\n\(head)\(mark)\(shown)\n\(String(repeating: " ", count: indent))^"
    }
}
