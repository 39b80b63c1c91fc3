internal import ArgumentParser
internal import EventJournal

/// `highwater fields`: what payloads look like.
struct Fields: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fields",
        abstract: "Show which fields payloads have, their types, how often they occur and examples.",
        discussion: """
            Looks at a sample of the range, spread over its time, and prints one line for each path, in the form that \
            --where and --select of other commands take; [] stands for the elements of an array. EVENTS is the part of the \
            sample that has the path; DISTINCT counts different values, up to 1,000. The same --seed gives the same sample.

            EXAMPLES
              highwater fields ./commits
              highwater fields ./orders --after -7d --sample 100000
              highwater fields ./orders --json | jq -r '.fields[] | select(.types.null) | .path'
            """
    )

    @OptionGroup var journal: JournalArgument
    @OptionGroup var range: RangeOptions

    @Option(help: ArgumentHelp("How many events to look at.", valueName: "events"))
    var sample = 10_000

    @Option(help: ArgumentHelp("Makes the choice of events; another number gives another sample.", valueName: "number"))
    var seed: UInt64 = 0

    @Flag(help: "One JSON object.")
    var json = false

    func validate() throws {
        guard sample > 0 else { throw ValidationError("--sample is 1 or more, not \(sample).") }
    }

    func run() async throws {
        let journal = try await journal.open(create: false)
        let (range, sampling) = (range, FieldSampling(events: sample, seed: seed))
        let report = try await Signals.cancellable {
            try await journal.fields(
                after: range.after?.timestamp,
                through: range.through?.timestamp,
                sampling: sampling
            )
        }
        var output = Output()
        try output.write(json ? Fields.json(report) + "\n" : Fields.table(report))
        try output.flush()
        if report.damagedSegments > 0 {
            throw CommandError(
                status: Failure.partial,
                message: "\(Text.count(report.damagedSegments, "damaged segment")) left out; see `highwater verify`."
            )
        }
    }

    // MARK: The table

    private static func table(_ report: FieldReport) -> String {
        // Rows that do not count are among the population, and of a sample nobody has looked which.
        let about = report.events == report.population ? "" : "about "
        var summary = "\(Text.count(report.events, "event")) of \(about)\(Text.count(report.population)) looked at"
        if report.notJSON > 0 { summary += ", \(Text.count(report.notJSON)) not JSON" }
        if report.omittedValues > 0 { summary += ", \(Text.count(report.omittedValues, "value")) at further paths" }
        guard !report.fields.isEmpty else { return summary + ".\n" }
        let rows = [["PATH", "TYPES", "EVENTS", "DISTINCT", "EXAMPLES"]] + report.fields.map { row($0, report) }
        let widths = (0..<4).map { column in min(rows.map { $0[column].count }.max() ?? 0, 60) }
        let lines = rows.map { row in
            let cells = [
                pad(row[0], widths[0], left: true), pad(row[1], widths[1], left: true), pad(row[2], widths[2]),
                pad(row[3], widths[3]),
            ]
            let line = cells.joined(separator: "  ") + "  " + row[4]
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
        return summary + ".\n\n" + lines.joined(separator: "\n") + "\n"
    }

    private static func row(_ field: FieldSummary, _ report: FieldReport) -> [String] {
        let isScalar = field.distinct > 0
        let all = max(report.events - report.notJSON, 1)
        return [
            field.path,
            field.types.map(\.type.rawValue).joined(separator: ", "),
            percent(field.events, of: all),
            isScalar ? Text.count(field.distinct) + (field.hasMoreDistinct ? "+" : "") : "",
            field.examples.map { Text.cut(visible($0.text), to: 32) }.joined(separator: ", "),
        ]
    }

    /// `100%`, `12.3%`; never `100%` or `0%` of what is not quite that.
    static func percent(_ part: Int, of whole: Int) -> String {
        if part == whole { return "100%" }
        let tenths = min(max((Double(part) * 1000 / Double(whole)).rounded(), 1), 999)
        return "\(tenths / 10)%"
    }

    /// Text that cannot move the cursor of a terminal.
    private static func visible(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            shown.append(isControl ? "\u{FFFD}" : scalar)
        }
        return String(shown)
    }

    private static func pad(_ text: String, _ width: Int, left: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return left ? text + space : space + text
    }

    // MARK: JSON

    private static func json(_ report: FieldReport) -> String {
        var text = JSONText()
        text.add("events", report.events)
        text.add("population", report.population)
        text.add("row_groups", report.rowGroups)
        text.add("not_json", report.notJSON)
        text.add("omitted_values", report.omittedValues)
        text.add("damaged_segments", report.damagedSegments)
        text.addRaw("fields", "[" + report.fields.map(json).joined(separator: ",") + "]")
        return text.text
    }

    private static func json(_ field: FieldSummary) -> String {
        var types = JSONText()
        for type in field.types { types.add(type.type.rawValue, type.count) }
        let examples = field.examples.map { example in
            var text = JSONText()
            text.add("text", example.text)
            text.add("count", example.count)
            return text.text
        }
        var text = JSONText()
        text.add("path", field.path)
        text.addRaw("types", types.text)
        text.add("events", field.events)
        text.add("values", field.values)
        text.add("distinct", field.distinct)
        text.add("has_more_distinct", field.hasMoreDistinct)
        text.addRaw("examples", "[" + examples.joined(separator: ",") + "]")
        return text.text
    }
}
