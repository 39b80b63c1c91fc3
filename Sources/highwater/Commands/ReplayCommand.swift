internal import ArgumentParser
internal import EventJournal
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

            EXAMPLES
              highwater replay ./commits --after 2015-01-01 --through 2016-01-01
              highwater replay ./commits --after -2d --format event | jq .key
              highwater replay ./orders --latest-per-key
              highwater replay ./commits --where "area == 'net'" --select "{sha: sha, by: author}"
            """
    )

    @OptionGroup var journal: JournalArgument
    @OptionGroup var range: RangeOptions

    @Option(help: "What to print: the payload (data), or the envelope with it as JSON (event).")
    var format: EventFormat = .data

    @OptionGroup var selection: SelectionOptions

    @Flag(help: "Only the last event of each key; --where applies to what is left.")
    var latestPerKey = false

    @Flag(help: "Go on without segments that are damaged; they are listed on standard error, exit status 3.")
    var skipDamaged = false

    func run() async throws {
        let journal = try await journal.open(create: false)
        let skipped = SkippedSegments()
        let selection = try selection.selection()
        let options = ReplayOptions(
            damage: skipDamaged ? .skip : .refuse,
            latestPerKey: latestPerKey,
            selection: selection
        ) { skipped.add($0) }
        let (format, range) = (format, range)
        try await Signals.cancellable {
            var output = Output()
            do {
                let replay = journal.replay(
                    after: range.after?.timestamp,
                    through: range.through?.timestamp,
                    options: options
                )
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
