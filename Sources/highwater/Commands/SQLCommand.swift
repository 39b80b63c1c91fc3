internal import ArgumentParser
internal import EventImport
internal import EventJournal
internal import SQLQuery
internal import StreamArchive
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// `highwater sql`: a query over everything a journal has.
struct SQLCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sql",
        abstract: "Query a journal in SQL.",
        discussion: """
            There are three tables: archived (what compaction has put into the catalog), current (what was appended since) and \
            events (both). Each has event_id, timestamp, key, source, sequence, data, and data_bytes for payloads that are no \
            text. Updates and deletes are applied, every event is there once, and all of it is of one moment, while others \
            write and compact. data is text: data->>'$.a.b' reaches into JSON.

            The dialect is DuckDB's, whose command-line program runs the query as a child process: duckdb on PATH, what \
            --duckdb or HIGHWATER_DUCKDB names, or where scripts/setup put it. The statement is one query; it can read the \
            journal's segments and nothing else.

            --engine spark runs it on Apache Spark, over the same tables in Spark's dialect: on this machine, where SPARK_REMOTE \
            says, or by spark-submit. Spark is not locked up: run nobody else's statements by it.

            --live STREAM adds to current, and so to events, what is on a stream that is archived into the journal and not there \
            yet, read up to the moment of asking. Give it the --timestamp that the archiver has.

            EXAMPLES
              highwater sql ./commits "select key, count(*) from events group by 1 order by 2 desc limit 5"
              highwater sql ./commits "select timestamp, data->>'$.subject' as subject from events limit 3" --format json
              highwater sql ./commits "select count(*) from events" --after 2015-01-01 --through 2016-01-01
              highwater sql ./orders "select * from events join other.events as o using (key)" --with other=./payments
              highwater sql ./commits
              highwater sql ./commits - < report.sql > report.txt
              highwater sql ./commits "from events" --format parquet > events.parquet
              highwater sql ./commits "select key, count(*) from events group by 1" --engine spark
              highwater sql s3://bucket/orders "select count(*) from events" --live kinesis://orders?region=eu-west-1
            """
    )

    @OptionGroup var journal: JournalArgument

    @Argument(
        help: "One query; - reads it from standard input. Without one DuckDB's shell opens, with the tables ready."
    )
    var statement: String?

    @OptionGroup var range: RangeOptions

    @Option(help: "How rows are printed: \(SQLFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format: SQLFormat = .table

    @Flag(help: "Print the engine's plan instead of the rows, and on standard error what the tables are made of.")
    var explain = false

    @Option(
        help: ArgumentHelp(
            "Another journal, whose tables are name.events and so on; may be repeated.",
            valueName: "name=journal"
        )
    )
    var with: [NamedJournal] = []

    @Option(
        help: ArgumentHelp(
            "A stream, of which current also has what is not archived in the journal yet; may be repeated.",
            valueName: "stream"
        )
    )
    var live: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where in the payload of --live the time of an event is, as for the archiver: JMESPath.",
            valueName: "expression"
        )
    )
    var timestamp: String?

    @Option(
        help: ArgumentHelp(
            "What that is: automatic, rfc3339, seconds, milliseconds, microseconds or nanoseconds. (default: automatic)",
            valueName: "unit"
        )
    )
    var timestampUnit: TimestampUnit?

    @Option(help: ArgumentHelp("The time zone that moments are printed and read in.", valueName: "name"))
    var timeZone = "UTC"

    @Option(help: "What runs the query: \(QueryEngine.allCases.map(\.rawValue).joined(separator: ", ")).")
    var engine: QueryEngine = .duckdb

    @Flag(name: .shortAndLong, help: "Say nothing about how far the query is, nor what a store waits for.")
    var quiet = false

    @OptionGroup var limits: SQLLimitOptions

    func validate() throws {
        try limits.validate(for: engine)
        if live.isEmpty, !liveStreams.settings.isEmpty {
            throw ValidationError("--timestamp and --timestamp-unit are of the records of --live; name a stream.")
        }
        if timestampUnit != nil, timestamp == nil {
            throw ValidationError("--timestamp-unit is of what --timestamp finds; give that, too.")
        }
        if let problem = liveStreams.settings.problem(named: { "--\($0)" }) { throw ValidationError(problem) }
        let names = with.map { $0.name.lowercased() }
        if statement == nil {
            if explain { throw ValidationError("--explain is of a query; give one.") }
            if engine == .spark { throw ValidationError("The shell is DuckDB's; give --engine spark a query.") }
            if limits.timeout != nil { throw ValidationError("--timeout is of a query; the shell has none.") }
            if format == .parquet {
                throw ValidationError("The shell prints no Parquet; give --format parquet a query.")
            }
        }
        if Set(names).count < names.count { throw ValidationError("Two journals of --with have the same name.") }
    }

    func run() async throws {
        if quiet { StoreNotes.shared.silence() }
        let printer = try SQLEngine.locate(limits.duckdb)
        let spark = engine == .spark ? try SQLEngine.locateSpark(limits.spark) : nil
        guard let statement else { return try await openShell(SQLQuery("", engine: printer, options: options)) }
        let text =
            statement == "-"
            ? String(decoding: try StandardInput.readAll(limit: 1 << 20, what: "statement"), as: UTF8.self) : statement
        if format == .parquet, !explain, isatty(STDOUT_FILENO) == 1 {
            throw ValidationError("A Parquet file is not for a terminal; send it into a file: > rows.parquet")
        }
        let pager = Pager.command
        let paged = try pager.map { _ in try TemporaryOutput() }
        let output = paged?.descriptor ?? STDOUT_FILENO
        // Rows on the same terminal would get into the line.
        let line = QueryProgressLine(isShown: !quiet && Output.errorIsTerminal, endsWithRows: isatty(output) == 1)
        defer { line.finish() }
        var options = options
        options.progress = { line.update($0) }
        let told = options
        // What was on the streams is in files that go away with the view, so it is kept until the rows are there.
        let live = Mutex<LiveStreams.View?>(nil)
        let report = try await line.ticking {
            try await told.limits.timed {
                @Sendable func opened() async throws -> (Journal, [String: Journal]) {
                    let (view, others) = try await open(told.progress)
                    live.withLock { $0 = view }
                    return (view.journal, others)
                }
                if let spark {
                    let (journal, others) = try await opened()
                    return try await SparkQuery(text, engine: spark, printer: printer, options: told)
                        .run(on: journal, with: others, printingTo: output)
                }
                return try await SQLQuery(text, engine: printer, options: told).run(printingTo: output, on: opened)
            }
        }
        let view = live.withLock(\.self)
        let reports = view?.reports ?? []
        line.finish()
        warn(reports)
        if report.computedSegments > 0, Output.errorIsTerminal || explain {
            Output.error(
                "\(Text.count(report.computedSegments, "segment")) without a column that is asked for: it was taken from payloads. "
                    + "`highwater columns fill` makes this faster."
            )
        }
        if explain {
            for tail in reports {
                Output.error("live: \(Text.count(tail.records, "record")) of \(tail.stream) not archived")
            }
            Output.error(
                "archived: \(Text.count(report.archivedSegments, "segment")), \(Text.bytes(report.archivedBytes)), "
                    + "\(Text.count(report.skippedSegments, "segment")) not read, "
                    + "\(Text.bytes(report.fetchedBytes)) fetched; "
                    + "current: \(Text.count(report.currentEvents, "event")); \(engine.name) \(report.engineVersion)"
            )
        }
        if let pager { try Pager.show(output, by: pager) }
        withExtendedLifetime((paged, view)) {}
    }

    private var liveStreams: LiveStreams {
        LiveStreams(urls: live, settings: ArchiveSettings(timestamp: timestamp, timestampUnit: timestampUnit))
    }

    private func warn(_ tails: [StreamTail.Report]) {
        for warning in tails.flatMap(\.warnings) { Output.error("highwater: \(warning)") }
    }

    private func open(
        _ progress: (@Sendable (SQLProgress) -> Void)?
    ) async throws -> (LiveStreams.View, [String: Journal]) {
        let journal = try await journal.open(create: false)
        var others: [String: Journal] = [:]
        for other in with { others[other.name] = try await JournalArgument.open(other.journal, create: false) }
        // Last, since it is read up to now.
        return (try await liveStreams.over(journal, progress: progress), others)
    }

    private func openShell(_ query: SQLQuery) async throws {
        let (view, others) = try await open(nil)
        warn(view.reports)
        // Ctrl-C is for the statement that runs in the shell.
        signal(SIGINT, SIG_IGN)
        let status = try await query.openShell(on: view.journal, with: others, terminal: SQLEngine.terminal)
        withExtendedLifetime(view) {}
        if status != 0 { Signals.exit(status) }
    }

    private var options: SQLOptions {
        SQLOptions(
            limits: limits.limits,
            format: format,
            range: EventRange(after: range.after?.timestamp, through: range.through?.timestamp),
            timeZone: timeZone,
            explains: explain,
            cache: SQLEngine.cache(directory: limits.cache, limitBytes: limits.cacheSize?.bytes),
            temporaryDirectory: SQLEngine.temporaryDirectory
        )
    }
}

/// A journal with the name its tables are to have: `orders=./orders`.
struct NamedJournal: ExpressibleByArgument {
    let name: String
    let journal: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else { return nil }
        name = String(argument[..<equals])
        journal = String(argument[argument.index(after: equals)...])
        // Names that DuckDB has a meaning for.
        let taken = ["main", "temp", "system", "memory", "information_schema", "pg_catalog"]
        guard !journal.isEmpty, !taken.contains(name.lowercased()) else { return nil }
    }
}
