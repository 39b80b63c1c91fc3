internal import ArgumentParser
internal import EventImport
internal import StreamArchive

/// `highwater config`: files that say what to archive.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check a file of streams to archive.",
        subcommands: [ConfigCheck.self]
    )
}

/// `highwater config check FILE`.
struct ConfigCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Name all that is wrong in a file, each with its line, or print what would run.",
        discussion: """
            Nothing is asked of the streams and the journals. The file is YAML:

              defaults:                  # of every stream that does not say otherwise
                latency: 10              # seconds, as --latency of `highwater archive`
                lease: 15
                batch-size: 32MiB
              streams:
                orders:                  # a name of your choice: small letters, digits, hyphens
                  stream: kinesis://orders?region=eu-west-1
                  journal: s3://bucket/orders
                  timestamp: payload.ordered_at
                  timestamp-unit: seconds
                payments:
                  stream: nats://broker:4222/PAYMENTS?subject=payments.{key}
                  journal: s3://bucket/payments
                  latency: 2

            Variables come before the file: HIGHWATER_STREAMS_PAYMENTS_LATENCY=5, HIGHWATER_DEFAULTS_LEASE=30. Passwords \
            are best left to NATS_USER and NATS_PASSWORD, or AWS's own variables.

            Exit status: 0 all is right, 4 no such file, 64 something is wrong.

            EXAMPLES
              highwater config check streams.yaml && highwater archive --config streams.yaml
              HIGHWATER_STREAMS_ORDERS_LATENCY=60 highwater config check streams.yaml --json
            """
    )

    @Argument(help: "The file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    @Flag(help: "One JSON object a line for each stream.")
    var json = false

    func run() async throws {
        let configuration = try await ArchiveConfiguration.load(file)
        let jobs = try configuration.jobs()
        var output = Output()
        for (entry, job) in zip(configuration.entries, jobs) {
            let options = job.options
            let timestamp = entry.settings.timestamp
            if json {
                var text = JSONText()
                text.add("name", entry.name)
                text.add("stream", StreamURL.shown(entry.stream))
                text.add("journal", entry.journal)
                text.add("latency", options.latency.seconds)
                text.add("lease", options.lease.seconds)
                text.add("batch_size", options.batchBytes)
                text.add("timestamp", timestamp)
                text.add("timestamp_unit", options.timestampUnit.rawValue)
                text.addRaw("variables", JSONText.list(entry.variables))
                try output.write(text.text + "\n")
                continue
            }
            try output.write("\(entry.name): \(StreamURL.shown(entry.stream)) into \(entry.journal)\n")
            try output.write(
                "  latency \(Text.seconds(options.latency.seconds)), lease \(Text.seconds(options.lease.seconds)), batches of "
                    + "\(Text.bytes(options.batchBytes)), time "
                    + (timestamp.map { "\($0) (\(options.timestampUnit.rawValue))" } ?? "of arrival") + "\n"
            )
            if !entry.variables.isEmpty { try output.write("  by \(entry.variables.joined(separator: ", "))\n") }
            if let cost = job.cost { try output.write("  \(cost)\n") }
        }
        try output.flush()
    }
}
