internal import ArgumentParser
internal import EventJournal

/// `highwater update`: another payload for an event.
struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Replace the payload of an event, durable when the command returns.",
        discussion: """
            Time, key, source and sequence stay. Every reader sees the new payload at once. Exit status 4 when there is no such \
            event.

            EXAMPLES
              highwater update ./commits 1f0c '{"sha":"1f0c…","subject":"corrected"}'
              jq .data event.json | highwater update ./commits 1f0c -
            """
    )

    @OptionGroup var journal: JournalArgument

    @Argument(help: "The event's id.")
    var id: String

    @Argument(help: "The new payload; - reads it from standard input, as it stands.")
    var data: String

    @Flag(help: "Print the event's envelope as JSON.")
    var json = false

    func run() async throws {
        let payload = data == "-" ? try StandardInput.readAll(limit: EventLimits.payloadBytes) : Array(data.utf8)
        let journal = try await journal.open(create: false)
        let event = try await journal.update(id, data: payload)
        if json { try Output.line(event.envelope) }
    }
}
