internal import ArgumentParser
internal import CAllocator

/// The command line of Highwater: it translates words into calls of the libraries, and their results into text.
///
/// Each command says its `commandName`: ArgumentParser would ask the runtime for it, for every command and every time,
/// and that is a third of what starting the program takes.
@main
struct Highwater: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "highwater",
        abstract: "Record events on any object store and replay them fast.",
        discussion: """
            A journal is a directory (or, with a URL, a bucket). It needs no server: any number of programs may append \
            to it and read it at once, and its segments are Parquet files that other tools read as well.

            EXAMPLES
              highwater import ./commits commits.ndjson.zst --id sha --timestamp committed_at --key area
              highwater replay ./commits --after 2015-01-01 --through 2016-01-01
              highwater get ./commits ed9b544e10b84cd43348ddfab7068b610a5df1f7
              highwater stats ./commits --json

            EXIT STATUS
              0  done           1  failed (storage, I/O)    3  done in part: something was rejected, skipped or lost
              4  not found      5  id or place is taken     6  damaged journal
              7  too little to compact                  8  SQL statement wrong or refused
              9  a limit of a query was reached         10 no usable SQL engine
              64 wrong usage    130 interrupted
            """,
        version: HighwaterVersion.text,
        subcommands: [
            Import.self, Archive.self, Export.self, Put.self, Update.self, Delete.self, Get.self, ReplayCommand.self,
            ReplayTo.self, Jobs.self, FollowCommand.self,
            Marks.self,
            SQLCommand.self,
            Segments.self, Streams.self, Stats.self, Fields.self, Columns.self, Verify.self, Compact.self,
            VacuumCommand.self,
            Erase.self,
            Reindex.self,
            ConfigCommand.self,
            Bench.self,
            HistogramCommand.self, DDL.self,
            JMESPathCommand.self,
        ]
    )

    /// Runs the command, and turns every error into one line and an exit status by kind.
    static func main() async {
        Signals.ignoreBrokenPipes()
        hw_keep_large_buffers()
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            // Everything is done; the threads of others need not be waited for.
            Signals.exit(0)
        } catch {
            Failure.exit(with: error)
        }
    }
}

/// The version of the program.
enum HighwaterVersion {
    static let text = "0.1.0"
}
