internal import ArgumentParser
internal import EventJournal

/// `highwater ddl`: how another query engine gets to know the journal as a table.
struct DDL: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ddl",
        abstract: "Print the statements that register the journal as a table of another query engine.",
        discussion: """
            A journal is a Delta Lake table of reader version 1. Other engines see what
            compactions have taken in; what waits in the inbox, and updates and
            deletes that were not applied yet, is only in `highwater sql` and `replay`.
            `highwater compact --apply-changes` takes everything in.

            EXAMPLES
              highwater ddl s3://lake/visits --engine athena
              highwater ddl s3://lake/visits --engine trino --table delta.web.visits
              highwater ddl ./commits --engine duckdb --table commits | duckdb lake.db
            """
    )

    @OptionGroup var journal: JournalArgument

    @Option(help: "Which engine: \(TableEngine.allCases.map(\.rawValue).joined(separator: ", ")).")
    var engine: TableEngine

    @Option(help: ArgumentHelp("What to call the table.", valueName: "name"))
    var table = "events"

    func run() async throws {
        let journal = try await journal.open(create: false)
        let registration = try TableRegistration(table: table, location: TableLocation(journal.location))
        let statements = try registration.statements(for: engine)
        let segments = try await journal.segments()
        let waiting = segments.filter { segment in
            switch segment.kind {
            case .appended, .changes: true
            case .compacted, .foreign: false
            }
        }
        if waiting.count == segments.count {
            throw CommandError(
                status: Failure.tooLittle,
                message: "Nothing of \(journal.location) has been compacted, so there is no table yet. Make it by "
                    + "`highwater compact`."
            )
        }
        var output = Output()
        if !waiting.isEmpty {
            let events = waiting.reduce(0) { $0 + $1.events }
            try output.write(
                "-- \(Text.count(waiting.count, "segment")) with \(Text.count(events, "event or change", "events or changes")) "
                    + "of the inbox are no part of the table yet: highwater compact --apply-changes.\n"
            )
        }
        try output.write(statements)
        try output.flush()
    }
}
