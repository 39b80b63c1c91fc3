internal import ArgumentParser
internal import EventJournal
internal import SQLQuery

/// `highwater histogram`: events over time, drawn in the terminal.
struct HistogramCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "histogram",
        abstract: "Draw events over time, of all or by key.",
        discussion: """
            Reads the times of events, and their keys if asked, but no payloads. Needs DuckDB's command-line program as \
            `highwater sql` does.

            EXAMPLES
              highwater histogram ./commits
              highwater histogram ./commits --after -30d --step 1d
              highwater histogram ./commits --by-key --keys 5
              highwater histogram ./commits --json
            """
    )

    @OptionGroup var journal: JournalArgument

    @OptionGroup var range: RangeOptions

    @Option(help: "The time of a bar; as fits 40 bars, or the width of the terminal by key, unless given.")
    var step: HistogramStep?

    @Flag(help: "A line for each of the keys that have most events.")
    var byKey = false

    @Option(help: ArgumentHelp("How many keys.", valueName: "count"))
    var keys = 10

    @Flag(help: "One JSON object a line: key (by key), begin of the step, events.")
    var json = false

    @Option(help: ArgumentHelp("DuckDB's command-line program.", valueName: "path"), completion: .file())
    var duckdb: String?

    /// More steps than this are a mistake.
    private static let mostSteps = 10_000

    func validate() throws {
        if !(1...1000).contains(keys) { throw ValidationError("--keys is from 1 to 1000, not \(keys).") }
    }

    func run() async throws {
        let engine = try SQLEngine.locate(duckdb)
        try await Signals.cancellable {
            let journal = try await journal.open(create: false)
            guard let (step, histogram) = try await histogram(of: journal, engine) else {
                if !json { Output.error("No events in \(journal.location), or none of this range.") }
                return
            }
            var output = Output()
            if json {
                try write(histogram, to: &output)
            } else if byKey {
                try output.write(histogram.lines())
            } else {
                try output.write(histogram.bars(width: Output.width ?? 80))
            }
            try output.flush()
            if !json { Output.error("A step is \(step.interval), in UTC.") }
        }
    }

    private func histogram(of journal: Journal, _ engine: DuckDB) async throws -> (HistogramStep, Histogram)? {
        let (after, through) = (range.after?.timestamp, range.through?.timestamp)
        let segments = try await journal.segments(after: after, through: through)
        guard let first = segments.map(\.first).min(), let last = segments.map(\.last).max() else { return nil }
        let begin = max(first, after ?? first).microseconds / 1_000_000
        let end = min(last, through ?? last).microseconds / 1_000_000
        let columns = byKey ? max((Output.width ?? 80) - 50, 20) : 40
        let step = step ?? HistogramStep.fitting(seconds: end - begin, bars: columns)
        guard (end - begin) / step.seconds < Self.mostSteps else {
            throw CommandError(
                status: Failure.usage,
                message:
                    "That would be \(Text.count(Int((end - begin) / step.seconds))) steps of \(step.interval). Take a longer "
                    + "--step, or a range."
            )
        }
        let answer = try TemporaryOutput()
        let query = SQLQuery(
            Histogram.query(step: step, keys: byKey ? keys : nil),
            engine: engine,
            options: SQLOptions(
                format: .csv,
                range: EventRange(after: after, through: through),
                cache: SQLEngine.cache(directory: nil, limitBytes: nil),
                temporaryDirectory: SQLEngine.temporaryDirectory
            )
        )
        _ = try await query.run(on: journal, printingTo: answer.descriptor)
        do {
            let histogram = try Histogram(csv: answer.text())
            return histogram.rows.isEmpty ? nil : (step, histogram)
        } catch is Histogram.Malformed {
            throw CommandError(
                status: Failure.storage,
                message:
                    "DuckDB at \(engine.path) answered what cannot be read as counts. Does the same statement work in "
                    + "`highwater sql`?"
            )
        }
    }

    private func write(_ histogram: Histogram, to output: inout Output) throws {
        for row in histogram.rows {
            for (label, count) in zip(histogram.labels, row.counts) {
                var text = JSONText()
                if byKey { text.add("key", row.key) }
                text.add("begin", label)
                text.add("events", count)
                try output.write(text.text + "\n")
            }
        }
    }
}
