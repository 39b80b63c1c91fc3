internal import ArgumentParser
internal import CloudSupport
internal import EventJournal
internal import JMESPath
internal import ReplayJobs

/// `highwater replay-to`: events of a range into a sink, as a job.
struct ReplayTo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay-to",
        abstract: "Send the events of a range to a stream, a web server, a file or another journal.",
        discussion: """
            The sink is kinesis://STREAM?region=…, nats://HOST/STREAM, http://… or https://…, a file (NDJSON) or - for standard output, or another \
            journal: s3://…, gs://…, a directory that exists or ends with a slash. Journals keep the ids.

            It is a job, an object in the journal: `highwater jobs` shows, pauses and resumes it from anywhere. Ctrl-C \
            pauses it. A job whose process died is resumed by `highwater jobs resume`, in any process: every record \
            comes at least once, those of a key in order, and no more than the last batch twice. Without --through the job \
            ends with the last event that there is when it begins.

            --annotate, --annotated and --may-overwrite make records say that they are replayed: in the member \
            "_replay", which has the job, the original position and time, and your fields. Consumers that get live records as \
            well need it to stay right: docs/replay-consistency.md.

            --rate is records (500/s) or bytes (2MB/s) a second, or recorded×K: as the events happened, K times as fast.

            What a stream or a web server does not take is tried again with back-off for --give-up-after; standard error and \
            `highwater jobs watch` say what is wrong meanwhile. Then the job fails, and can be resumed.

            HTTP sinks: 500 records a request at most. HIGHWATER_HTTP_SECRET, or the file \
            that HIGHWATER_HTTP_SECRET_FILE names, signs requests (Highwater-Signature); HIGHWATER_HTTP_AUTHORIZATION is sent as \
            the header Authorization. Their URL is stored in the job, and must have no secret in it: write '${HIGHWATER_SINK_TOKEN}' in \
            its place, with what variable you like whose name begins so (or one with _FILE behind it, which names a file).

            EXAMPLES
              highwater replay-to s3://bucket/orders kinesis://orders-test?region=eu-west-1 --after -7d --annotated
              highwater replay-to ./orders https://search.example/bulk --latest-per-key --annotate reason=reindex
              highwater replay-to ./orders paid.ndjson --where "state == 'paid'" --select "{id: id, total: total}"
              highwater replay-to ./orders s3://bucket/orders-2024 --after 2024-01-01 --through 2025-01-01
              highwater replay-to ./orders - --rate recorded×60
              highwater replay-to ./orders kinesis://orders --dry-run --json
            """
    )

    @OptionGroup var journal: JournalArgument

    @Argument(help: ArgumentHelp("Where to send: see above.", valueName: "sink"))
    var sink: String?

    @OptionGroup var range: RangeOptions
    @OptionGroup var selection: SelectionOptions

    @Flag(
        help: "Only the last event of each key in the range, and none without a key; --where applies to what is left."
    )
    var latestPerKey = false

    @Option(help: ArgumentHelp("Annotate records with this as well; can be repeated.", valueName: "field=value"))
    var annotate: [String] = []

    @Flag(help: "Annotate records: job, original position and time.")
    var annotated = false

    @Flag(help: "Annotate records as ones that take the place of the live record at their position.")
    var mayOverwrite = false

    @Option(help: ArgumentHelp("At most so fast: 500/s, 2MB/s, recorded×10.", valueName: "rate"))
    var rate: String?

    @Option(
        help: ArgumentHelp(
            "At most so many records at a time, and no more than the sink takes; a crash repeats one batch.",
            valueName: "records"
        )
    )
    var batch: Int?

    @Option(
        help:
            "What files and HTTP sinks get: the payload, which has to be JSON (data), or the envelope with it (event)."
    )
    var format: RecordFormat?

    @Option(help: ArgumentHelp("For HTTP sinks: POST (the default) or PUT.", valueName: "method"))
    var method: String?

    @Option(
        help: ArgumentHelp(
            "For HTTP sinks: ndjson (the default), or array for one JSON array a request.",
            valueName: "body"
        )
    )
    var body: String?

    @Option(
        help: ArgumentHelp(
            "Others may take over when this process was silent for so long; 15 by default.",
            valueName: "seconds"
        )
    )
    var lease: Double?

    private static let defaultLease = 15.0

    @Option(
        help: ArgumentHelp(
            "For streams and HTTP sinks: how long a batch is tried again that they do not take, such as 30s, 10m or 2d, before the job "
                + "fails. By default 10m for HTTP, 3m for Kinesis, 1m for NATS.",
            valueName: "time"
        )
    )
    var giveUpAfter: DurationArgument?

    @Option(help: ArgumentHelp("Resume this job instead of beginning one.", valueName: "job"))
    var job: String?

    @Flag(help: "Count what would be sent, and show the first and the last record; nothing is sent, no job is made.")
    var dryRun = false

    @Flag(help: "Print the job, or what --dry-run finds, as JSON when it ends.")
    var json = false

    func validate() throws {
        if job != nil {
            let isPlain =
                sink == nil && range.after == nil && range.through == nil && selection.condition == nil
                && selection.select == nil && !selection.strict && !latestPerKey && annotate.isEmpty && !annotated
                && !mayOverwrite
                && rate == nil && batch == nil && lease == nil && format == nil && method == nil && body == nil
                && giveUpAfter == nil && !dryRun
            guard isPlain else {
                throw ValidationError("--job resumes a job as it is: leave out the sink and all other options.")
            }
            return
        }
        guard sink != nil || dryRun else { throw ValidationError("Name a sink, or a job to resume with --job.") }
        if let rate, ReplayRate(rate) == nil {
            throw ValidationError(
                "\"\(rate)\" is no rate; write for instance 500/s, 2MB/s or recorded×10, from 1e-6 to 1e15."
            )
        }
        if let batch, !(1...1_000_000).contains(batch) {
            throw ValidationError("--batch is \(batch); it must be from 1 to 1000000 records.")
        }
        if let lease, !(1...3600).contains(lease) {
            throw ValidationError("--lease is \(Text.number(lease)); it must be from 1 to 3600 seconds.")
        }
        if let method, !["POST", "PUT"].contains(method.uppercased()) {
            throw ValidationError("--method is \(method); it must be POST or PUT.")
        }
        if let body, HTTPReplaySink.Configuration.Body(rawValue: body) == nil {
            throw ValidationError("--body is \(body); it must be ndjson or array.")
        }
        for text in annotate {
            guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
                throw ValidationError("--annotate \"\(text)\" is not field=value.")
            }
        }
    }

    func run() async throws {
        if let job {
            let journal = try await journal.open(create: false)
            return try await JobProgram(journal).resume(job, json: json)
        }
        let spec = try spec()
        let journal = try await journal.open(create: false)
        if dryRun { return try await preview(spec, journal) }
        let program = JobProgram(journal)
        // What is wrong with the sink is said before there is a job.
        try await SinkArgument.open(spec, job: "", from: journal).begin(.first)
        try await program.run(try await program.jobs.create(spec), json: json)
    }

    private func spec() throws -> ReplayJobSpec {
        var spec = ReplayJobSpec(sink: try sink.map(SinkArgument.stored) ?? "-")
        spec.after = range.after?.timestamp
        spec.through = range.through?.timestamp
        _ = try selection.selection()
        spec.condition = selection.condition
        spec.projection = selection.select
        spec.isStrict = selection.strict
        spec.latestPerKey = latestPerKey
        spec.mayOverwrite = mayOverwrite
        spec.isAnnotated = annotated || mayOverwrite || !annotate.isEmpty
        for text in annotate {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            spec.annotations[String(parts[0])] = String(parts[1])
        }
        spec.rate = rate.flatMap { ReplayRate($0) }
        spec.batchRecords = batch
        spec.lease = .seconds(lease ?? Self.defaultLease)
        spec.sinkOptions[SinkArgument.format] = format?.rawValue
        spec.sinkOptions[SinkArgument.method] = method?.uppercased()
        spec.sinkOptions[SinkArgument.body] = body
        spec.sinkOptions[SinkArgument.giveUpAfter] = giveUpAfter?.description
        if let sink { try SinkArgument.check(sink, spec.sinkOptions) }
        return spec
    }

    private func preview(_ spec: ReplayJobSpec, _ journal: Journal) async throws {
        let bar = ProgressBar(unit: .events)
        defer { bar.finish() }
        let preview = try await Signals.cancellable {
            try await ReplayPreview(of: spec, in: journal) { bar.update(done: $0.events, total: nil) }
        }
        bar.finish()
        if json {
            var text = JSONText()
            text.add("events", preview.events)
            text.add("bytes", preview.bytes)
            if let first = preview.first { text.addRaw("first", first.line) }
            if let last = preview.last { text.addRaw("last", last.line) }
            return try Output.line(text.text)
        }
        var lines = [
            "\(Text.count(preview.events, "record")), \(Text.bytes(preview.bytes)) of payload; nothing was sent."
        ]
        let width = max(40, Output.width ?? 120)
        if let first = preview.first { lines += first.glance("first", width) }
        if let last = preview.last { lines += last.glance("last", width) }
        try Output.line(lines.joined(separator: "\n"))
    }
}

extension Event {
    /// A look at it in two lines: what it is, and the beginning of its payload.
    fileprivate func glance(_ name: String, _ width: Int) -> [String] {
        let indent = String(repeating: " ", count: 7)
        let head = "\(timestamp.rfc3339) \(id)" + (key.map { ", key \($0)" } ?? "")
        let lines = [name + indent.dropFirst(name.count) + ForeignText.line(head, limit: width - 8)]
        guard let text = String(validating: data, as: UTF8.self) else {
            return lines + ["\(indent)\(Text.count(data.count, "byte")) that are no text; --json has them in base 64"]
        }
        let whole = ForeignText.line(text, limit: .max)
        if whole.count <= width - 7 { return lines + [indent + whole] }
        let note = "… (of \(Text.count(data.count, "byte")); --json has all)"
        return lines + [indent + whole.prefix(max(10, width - 7 - note.count)) + note]
    }

    /// The envelope with the payload, on a line.
    fileprivate var line: String {
        var bytes: [UInt8] = []
        EventBatch([self]).appendEnvelope(0, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
