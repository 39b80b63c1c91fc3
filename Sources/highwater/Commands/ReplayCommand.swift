internal import ArgumentParser
internal import EventJournal
internal import ObjectStorage
internal import PresignedStorage
internal import Synchronization

/// `highwater replay`: the events of a range, in order.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Print the events of a range of time, in order, as NDJSON.",
        discussion: """
            The range is (after, through]: after is exclusive, through inclusive, so the last timestamp seen can be \
            handed in as the next --after. Order is by timestamp, then by arrival.

            --format data prints each payload as it stands on a line; --format event prints an envelope with id, \
            timestamp and key around it, and a payload that is no JSON as "text" or "base64".

            --latest-per-key prints only the last event of each key in the range, and none without a key. Keys and times \
            are read first, then only what is printed.

            With --from-streams the events come by the URLs of a manifest that `highwater streams` made, with no access to \
            the bucket; --split N/M takes a share of it. Expressions that the manifest has are applied, and no others.

            EXAMPLES
              highwater replay ./commits --after 2015-01-01 --through 2016-01-01
              highwater replay ./commits --after -2d --format event | jq .key
              highwater replay ./orders --latest-per-key
              highwater replay --from-streams day.streams --split 2/8
              highwater replay ./commits --where "area == 'net'" --select "{sha: sha, by: author}"
            """
    )

    @Argument(
        help: ArgumentHelp(
            "The journal: a directory, or a URL (s3://bucket/prefix, gs://…, file:…).",
            valueName: "journal"
        ),
        completion: .directory
    )
    var journal: String?

    @Option(
        help: ArgumentHelp("Replay from this manifest of presigned URLs; - is standard input.", valueName: "file"),
        completion: .file()
    )
    var fromStreams: String?

    @Option(help: ArgumentHelp("Only share N of M of the manifest.", valueName: "N/M"))
    var split: ShareArgument?

    @OptionGroup var range: RangeOptions

    @Option(help: "What to print: the payload (data), or the envelope with it as JSON (event).")
    var format: EventFormat = .data

    @OptionGroup var selection: SelectionOptions

    @Flag(help: "Only the last event of each key, and none without a key; --where applies to what is left.")
    var latestPerKey = false

    @Flag(help: "Go on without segments that are damaged; they are listed on standard error, exit status 3.")
    var skipDamaged = false

    func validate() throws {
        if (journal == nil) == (fromStreams == nil) {
            throw ValidationError("Name a journal, or a manifest with --from-streams.")
        }
        if split != nil, fromStreams == nil {
            throw ValidationError(
                "--split is of a manifest: give one with --from-streams, or use `highwater streams --split`."
            )
        }
        if split != nil, latestPerKey {
            throw ValidationError("Which event of a key is the last does not show in a share; leave out --split.")
        }
    }

    func run() async throws {
        let skipped = SkippedSegments()
        let streams = try await manifest()
        let selection = try selection.selection(manifest: streams?.selection)
        let options = ReplayOptions(
            damage: skipDamaged ? .skip : .refuse,
            latestPerKey: latestPerKey,
            selection: selection
        ) { skipped.add($0) }
        let format = format
        let replay = try await replay(streams, options)
        try await Signals.cancellable {
            var output = Output()
            do {
                for try await batch in replay {
                    for row in 0..<batch.count { try format.write(batch, row, to: &output) }
                }
            } catch {
                // What was delivered so far ends with a whole line.
                if !(error is BrokenPipe) { try output.flush() }
                throw error
            }
            try output.flush()
        }
        selection?.reportUnevaluated()
        try skipped.report()
    }

    private func manifest() async throws -> EventStreams? {
        guard let fromStreams else { return nil }
        let streams = try await StreamsFile.read(fromStreams)
        return try split.map { try streams.dealt($0.share) } ?? streams
    }

    private func replay(_ streams: EventStreams?, _ options: ReplayOptions) async throws -> Replay {
        let (after, through) = (range.after?.timestamp, range.through?.timestamp)
        guard let streams else {
            let journal = try await JournalArgument.open(journal ?? "", create: false)
            return journal.replay(after: after, through: through, options: options)
        }
        let urls = streams.streams.map { stream in
            (stream.id, PresignedURL(stream.url, expiration: stream.expires?.microseconds))
        }
        let store = PresignedObjectStore(
            Dictionary(uniqueKeysWithValues: urls),
            location: streams.journal,
            retries: StoreNotes.observer
        )
        return try streams.replay(from: store, after: after, through: through, options: options)
    }
}

/// Collects what a replay or a follower left out.
final class SkippedSegments: Sendable {
    private let found = Mutex<[DamagedSegment]>([])

    func add(_ segment: DamagedSegment) {
        found.withLock { $0.append(segment) }
        Output.error("highwater: skipped: \(segment.error.message)")
    }

    func report() throws {
        let found = found.withLock { $0 }
        if found.isEmpty { return }
        let events = found.reduce(0) { $0 + ($1.events ?? 0) }
        throw CommandError(
            status: Failure.partial,
            message: "\(Text.count(found.count, "damaged segment")) with \(Text.count(events, "event")) skipped."
        )
    }
}
