internal import ArgumentParser
internal import EventJournal

/// `highwater follow`: what arrives, in order of arrival.
struct FollowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow",
        abstract: "Print what arrives in a journal, in order of arrival, as NDJSON.",
        discussion: """
            Begins with everything there is, or behind the mark, and then goes on until it is interrupted. A mark is kept \
            in the journal itself and moves when the lines before it were written and flushed: a follower that is killed \
            goes on behind the last of them, and what it had written behind the mark comes again. One follower at a time \
            can use a mark; a second one ends with exit status 1.

            --format event adds to the envelope of `replay` what became of the event: "op" is put, update (the line is \
            the whole new version) or delete (id and timestamp only). --format data prints the payload of what was put \
            or updated; deletes have none and are left out.

            EXAMPLES
              highwater follow ./commits --mark mirror --format event | ./apply
              highwater follow ./commits --from now
              highwater follow ./commits --mark nightly --until-caught-up > new.ndjson
            """
    )

    /// Where to begin without a mark.
    enum Start: String, ExpressibleByArgument, CaseIterable {
        case beginning
        case now
    }

    @OptionGroup var journal: JournalArgument

    @Option(help: "Keep the position under this name in the journal, and go on from there.")
    var mark: String?

    @Option(help: "Where to begin when there is no mark yet: beginning or now.")
    var from: Start = .beginning

    @Flag(help: "End when everything was printed instead of waiting for more.")
    var untilCaughtUp = false

    @Option(help: "What to print: the payload (data), or the envelope with it as JSON (event).")
    var format: EventFormat = .data

    @Option(help: ArgumentHelp("The longest wait between two looks, in seconds.", valueName: "seconds"))
    var longestInterval: Double = 30

    @Flag(help: "Go on without segments that are damaged; they are listed on standard error, exit status 3.")
    var skipDamaged = false

    func validate() throws {
        guard longestInterval >= 0.01, longestInterval <= 86_400 else {
            throw ValidationError("--longest-interval is \(longestInterval); it must be from 0.01 to 86400 seconds.")
        }
    }

    func run() async throws {
        let journal = try await journal.open(create: false)
        let skipped = SkippedSegments()
        let options = FollowOptions(
            damage: skipDamaged ? .skip : .refuse,
            untilCaughtUp: untilCaughtUp,
            longestInterval: .seconds(longestInterval)
        ) { skipped.add($0) }
        let (mark, from, format) = (mark, from, format)
        try await Signals.cancellable {
            var keeper: MarkKeeper?
            var start: FollowStart = from == .now ? .now : .beginning
            if let mark {
                let kept = try await journal.mark(mark)
                keeper = MarkKeeper(name: mark, entityTag: kept?.entityTag)
                if let kept { start = .position(kept.position) }
            }
            var output = Output()
            for try await batch in journal.follow(from: start, options: options) {
                for row in 0..<batch.count { try format.write(batch, row, to: &output) }
                try output.flush()
                try await keeper?.move(to: batch.position, in: journal)
            }
        }
        try skipped.report()
    }
}

/// Moves a mark, and knows which version of it is ours.
private struct MarkKeeper {
    let name: String
    var entityTag: String?

    mutating func move(to position: FollowPosition, in journal: Journal) async throws {
        entityTag = try await journal.setMark(name, to: position, ifMatches: entityTag).entityTag
    }
}

extension EventFormat {
    /// Writes a row of what arrived and a newline; nothing for a delete where payloads are printed.
    fileprivate func write(_ batch: FollowBatch, _ row: Int, to output: inout Output) throws {
        switch (self, batch.change(at: row)) {
        case (.data, .delete): return
        case (.data, _): try write(batch.events, row, to: &output)
        case (.event, let change): try writeEnvelope(batch.events, row, operation: "\(change)", to: &output)
        }
    }
}
