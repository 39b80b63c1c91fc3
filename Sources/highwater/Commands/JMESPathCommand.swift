internal import ArgumentParser
internal import EventImport
internal import JMESPath

/// `highwater jmespath`: an expression over each line of NDJSON.
struct JMESPathCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jmespath",
        abstract: "Evaluate a JMESPath expression over each line of NDJSON files.",
        discussion: """
            Prints one JSON value for each line, in their order. Files may be plain or compressed by gzip or zstd; without \
            any, or for -, standard input is read. A line that is no JSON value, or that a function cannot take, is \
            reported with its place, and the rest goes on (exit status 3). The language is that of jmespath.org, with all \
            its functions; put 'text' in single quotes, and the whole expression in double quotes for the shell.

            EXAMPLES
              highwater jmespath "{id: event_id, total: data.order.total}" --where "data.actor.country == 'DE'" day.ndjson
              highwater jmespath --filter "level == 'error' && !contains(message, 'timeout')" logs-*.ndjson.gz
              highwater jmespath -r "join(',', tags[?starts_with(@, 'a')])" posts.ndjson.zst
              curl -s https://example.com/events | highwater jmespath "items[-1].sku" --skip-null
              highwater jmespath --filter --count "length(items) > \\`3\\`" orders.ndjson
            """
    )

    @Argument(help: ArgumentHelp("What to print for each line.", valueName: "expression"))
    var expression: String

    @Argument(help: "NDJSON files; - for standard input.", completion: .file())
    var files: [String] = []

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp("Only for lines of which this is true.", valueName: "expression")
    )
    var condition: String?

    @Flag(help: "Print the lines themselves, as they stand, of which EXPRESSION is true.")
    var filter = false

    @Flag(name: [.short, .long], help: "Print text without quotes and escape sequences.")
    var raw = false

    @Flag(help: "Print nothing where the result is null.")
    var skipNull = false

    @Flag(help: "Print only how many lines there were results for.")
    var count = false

    func validate() throws {
        if filter, condition != nil {
            throw ValidationError(
                "--filter takes its condition from EXPRESSION; join both with && and leave out --where."
            )
        }
        if filter, raw || skipNull {
            throw ValidationError("--filter prints lines as they stand; leave out --raw and --skip-null.")
        }
    }

    func run() async throws {
        let expression = try Expression.compile(expression)
        let job = LineJob(
            condition: filter ? expression : try condition.map(Expression.compile),
            projection: filter ? nil : expression,
            isRaw: raw,
            skipsNull: skipNull,
            countsOnly: count
        )
        let paths = files.isEmpty ? ["-"] : files
        try await Signals.cancellable { try await JMESPathCommand.run(job, paths) }
    }

    /// More lines at fault than these are only counted.
    private static let shown = 100

    private static func run(_ job: LineJob, _ paths: [String]) async throws {
        let reader = LineReader(paths, blockLength: 2 << 20)
        var faults = 0
        var total = 0
        try await withThrowingTaskGroup(of: LineResults.self) { group in
            var early: [Int: LineResults] = [:]
            var started = 0
            var written = 0
            var isAtEnd = false
            while true {
                // Results wait for those before them, so that only so many blocks are in memory.
                while !isAtEnd, started - written < 6 {
                    guard let piece = try await reader.next() else {
                        isAtEnd = true
                        break
                    }
                    let number = started
                    started += 1
                    group.addTask { try job.run(piece, number: number) }
                }
                guard let results = try await group.next() else { break }
                early[results.number] = results
                while let results = early.removeValue(forKey: written) {
                    written += 1
                    total += results.count
                    report(results.faults, after: faults)
                    faults += results.faults.count
                    try Output.writeAll(results.output, to: 1)
                }
            }
        }
        if job.countsOnly { try Output.line("\(total)") }
        let failures = reader.failures
        for failure in failures.dropLast() { Output.error("highwater: \(failure.message)") }
        if let last = failures.last { throw CommandError(status: Failure.storage, message: last.message) }
        if faults > 0 {
            throw CommandError(
                status: Failure.partial,
                message: "\(Text.count(faults, "line")) left out; there are results for \(Text.count(total))."
            )
        }
    }

    /// Says what is wrong with lines, of which `before` were wrong already.
    private static func report(_ faults: [String], after before: Int) {
        for fault in faults.prefix(max(0, shown - before)) { Output.error(fault) }
        if before <= shown, before + faults.count > shown { Output.error("… further lines are only counted.") }
    }
}
