internal import ArgumentParser
internal import EventJournal

/// `highwater columns`: typed columns that compaction fills from payloads.
struct Columns: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "columns",
        abstract: "Promote parts of payloads to typed columns, so that queries on them read no JSON.",
        discussion: """
            Compaction evaluates a JMESPath expression over each payload and stores what it finds in a column of its own, with \
            statistics, in the segments and in the schema of the Delta table. `highwater sql` has the column at once, also of \
            events that were compacted before or are in the inbox: there it is taken from the payload. Other readers of the \
            table see null until segments are filled.

            EXAMPLES
              highwater columns suggest ./commits
              highwater columns add ./commits added=data.totals.added:int64 --backfill
              highwater columns list ./commits
              highwater sql ./commits "select key, sum(added) from events group by 1"
            """,
        subcommands: [Add.self, List.self, Remove.self, Fill.self, Suggest.self]
    )

    // MARK: - add

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Add columns, which compaction fills from now on.",
            discussion: """
                A definition is NAME=JMESPATH:TYPE. The expression is over the payload, as of --where; a path may begin with \
                data, as the column of the payload is called. Types: \(Columns.types). A value of another type is null, and \
                counted when it is compacted; timestamps are texts by RFC 3339. What a name means cannot change later.

                EXAMPLES
                  highwater columns add ./commits added=data.totals.added:int64
                  highwater columns add ./orders 'files=length(files):int64' paid=data.paid_at:timestamp --backfill
                """
        )

        @OptionGroup var journal: JournalArgument

        @Argument(help: ArgumentHelp("What to add: added=data.totals.added:int64.", valueName: "name=jmespath:type"))
        var definitions: [String]

        @Flag(help: "Rewrite the segments that lack a column; may be interrupted, and gone on with by `columns fill`.")
        var backfill = false

        func run() async throws {
            let columns = try definitions.map(PromotedColumn.init(definition:))
            let journal = try await journal.open(create: false)
            let added = try await Signals.cancellable { try await journal.addColumns(columns) }
            for column in columns {
                try Output.line(
                    added.contains(column) ? "Added \(column.definition)." : "\(column.name) is there already."
                )
            }
            if backfill { return try await Fill.fill(journal, asJSON: false) }
            let lacking = try await journal.columns().map { $0.segments - $0.filledSegments }.max() ?? 0
            if !added.isEmpty, lacking > 0 {
                let segments = lacking == 1 ? "1 segment lacks" : "\(Text.count(lacking, "segment")) lack"
                try Output.line(
                    "\(segments) it so far; `highwater columns fill` rewrites \(lacking == 1 ? "it" : "them")."
                )
            }
        }
    }

    // MARK: - list

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the columns, and how much of the compacted events has them.",
            discussion: """
                EXAMPLES
                  highwater columns list ./commits
                  highwater columns list ./commits --json | jq -r .name
                """
        )

        @OptionGroup var journal: JournalArgument

        @Flag(help: "One JSON object a line.")
        var json = false

        func run() async throws {
            let journal = try await journal.open(create: false)
            let columns = try await Signals.cancellable { try await journal.columns() }
            if json {
                for column in columns { try Output.line(List.json(column)) }
                return
            }
            if columns.isEmpty {
                return try Output.line("There are no columns in \(journal.location); see `highwater columns suggest`.")
            }
            let rows =
                [["NAME", "TYPE", "FILLED", "EXPRESSION"]]
                + columns.map { status in
                    let filled =
                        status.isFilled
                        ? "all" : "\(Text.count(status.filledSegments)) of \(Text.count(status.segments, "segment"))"
                    return [status.column.name, status.column.type.rawValue, filled, status.column.expression]
                }
            try Columns.printTable(rows)
        }

        private static func json(_ status: PromotedColumnStatus) -> String {
            var text = JSONText()
            text.add("name", status.column.name)
            text.add("type", status.column.type.rawValue)
            text.add("expression", status.column.expression)
            text.add("segments", status.segments)
            text.add("filled_segments", status.filledSegments)
            text.add("events", status.events)
            text.add("filled_events", status.filledEvents)
            return text.text
        }
    }

    // MARK: - remove

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Stop filling columns, and leave them out of `highwater sql`.",
            discussion: """
                The Delta table keeps the column, and segments the values they have: a table can drop a column only by column \
                mapping, which many readers lack. What is compacted from then on has null there. The name stays taken; the same \
                definition may be added again.

                EXAMPLES
                  highwater columns remove ./commits added
                """
        )

        @OptionGroup var journal: JournalArgument

        @Argument(help: ArgumentHelp("Names of columns.", valueName: "name"))
        var names: [String]

        func run() async throws {
            let journal = try await journal.open(create: false)
            let names = names
            try await Signals.cancellable { try await journal.removeColumns(names) }
            for name in names {
                try Output.line(
                    "\(name) is filled no more. The Delta table keeps the column, null in what is compacted from now on."
                )
            }
        }
    }

    // MARK: - fill

    struct Fill: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "fill",
            abstract: "Rewrite the compacted segments that lack a column.",
            discussion: """
                One segment after the other, each by a commit of its own: it may be interrupted at any point, and the next call \
                goes on. Readers and writers go on meanwhile. The old segments go with a later `highwater vacuum`.

                EXAMPLES
                  highwater columns fill ./commits
                """
        )

        @OptionGroup var journal: JournalArgument

        @Flag(help: "Report as one JSON object.")
        var json = false

        func run() async throws { try await Fill.fill(try await journal.open(create: false), asJSON: json) }

        static func fill(_ journal: Journal, asJSON: Bool) async throws {
            let start = ContinuousClock.now
            let bar = ProgressBar(unit: .events)
            defer { bar.finish() }
            let report = try await Signals.cancellable {
                try await journal.fillColumns { bar.update(done: $0.events, total: $0.ofEvents) }
            }
            bar.finish()
            let seconds = (ContinuousClock.now - start).seconds
            for warning in report.warnings { Output.error("highwater: \(warning)") }
            Compact.tellMisfits(report)
            if asJSON { return try Output.line(Compact.json(report, seconds)) }
            try Output.line(
                report.commits == 0
                    ? "No segment of \(journal.location) lacks a column."
                    : Compact.text(report, journal.location, seconds)
            )
        }
    }

    // MARK: - suggest

    struct Suggest: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "suggest",
            abstract: "Look at the payloads, and print commands that add columns.",
            discussion: """
                Looks at a sample as `highwater fields` does. A path is suggested when a tenth of the payloads has it, outside of \
                arrays, nearly always with one type. Behind each command: in how many payloads of the sample it is, how many \
                values would not fit, and how many different ones there are.

                EXAMPLES
                  highwater columns suggest ./commits
                  highwater columns suggest ./orders --after -7d --json | jq -r .definition
                """
        )

        @OptionGroup var journal: JournalArgument
        @OptionGroup var range: RangeOptions

        @Option(help: ArgumentHelp("How many events to look at.", valueName: "events"))
        var sample = 10_000

        @Option(
            help: ArgumentHelp("Makes the choice of events; another number gives another sample.", valueName: "number")
        )
        var seed: UInt64 = 0

        @Flag(help: "One JSON object a line.")
        var json = false

        func validate() throws {
            guard sample > 0 else { throw ValidationError("--sample is 1 or more, not \(sample).") }
        }

        func run() async throws {
            let opened = try await journal.open(create: false)
            let (range, sampling) = (range, FieldSampling(events: sample, seed: seed))
            let (report, present) = try await Signals.cancellable {
                let report = try await opened.fields(
                    after: range.after?.timestamp,
                    through: range.through?.timestamp,
                    sampling: sampling
                )
                return (report, try await opened.columns().map(\.column))
            }
            let suggestions = report.suggestedColumns(besides: present)
            if json {
                for suggestion in suggestions { try Output.line(Suggest.json(suggestion, report)) }
                return
            }
            if suggestions.isEmpty {
                return try Output.line(
                    "Nothing to suggest: \(Text.count(report.events, "event")) looked at; `highwater fields` shows what they have."
                )
            }
            let rows = suggestions.map { suggestion in
                let definition = suggestion.column.definition
                let isPlain = definition.utf8.allSatisfy { $0 != UInt8(ascii: "\"") && $0 > 0x20 && $0 < 0x7F }
                let shown = isPlain ? definition : Suggest.quoted(definition)
                var note = "# \(Fields.percent(suggestion.events, of: max(report.events - report.notJSON, 1)))"
                if suggestion.misfits > 0 { note += ", \(Text.count(suggestion.misfits)) not fitting" }
                note +=
                    ", \(Text.count(suggestion.distinct))\(suggestion.distinct >= FieldSurvey.maximumDistinct ? "+" : "") different"
                return ["highwater columns add \(Suggest.quotedIfNeeded(journal.journal)) \(shown)", note]
            }
            try Columns.printTable(rows)
        }

        private static func json(_ suggestion: ColumnSuggestion, _ report: FieldReport) -> String {
            var text = JSONText()
            text.add("definition", suggestion.column.definition)
            text.add("name", suggestion.column.name)
            text.add("expression", suggestion.column.expression)
            text.add("type", suggestion.column.type.rawValue)
            text.add("events", suggestion.events)
            text.add("of_events", report.events - report.notJSON)
            text.add("misfits", suggestion.misfits)
            text.add("distinct", suggestion.distinct)
            return text.text
        }

        private static func quotedIfNeeded(_ text: String) -> String {
            let isPlain = text.utf8.allSatisfy { byte in
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
                    || "/._-:".utf8.contains(byte)
            }
            return isPlain ? text : quoted(text)
        }

        /// Text as one word of a shell.
        private static func quoted(_ text: String) -> String { "'" + Text.replacing("'", in: text, by: "'\\''") + "'" }
    }

    // MARK: - Shared

    static let types = PromotedColumn.ValueType.allCases.map(\.rawValue).joined(separator: ", ")

    /// Prints rows with their columns aligned to the left.
    private static func printTable(_ rows: [[String]]) throws {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = row.enumerated()
                .map { index, cell in
                    index == count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
                }
            try Output.line(cells.joined(separator: "  "))
        }
    }
}
