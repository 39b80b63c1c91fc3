internal import ArgumentParser
internal import EventJournal

/// `highwater segments`: what a journal consists of.
struct Segments: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "segments",
        abstract: "List the segments that may have events of a range.",
        discussion: """
            EXAMPLES
              highwater segments ./commits --after -7d
              highwater segments ./commits --json | jq -r .object
            """
    )

    @OptionGroup var journal: JournalArgument
    @OptionGroup var range: RangeOptions

    @Flag(help: "One JSON object a line.")
    var json = false

    func run() async throws {
        let journal = try await journal.open(create: false)
        let segments = try await journal.segments(after: range.after?.timestamp, through: range.through?.timestamp)
        var output = Output()
        if !json {
            try output.write(
                "first                        last                             events    payload     object  segment\n"
            )
        }
        for segment in segments {
            try output.write((json ? Segments.json(segment) : Segments.row(segment)) + "\n")
        }
        try output.flush()
    }

    private static func row(_ segment: Segment) -> String {
        let columns = [
            pad(segment.first.rfc3339, 28, left: true), pad(segment.last.rfc3339, 28, left: true),
            pad(Text.count(segment.events), 10), pad(Text.bytes(segment.payloadBytes), 10),
            pad(Text.bytes(segment.objectBytes), 10), " " + (segment.batchID?.description ?? segment.key),
        ]
        return columns.joined(separator: " ")
    }

    private static func pad(_ text: String, _ width: Int, left: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return left ? text + space : space + text
    }

    private static func json(_ segment: Segment) -> String {
        var text = JSONText()
        text.add("object", segment.key)
        if let batchID = segment.batchID { text.add("batch_id", batchID.description) }
        text.add("first", segment.first.rfc3339)
        text.add("last", segment.last.rfc3339)
        text.add("events", segment.events)
        text.add("payload_bytes", segment.payloadBytes)
        text.add("object_bytes", segment.objectBytes)
        return text.text
    }
}
