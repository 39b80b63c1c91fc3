internal import ArgumentParser
internal import EventJournal
internal import ObjectStorage

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

            --where keeps events as in `replay`, by their payload as it is now; an update that is not kept is printed as \
            a delete, since the version before may have been. Deletes always pass.

            Lines come as events arrive, not when a buffer is full. --until-caught-up ends when everything was printed \
            that was there at the beginning or arrived while that was printed, and says on standard error how much that \
            was. An interrupt (Ctrl-C) ends with status 130; the mark then covers exactly what was printed.

            EXAMPLES
              highwater follow ./commits --mark mirror --format event | ./apply
              highwater follow ./commits --from now --where "area == 'net'" --select "{sha: sha, by: author}"
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

    @OptionGroup var selection: SelectionOptions

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
        let selection = try selection.selection()
        var options = FollowOptions(
            damage: skipDamaged ? .skip : .refuse,
            untilCaughtUp: untilCaughtUp,
            longestInterval: .seconds(longestInterval),
            selection: selection
        ) { skipped.add($0) }
        // What arrives while the first is printed is printed, too; then a busy writer does not keep us any longer.
        options.mostRounds = 2
        let (mark, from, format) = (mark, from, format)
        let begin = ContinuousClock.now
        let totals = try await Signals.cancellable { [options] in
            try await Output.whileRead {
                var keeper: MarkKeeper?
                var start: FollowStart = from == .now ? .now : .beginning
                if let mark {
                    let kept = try await journal.mark(mark)
                    keeper = MarkKeeper(name: mark, entityTag: kept?.entityTag)
                    if let kept { start = .position(kept.position) }
                }
                var output = Output()
                var totals = FollowTotals()
                for try await batch in journal.follow(from: start, options: options) {
                    for row in 0..<batch.count {
                        try format.write(batch, row, to: &output)
                        totals.count(batch.change(at: row))
                    }
                    try output.flush()
                    try await keeper?.move(to: batch.position, in: journal)
                }
                return totals
            }
        }
        selection?.reportUnevaluated()
        Output.error("highwater: " + totals.text(in: ContinuousClock.now - begin, mark: mark))
        try skipped.report()
    }
}

/// What was delivered.
private struct FollowTotals {
    var put = 0
    var updated = 0
    var deleted = 0

    mutating func count(_ change: FollowBatch.Change) {
        switch change {
        case .put: put += 1
        case .update: updated += 1
        case .delete: deleted += 1
        }
    }

    func text(in duration: Duration, mark: String?) -> String {
        let behind = mark.map { "; the mark \($0) is behind them" } ?? ""
        return
            "caught up in \(Text.seconds(duration.seconds)): \(Text.count(put)) put, \(Text.count(updated)) updated, "
            + "\(Text.count(deleted)) deleted\(behind)."
    }
}

/// Moves a mark, and knows which version of it is ours.
private struct MarkKeeper {
    let name: String
    var entityTag: String?

    /// Moves it although an interrupt has cancelled everything else: what was printed stays printed.
    mutating func move(to position: FollowPosition, in journal: Journal) async throws {
        let (name, tag) = (name, entityTag)
        entityTag = try await shielded { try await journal.setMark(name, to: position, ifMatches: tag).entityTag }
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
