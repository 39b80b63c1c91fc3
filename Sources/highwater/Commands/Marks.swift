internal import ArgumentParser
internal import EventJournal

/// `highwater marks`: how far followers have got.
struct Marks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "marks",
        abstract: "List the marks of followers, or remove one.",
        discussion: """
            EXAMPLES
              highwater marks ./commits
              highwater marks ./commits --json | jq -r .name
              highwater marks ./commits --delete mirror
            """
    )

    @OptionGroup var journal: JournalArgument

    @Option(help: ArgumentHelp("Remove this mark instead.", valueName: "name"))
    var delete: String?

    @Flag(help: "One JSON object a line.")
    var json = false

    func run() async throws {
        let journal = try await journal.open(create: false)
        if let delete {
            guard try await exists(delete, in: journal) else {
                throw CommandError(
                    status: Failure.notFound,
                    message: "No mark in \(journal.location) has the name \"\(delete)\"."
                )
            }
            return try await journal.deleteMark(delete)
        }
        var output = Output()
        for mark in try await journal.marks() {
            if json {
                var text = JSONText()
                text.add("name", mark.name)
                text.add("moved", mark.moved.rfc3339)
                text.addRaw("position", mark.position.json)
                try output.write(text.text + "\n")
            } else {
                try output.write("\(mark.moved.rfc3339)  \(mark.name)\n")
            }
        }
        try output.flush()
    }

    private func exists(_ name: String, in journal: Journal) async throws -> Bool {
        do {
            return try await journal.mark(name) != nil
        } catch let error as JournalError where error.code == .positionExpired {
            // It is there and cannot be read: a reason to delete it.
            return true
        }
    }
}
