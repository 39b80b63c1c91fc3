internal import ArgumentParser
internal import EventJournal
internal import StreamArchive

/// `highwater archive status`: how far streams are archived.
struct ArchiveStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how far each shard of archived streams is, who reads it, and what was lost.",
        discussion: """
            The lag is how old a record at most is that is not in the journal yet, and how many records there were behind \
            the position when the archiver last looked. NATS tells their number; Kinesis does not, except that there is \
            none. Nothing is asked of the stream.

            EXAMPLES
              highwater archive status s3://bucket/orders
              highwater archive status s3://bucket/orders --json | jq 'select(.ended | not) | .lag_seconds'
            """
    )

    @OptionGroup var journal: JournalArgument

    @Flag(help: "One JSON object a line: one for each shard, one for each gap.")
    var json = false

    func run() async throws {
        let journal = try await journal.open(create: false)
        let streams = try await ArchiveStatus.all(in: journal)
        if streams.isEmpty {
            throw CommandError(
                status: Failure.notFound,
                message: "No stream was archived into \(journal.location)."
            )
        }
        let now = Timestamp.now
        var output = Output()
        for stream in streams {
            if json {
                for shard in stream.shards { try output.write(shard.json(stream.stream, now) + "\n") }
                for gap in stream.gaps { try output.write(gap.json(stream.stream) + "\n") }
                continue
            }
            try output.write("\(stream.stream): \(Text.count(stream.archivers.count, "archiver")) at work\n")
            for shard in stream.shards { try output.write("  \(shard.line(now))\n") }
            for gap in stream.gaps { try output.write("  GAP \(gap.line)\n") }
        }
        try output.flush()
    }
}

extension ArchiveStatus.Shard {
    fileprivate func line(_ now: Timestamp) -> String {
        var text = "\(id)  \(Text.count(records, "record"))"
        if let position { text += "  up to position \(position)" }
        if let lastCommit { text += "  stored \(lastCommit.rfc3339)" }
        if isEnded {
            text += "  ended"
        } else {
            text += "  lag " + (lag(at: now).map { Text.seconds($0.seconds) } ?? "unknown")
            if let counted {
                let ago = Duration.microseconds(max(0, now.microseconds - counted.microseconds))
                text += waiting.map { ", \(Text.count($0, "record"))" } ?? ", records unknown to the stream"
                text += " \(Text.seconds(ago.seconds)) ago"
            }
            text += "  owner \(owner ?? "none")"
        }
        return text
    }

    fileprivate func json(_ stream: String, _ now: Timestamp) -> String {
        var text = JSONText()
        text.add("stream", stream)
        text.add("shard", id)
        text.add("records", records)
        if let position { text.add("position", position) }
        if let archivedThrough { text.add("archived_through", archivedThrough.rfc3339) }
        if let lag = lag(at: now) { text.add("lag_seconds", lag.seconds) }
        if let waiting { text.add("lag_records", waiting) }
        if let counted { text.add("lag_counted", counted.rfc3339) }
        if let lastCommit { text.add("last_commit", lastCommit.rfc3339) }
        if let owner { text.add("owner", owner) }
        text.add("ended", isEnded)
        return text.text
    }
}

extension StreamGap {
    fileprivate func json(_ stream: String) -> String {
        var text = JSONText()
        text.add("stream", stream)
        text.add("gap", shard)
        if let after { text.add("after", after) }
        if let before { text.add("before", before) }
        if let archivedThrough {
            text.add("archived_through", Timestamp(microseconds: archivedThrough).rfc3339)
        }
        text.add("noticed", Timestamp(microseconds: noticed).rfc3339)
        text.add("certain", isCertain)
        return text.text
    }
}
