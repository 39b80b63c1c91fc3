/// Text that somebody else wrote, made fit for a line in a message, a job or a terminal.
package enum ForeignText {
    /// One line of it without anything that a terminal would obey.
    ///
    /// Line breaks and other blanks become a space each run. Control characters (C0, C1 and DEL: those of escape
    /// sequences), and the marks of Unicode that change the direction of text or cannot be seen, become U+FFFD.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - limit: At most so many characters; `…` is for those that were cut off.
    /// - Returns: The line, without blanks at its ends.
    package static func line(_ text: some StringProtocol, limit: Int = 300) -> String {
        var line = ""
        var count = 0
        var isBlank = true
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace {
                isBlank = true
                continue
            }
            if count >= limit {
                line.unicodeScalars.append("…")
                break
            }
            if isBlank, !line.isEmpty {
                line.unicodeScalars.append(" ")
                count += 1
            }
            isBlank = false
            line.unicodeScalars.append(isHarmless(scalar) ? scalar : "\u{FFFD}")
            count += 1
        }
        return line
    }

    /// One line of bytes that should be text; those that are no UTF-8 become U+FFFD.
    ///
    /// - Parameters:
    ///   - bytes: The bytes.
    ///   - limit: At most so many characters.
    /// - Returns: The line, as ``line(_:limit:)`` makes it.
    package static func line(bytes: some Sequence<UInt8>, limit: Int = 300) -> String {
        // No character has more than four.
        line(String(decoding: Array(bytes.prefix(4 * limit)), as: UTF8.self), limit: limit)
    }

    /// Text of several lines in which only line breaks and tabs are left of what a terminal would obey.
    ///
    /// For what the program prints as a whole: it costs a look at each byte when there is nothing to replace.
    package static func lines(_ text: String) -> String {
        if text.unicodeScalars.allSatisfy({ $0 == "\n" || $0 == "\t" || isHarmless($0) }) { return text }
        var lines = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            lines.append(scalar == "\n" || scalar == "\t" || isHarmless(scalar) ? scalar : "\u{FFFD}")
        }
        return String(lines)
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: false
        // Marks of direction, of joining and of nothing at all (Unicode Standard Annex 9, and Technical Report 36).
        case 0x200B, 0x200E...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF: false
        default: true
        }
    }
}
