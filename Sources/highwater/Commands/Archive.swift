internal import ArgumentParser
internal import EventImport
internal import EventJournal
internal import JMESPath
internal import KinesisStreams
internal import ObjectStorage
internal import RecordStreams
internal import StreamArchive

/// `highwater archive`: streams into journals.
struct Archive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Archive a Kinesis stream into a journal.",
        subcommands: [ArchiveStreamCommand.self, ArchiveStatusCommand.self],
        defaultSubcommand: ArchiveStreamCommand.self
    )
}

/// `highwater archive JOURNAL STREAM`: every record becomes an event.
struct ArchiveStreamCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stream",
        abstract: "Archive a stream: every record becomes an event, none is missing and none is there twice.",
        discussion: """
            The id of an event is stream, shard, sequence and subsequence, its key the partition key, its timestamp the \
            time of arrival or what --timestamp finds in the payload. Records that the Kinesis Producer Library packed \
            into one become an event each.

            Positions are stored with the records, by the same put: an archiver that is killed is gone on with by the next \
            one, wherever it runs. Several archivers of one stream share its shards; one that ends (Ctrl-C, SIGTERM) \
            stores what it has read and hands over at once, one that is killed loses its shards after --lease.

            Records that expired before they were archived are a gap: it is reported, stays in `highwater archive status`, \
            and makes this command end with status 3.

            Credentials and region are those of S3: AWS_ACCESS_KEY_ID and so on, profiles, roles of the machine. Options of \
            the URL: region, endpoint, profile, attempts, timeout, reads-per-second.

            EXAMPLES
              highwater archive s3://bucket/orders kinesis://orders?region=eu-west-1
              highwater archive ./orders kinesis://orders --once --timestamp payload.ordered_at
              highwater archive status s3://bucket/orders
            """
    )

    @OptionGroup var journal: JournalArgument

    @Argument(help: ArgumentHelp("The stream: kinesis://NAME?region=…", valueName: "stream"))
    var stream: String

    @Flag(help: "End when all that was there at the beginning is archived, instead of waiting for more.")
    var once = false

    @Option(help: ArgumentHelp("Where in the payload the time of the event is: JMESPath.", valueName: "expression"))
    var timestamp: String?

    @Option(help: "What that is: automatic, rfc3339, seconds, milliseconds, microseconds or nanoseconds.")
    var timestampUnit: TimestampUnit = .automatic

    @Option(help: ArgumentHelp("Store what was read after so many seconds at most.", valueName: "seconds"))
    var latency: Double = 10

    @Option(help: ArgumentHelp("Store what was read when its payload has so many bytes.", valueName: "size"))
    var batchSize = SizeArgument(bytes: 32 << 20)

    @Option(help: ArgumentHelp("Others take over from an archiver that is silent for so long.", valueName: "seconds"))
    var lease: Double = 15

    func validate() throws {
        guard (0.01...86_400).contains(latency) else {
            throw ValidationError("--latency is \(latency); it must be from 0.01 to 86400 seconds.")
        }
        guard (1...3600).contains(lease) else {
            throw ValidationError("--lease is \(lease); it must be from 1 to 3600 seconds.")
        }
        guard (1 << 10...1 << 30).contains(batchSize.bytes) else {
            throw ValidationError("--batch-size is \(batchSize); it must be from 1 KiB to 1 GiB.")
        }
    }

    func run() async throws {
        var options = ArchiveOptions()
        options.latency = .seconds(latency)
        options.batchBytes = batchSize.bytes
        options.lease = .seconds(lease)
        options.timestampUnit = timestampUnit
        if let timestamp {
            do {
                options.timestamp = try JMESPathExpression(timestamp)
            } catch {
                throw ValidationError("--timestamp: \(error)")
            }
        }
        guard stream.lowercased().hasPrefix("kinesis:") else {
            throw ValidationError("\"\(stream)\" is no stream; write for instance kinesis://orders?region=eu-west-1.")
        }
        let source = try KinesisStream(url: stream)
        let journal = try await journal.open(create: true)
        if !once { describeCost(options) }
        let archiver = StreamArchiver(source, into: journal, options: options) { notice in
            if let line = notice.line { Output.error("highwater: " + line) }
        }
        let once = once
        let report = try await Signals.cancellable {
            // A signal ends it in order: what was read is stored, and shards are handed over.
            try await withTaskCancellationHandler {
                try await shielded { try await archiver.run(once: once) }
            } onCancel: {
                archiver.stop()
            }
        }
        Output.error("highwater: " + report.line(source.name))
        if !report.gaps.isEmpty {
            throw CommandError(
                status: Failure.partial,
                message:
                    "\(Text.count(report.gaps.count, "gap")): records of \(source.name) expired before they were archived, "
                    + "or may have. `highwater archive status \(self.journal.journal)` shows their bounds."
            )
        }
    }

    private func describeCost(_ options: ArchiveOptions) {
        guard let prices = RequestPrices.listed(journal.journal) else { return }
        let (puts, gets) = options.requestsPerDay
        let cost = (puts * prices.write + gets * prices.read) / 1000
        Output.error(
            "highwater: with --latency \(latency) and --lease \(lease) this archiver makes \(Text.count(Int(puts))) puts and "
                + "\(Text.count(Int(gets))) gets a day while records keep coming, beside those of compaction: about "
                + "$\(Text.decimal(cost)) (\(prices.source))."
        )
    }
}

extension ArchiveReport {
    fileprivate func line(_ stream: String) -> String {
        var text =
            "archived \(Text.count(records, "record")) of \(stream) (\(Text.bytes(payloadBytes))) in "
            + Text.count(segments, "segment")
        if endedShards > 0 { text += "; \(Text.count(endedShards, "shard")) ended" }
        if elsewhere > 0 { text += "; with other archivers: \(Text.count(elsewhere, "shard"))" }
        if withoutTime > 0 {
            text += "; with the time of arrival, since no other is stated: \(Text.count(withoutTime, "record"))"
        }
        return text + "."
    }
}

extension ArchiveNotice {
    /// What to say; `nil` when it is not worth a line.
    fileprivate var line: String? {
        switch self {
        case .stored: nil
        case .shards(let shards):
            shards.isEmpty
                ? "no shard is ours now." : "ours now: \(Text.count(shards.count, "shard")), \(shards.preview)."
        case .gap(let gap): "GAP: \(gap.line)"
        case .retrying(let wait, let reason): "trying again in \(Text.seconds(wait.seconds)): \(reason)"
        }
    }
}

extension StreamGap {
    /// For people.
    var line: String {
        let through = archivedThrough.map { " (archived through \(Timestamp(microseconds: $0).rfc3339))" } ?? ""
        return "\(shard): records behind \(after ?? "its beginning")\(through) and before \(before ?? "its end") "
            + (isCertain
                ? "are lost: they" : "may be lost: the stream has let go of that position, and others may have")
            + " expired before they were archived."
    }
}

extension [String] {
    /// The first few.
    fileprivate var preview: String { prefix(8).joined(separator: ", ") + (count > 8 ? ", …" : "") }
}
