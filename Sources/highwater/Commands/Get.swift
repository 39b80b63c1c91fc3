internal import ArgumentParser
internal import EventJournal

/// `highwater get`: one event by its id.
struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Print the event with an id.",
        discussion: """
            Prints the payload as it stands, with a newline behind it. Exit status 4 when there is no such event.

            EXAMPLES
              highwater get ./commits ed9b544e10b84cd43348ddfab7068b610a5df1f7
              highwater get ./commits ed9b544e10b84cd43348ddfab7068b610a5df1f7 --format event
            """
    )

    @OptionGroup var journal: JournalArgument

    @Argument(help: "The event's id.")
    var id: String

    @Option(help: "What to print: the payload (data), or the envelope with it as JSON (event).")
    var format: EventFormat = .data

    func run() async throws {
        let journal = try await journal.open(create: false)
        guard let event = try await journal.event(id) else {
            throw CommandError(
                status: Failure.notFound,
                message: "No event in \(journal.location) has the id \"\(id)\"."
            )
        }
        var output = Output()
        try format.write(EventBatch([event]), 0, to: &output)
        try output.flush()
    }
}
