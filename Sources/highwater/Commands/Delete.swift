internal import ArgumentParser
internal import EventJournal

/// `highwater delete`: an event less.
struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete an event, durable when the command returns.",
        discussion: """
            No reader sees it any more. Its bytes go with the next compaction that applies changes and the vacuum after it; \
            `highwater erase` does both. Exit status 4 when there is no such event.

            EXAMPLES
              highwater delete ./commits 1f0c
              highwater delete ./commits 1f0c --json
            """
    )

    @OptionGroup var journal: JournalArgument

    @Argument(help: "The event's id.")
    var id: String

    @Flag(help: "Print the event's envelope as JSON, as it was.")
    var json = false

    func run() async throws {
        let journal = try await journal.open(create: false)
        let event = try await journal.delete(id)
        if json { try Output.line(event.envelope) }
    }
}
