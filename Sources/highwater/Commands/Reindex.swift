internal import ArgumentParser
internal import EventJournal

/// `highwater reindex`: the id index anew.
struct Reindex: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reindex",
        abstract: "Build the index of ids anew from the compacted segments.",
        discussion: """
            Never needed unless `highwater` says that the index is damaged; no event is lost with it.

            EXAMPLES
              highwater reindex ./commits
              highwater reindex ./commits --json
            """
    )

    @OptionGroup var journal: JournalArgument

    @Flag(help: "Report as one JSON object.")
    var json = false

    func run() async throws {
        let journal = try await journal.open(create: false)
        let entries = try await Signals.cancellable {
            let bar = ProgressBar(unit: .events)
            defer { bar.finish() }
            return try await journal.reindex { bar.update(done: $0, total: $1) }
        }
        guard json else {
            return try Output.line("The index of \(journal.location) has \(Text.count(entries, "id")).")
        }
        var text = JSONText()
        text.add("entries", entries)
        try Output.line(text.text)
    }
}
