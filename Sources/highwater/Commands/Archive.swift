internal import ArgumentParser
internal import EventImport
internal import JMESPath
internal import RecordStreams
internal import StreamArchive

/// `highwater archive`: streams into journals.
struct Archive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "Archive streams of Kinesis and NATS into journals.",
        usage: """
            highwater archive <journal> <stream> [<options>]
            highwater archive --config <file> [--once]
            highwater archive status <journal>
            """,
        discussion: """
            `highwater archive stream --help` has the options and what streams can be; the word stream may be left out.

            EXAMPLES
              highwater archive s3://bucket/orders kinesis://orders?region=eu-west-1
              highwater archive --config streams.yaml
              highwater archive status s3://bucket/orders
            """,
        subcommands: [ArchiveStreamCommand.self, ArchiveStatusCommand.self],
        defaultSubcommand: ArchiveStreamCommand.self
    )
}

/// `highwater archive JOURNAL STREAM`: every record becomes an event.
struct ArchiveStreamCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stream",
        abstract: "Archive a stream: every record becomes an event, none is missing and none is there twice.",
        usage: """
            highwater archive <journal> <stream> [<options>]
            highwater archive --config <file> [--once]
            highwater archive status <journal>
            """,
        discussion: """
            The id of an event is stream, shard, sequence and subsequence, its key the partition key or the subject, its \
            timestamp the time of arrival or what --timestamp finds in the payload. Records that the Kinesis Producer \
            Library packed into one become an event each.

            Positions are stored with the records, by the same put: an archiver that is killed is gone on with by the next \
            one, wherever it runs. Several archivers of one stream share its shards; one that ends (Ctrl-C, SIGTERM) \
            stores what it has read and hands over at once, one that is killed loses its shards after --lease.

            Records that expired before they were archived are a gap: it is reported, stays in `highwater archive status`, \
            and makes this command end with status 3.

            KINESIS  Credentials and region are those of S3: AWS_ACCESS_KEY_ID and so on, profiles, roles of the machine. \
            Options of the URL: region, endpoint, profile, attempts, timeout, reads-per-second.

            NATS  nats://[user:password@]host[:port][,host…]/STREAM, or nats:///STREAM with NATS_URL; NATS_USER and \
            NATS_PASSWORD, or NATS_TOKEN. Options of the URL: subject (orders.{key}), key-header, domain, name, ca, cert, \
            key, attempts, timeout.

            EXAMPLES
              highwater archive s3://bucket/orders kinesis://orders?region=eu-west-1
              highwater archive ./orders "nats://127.0.0.1:4222/ORDERS?subject=orders.{key}"
              highwater archive ./orders kinesis://orders --once --timestamp payload.ordered_at
              highwater archive --config streams.yaml
              highwater archive status s3://bucket/orders
            """
    )

    @Argument(
        help: "The journal: a directory, or a URL (s3://bucket/prefix, gs://…, file:…).",
        completion: .directory
    )
    var journal: String?

    @Argument(
        help: ArgumentHelp("The stream: kinesis://NAME?region=… or nats://HOST/NAME?subject=….", valueName: "stream")
    )
    var stream: String?

    @Option(
        help: ArgumentHelp(
            "Archive the streams of a YAML file in place of one; see `highwater config check --help`.",
            valueName: "file"
        ),
        completion: .file(extensions: ["yaml", "yml"])
    )
    var config: String?

    @Flag(help: "End when all that was there at the beginning is archived, instead of waiting for more.")
    var once = false

    @Option(help: ArgumentHelp("Where in the payload the time of the event is: JMESPath.", valueName: "expression"))
    var timestamp: String?

    @Option(
        help: ArgumentHelp(
            "What that is: automatic, rfc3339, seconds, milliseconds, microseconds or nanoseconds. (default: automatic)",
            valueName: "unit"
        )
    )
    var timestampUnit: TimestampUnit?

    @Option(
        help: ArgumentHelp("Store what was read after so many seconds at most. (default: 10)", valueName: "seconds")
    )
    var latency: Double?

    @Option(
        help: ArgumentHelp(
            "Store what was read when its payload has so many bytes. (default: 32MiB)",
            valueName: "size"
        )
    )
    var batchSize: SizeArgument?

    @Option(
        help: ArgumentHelp(
            "Others take over from an archiver that is silent for so long. (default: 15)",
            valueName: "seconds"
        )
    )
    var lease: Double?

    private var settings: ArchiveSettings {
        ArchiveSettings(
            timestamp: timestamp,
            timestampUnit: timestampUnit,
            latency: latency,
            batchSize: batchSize,
            lease: lease
        )
    }

    func validate() throws {
        if config != nil {
            guard journal == nil, settings.isEmpty else {
                throw ValidationError("With --config, the journals, the streams and their settings stand in the file.")
            }
            return
        }
        guard journal != nil, stream != nil else {
            throw ValidationError("Give a journal and a stream, such as \(StreamURL.examples), or --config FILE.")
        }
        if let problem = settings.problem(named: { "--" + $0 }) { throw ValidationError(problem) }
    }

    func run() async throws {
        if let config {
            try await ArchiveJobs(jobs: try await ArchiveConfiguration.load(config).jobs()).run(once: once)
        } else if let journal, let stream {
            let job = ArchiveJob(name: nil, stream: stream, journal: journal, options: try settings.options())
            try await ArchiveJobs(jobs: [job]).run(once: once)
        }
    }
}
