internal import ArgumentParser
internal import EventJournal

/// `highwater streams`: URLs by which others read a range, without credentials.
struct Streams: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "streams",
        abstract: "Print a manifest of presigned URLs, by which workers without credentials read a range in bulk.",
        discussion: """
            The manifest is NDJSON: a line about the whole, then one for each segment with its id, first and last time, \
            events, bytes, URL and expiry, and which of its rows count (docs/presigned-reads.md). `highwater replay \
            --from-streams` replays from it, and so does any HTTP client with a Parquet reader.

            URLs last for --expires, 7 days at most, and end with temporary credentials that made them. What was just \
            appended may be cleared away minutes after a compaction: with --compact the journal is compacted first, and \
            its segments stay for the retention of `highwater vacuum`.

            To share work, make one manifest and deal it: --split 2/8 here for one journal that rests, or replay \
            --from-streams --split 2/8 of one file.

            --where, --select and --strict go into the manifest, and every replay from it applies them. They leave out no \
            stream: whoever has the manifest can read the objects whole.

            EXAMPLES
              highwater streams s3://bucket/commits --after -7d --compact > week.streams
              highwater streams s3://bucket/commits --split 2/8 --expires 1h | ssh worker2 highwater replay --from-streams -
              highwater replay --from-streams week.streams --split 2/8 --where "area == 'net'"
              highwater streams s3://bucket/commits --where "area == 'net'" --select sha > net.streams
            """
    )

    @OptionGroup var journal: JournalArgument
    @OptionGroup var range: RangeOptions
    @OptionGroup var selection: SelectionOptions

    @Option(help: ArgumentHelp("How long the URLs last: 90s, 6h, 7d.", valueName: "time"))
    var expires = DurationArgument(seconds: 6 * 3600, description: "6h")

    @Option(help: ArgumentHelp("Only share N of M, with about as many bytes as the others.", valueName: "N/M"))
    var split: ShareArgument?

    @Flag(help: "Compact the journal first, so that its segments last.")
    var compact = false

    func run() async throws {
        let selection = try selection.selection()
        let journal = try await journal.open(create: false)
        let (range, expires, compact, split) = (range, expires, compact, split)
        let streams = try await Signals.cancellable {
            if compact { _ = try await journal.compact(CompactionPolicy(force: true, appliesChanges: true)) }
            let streams = try await journal.eventStreams(
                after: range.after?.timestamp,
                through: range.through?.timestamp,
                expires: expires.duration,
                selection: selection
            )
            return try split.map { try streams.dealt($0.share) } ?? streams
        }
        try Output.writeAll(streams.encoded(), to: 1)
        // A second is lost in rounding; signing takes some more.
        let promised = streams.created.microseconds + (expires.duration.components.seconds - 60) * 1_000_000
        if let ends = streams.expires, ends.microseconds < promised {
            Output.error(
                "highwater: the URLs end at \(ends.rfc3339) already, with the temporary credentials that made them."
            )
        }
    }
}
