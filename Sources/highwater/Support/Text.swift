internal import CloudSupport

/// Numbers as people read them.
enum Text {
    /// `12,272`.
    static func count(_ value: Int) -> String { Spelling.count(value) }

    /// `1 event`, `2 events`.
    static func count(_ value: Int, _ noun: String) -> String { "\(count(value)) \(noun)\(value == 1 ? "" : "s")" }

    /// The same for nouns with a plural of their own.
    static func count(_ value: Int, _ noun: String, _ plural: String) -> String {
        "\(count(value)) \(value == 1 ? noun : plural)"
    }

    /// `3.4 MB`, in powers of a thousand.
    static func bytes(_ value: Int) -> String {
        var amount = Double(value)
        for unit in ["bytes", "kB", "MB", "GB", "TB"] {
            if amount < 1000 || unit == "TB" {
                return unit == "bytes" ? "\(value) bytes" : "\(decimal(amount)) \(unit)"
            }
            amount /= 1000
        }
        return "\(value) bytes"
    }

    /// `0.53 s`, `10 s`, `4 min 07 s`.
    static func seconds(_ value: Double) -> String { Spelling.seconds(value) }

    /// Three significant digits or so.
    static func decimal(_ value: Double) -> String { Spelling.decimal(value) }

    /// A number as somebody wrote it: `10`, `0.001`.
    static func number(_ value: Double) -> String { Int(exactly: value).map { "\($0)" } ?? "\(value)" }

    /// Text cut to a width, with an ellipsis.
    static func cut(_ text: String, to width: Int) -> String {
        text.count <= width ? text : text.prefix(width - 1) + "…"
    }

    /// Text with each occurrence of a mark replaced, also where a combining mark is behind it.
    static func replacing(_ mark: Unicode.Scalar, in text: String, by replacement: String) -> String {
        var replaced = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == mark {
                replaced.append(contentsOf: replacement.unicodeScalars)
            } else {
                replaced.append(scalar)
            }
        }
        return String(replaced)
    }
}
