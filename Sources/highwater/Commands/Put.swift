internal import ArgumentParser
internal import EventJournal

/// `highwater put`: one event.
struct Put: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Record one event, durable when the command returns.",
        discussion: """
            Prints the id of the event. An id that the journal has already is an error (exit status 5).

            EXAMPLES
              highwater put ./commits '{"sha":"1f0c…"}' --id 1f0c --key doc
              date +%s | highwater put ./beats - --key host-7
            """
    )

    @OptionGroup var journal: JournalArgument

    @Argument(help: "The payload; - reads it from standard input, as it stands.")
    var data: String

    @Option(help: "The event's id; a fresh UUID version 7 by default.")
    var id: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("When it happened; now by default.", valueName: "time"))
    var timestamp: TimeArgument?

    @Option(help: "The thing it is about.")
    var key: String?

    @Flag(help: "Print the event's envelope as JSON instead of its id.")
    var json = false

    @Flag(inversion: .prefixedNo, help: "Compact the journal afterwards if its inbox has grown large.")
    var compact = true

    func run() async throws {
        let payload = data == "-" ? try StandardInput.readAll(limit: EventLimits.payloadBytes) : Array(data.utf8)
        var configuration = JournalConfiguration.defaults
        // Not while the program is about to end, but afterwards.
        configuration.automaticCompaction = nil
        let journal = try await journal.open(create: true, configuration: configuration)
        let event = try await journal.put(payload, id: id, at: timestamp?.timestamp, key: key)
        try Output.line(json ? event.envelope : event.id)
        if compact { try await Compact.ifDue(journal) }
    }
}
