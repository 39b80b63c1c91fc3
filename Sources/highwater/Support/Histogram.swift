/// Events over time: how many there are in each step, of all or of each of some keys.
struct Histogram: Equatable {
    /// The events of a key over time.
    struct Row: Equatable {
        /// `nil` for events without a key.
        var key: String?
        var counts: [Int]
        var total: Int { counts.reduce(0, +) }
    }

    /// When each step begins.
    var labels: [String] = []
    /// One row of all events; or those of the keys with most events, most first.
    var rows: [Row] = []

    /// What failed to be read.
    struct Malformed: Error {}

    /// The query that finds the numbers.
    ///
    /// Each row of its answer is a step, a key in hexadecimal (`-` for none), a label and a number, by key and step;
    /// steps in which nothing happened are among them.
    ///
    /// - Parameters:
    ///   - step: The step.
    ///   - keys: How many keys to tell apart; `nil` for one row of all events.
    /// - Returns: The statement.
    static func query(step: HistogramStep, keys: Int?) -> String {
        let key = keys == nil ? "NULL::VARCHAR" : #""key""#
        return """
            WITH counted AS (SELECT time_bucket(INTERVAL '\(step.interval)', "timestamp") AS t, \(key) AS k, count(*) AS n
              FROM events GROUP BY ALL),
            steps AS (SELECT unnest(generate_series((SELECT min(t) FROM counted), (SELECT max(t) FROM counted),
              INTERVAL '\(step.interval)')) AS t),
            keys AS (SELECT k, sum(n) AS total FROM counted GROUP BY k ORDER BY total DESC, k LIMIT \(keys ?? 1))
            SELECT coalesce(hex(encode(keys.k)), '-') AS key, strftime(steps.t, '\(step.label)') AS label, coalesce(n, 0) AS n
            FROM keys CROSS JOIN steps
            LEFT JOIN counted ON counted.t = steps.t AND counted.k IS NOT DISTINCT FROM keys.k
            ORDER BY keys.total DESC, keys.k, steps.t
            """
    }

    /// Reads the answer to ``query(step:keys:)`` as lines of CSV.
    ///
    /// - Throws: ``Malformed`` when it is something else.
    init(csv: String) throws(Malformed) {
        var last: Substring?
        for line in csv.split(separator: "\n").dropFirst() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            guard cells.count == 3, let count = Int(cells[2]) else { throw Malformed() }
            if cells[0] != last {
                rows.append(Row(key: try Histogram.key(cells[0]), counts: []))
                last = cells[0]
            }
            if rows.count == 1 { labels.append(String(cells[1])) }
            rows[rows.count - 1].counts.append(count)
        }
        guard rows.allSatisfy({ $0.counts.count == labels.count }) else { throw Malformed() }
    }

    private static func key(_ digits: Substring) throws(Malformed) -> String? {
        if digits == "-" { return nil }
        var bytes: [UInt8] = []
        var rest = digits
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { throw Malformed() }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: Drawing

    /// A bar for each step.
    ///
    /// - Parameter width: Columns of the terminal.
    /// - Returns: Lines.
    func bars(width: Int) -> String {
        guard let row = rows.first, let most = row.counts.max() else { return "" }
        let label = labels.map(\.count).max() ?? 0
        let number = Text.count(most).count
        let room = max(width - label - number - 4, 10)
        let lines = zip(labels, row.counts)
            .map { name, count in
                let text = Text.count(count)
                let line =
                    pad(name, label, left: true) + "  " + pad(text, number) + "  "
                    + Histogram.bar(count, of: most, room)
                return line.trimmed
            }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A line for each key, as high as there were events; each line has a height of its own.
    func lines() -> String {
        let names = rows.map { $0.key.map(Histogram.printable) ?? "(no key)" }
        let name = max(names.map(\.count).max() ?? 0, 3)
        let totals = rows.map { Text.count($0.total) }
        let number = max(totals.map(\.count).max() ?? 0, 6)
        var text =
            pad("KEY", name, left: true) + "  " + pad("EVENTS", number) + "  " + (labels.first ?? "")
        if let last = labels.last, labels.count > 1 { text += " to \(last)" }
        text += "\n"
        for (index, row) in rows.enumerated() {
            text +=
                pad(names[index], name, left: true) + "  " + pad(totals[index], number) + "  "
                + Histogram.spark(row.counts) + "\n"
        }
        return text
    }

    /// Eighths of a character cell, so that bars differ where whole cells would not.
    private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    private static let heights = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    private static func bar(_ count: Int, of most: Int, _ room: Int) -> String {
        if count == 0 || most == 0 { return "" }
        let parts = max(1, Int(Double(count) / Double(most) * Double(room * 8)))
        return String(repeating: "█", count: parts / 8) + eighths[parts % 8]
    }

    private static func spark(_ counts: [Int]) -> String {
        let most = counts.max() ?? 0
        return counts.map { $0 == 0 ? " " : heights[min(7, $0 * 8 / max(most, 1))] }.joined().trimmed
    }

    /// Keys may hold anything; a terminal should not obey them.
    private static func printable(_ key: String) -> String {
        let text = String(
            key.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{fffd}" : Character($0) }
        )
        return text.count > 40 ? text.prefix(39) + "…" : text
    }
}

/// Fills up with spaces.
private func pad(_ text: String, _ width: Int, left: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return left ? text + space : space + text
}

extension String {
    /// Without spaces at the end.
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
