import ArgumentParser
import Foundation
import ObjectStorageTesting

/// Runs random programs against the journal and a model of it.
@main
struct JournalModelProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal-model",
        abstract: "Run random programs against the journal and a model of it.",
        discussion: """
            Program number N of base seed S has the seed S + N; `--seed X --programs 1` repeats a program. Ends with status 1 \
            when a program failed, after printing its seed, what is wrong, and the smallest program found that fails.
            """
    )

    @Option(help: "The seed of the first program; a fresh one by default.")
    var seed: UInt64?

    @Option(help: "How many programs to run.")
    var programs: Int?

    @Option(help: "For how many minutes to run programs; without --programs until then.")
    var minutes: Double?

    @Option(help: "How many programs to run at the same time.")
    var jobs = 2

    @Option(help: "Seconds after which a program counts as hung.")
    var timeout = 60.0

    @Flag(help: "Go on after a program failed.")
    var keepGoing = false

    @Flag(help: "Do not look for a smaller program when one failed.")
    var noShrink = false

    @Flag(help: "Print every program before it is run.")
    var show = false

    func validate() throws {
        guard programs ?? 1 > 0, jobs > 0, timeout > 0, minutes ?? 1 > 0 else {
            throw ValidationError("Numbers must be above zero.")
        }
    }

    func run() async throws {
        let base = seed ?? UInt64.random(in: 0..<1 << 48)
        let count = programs ?? (minutes == nil ? 10_000 : Int.max)
        print("journal-model: \(count == Int.max ? "programs" : "\(count) programs") from seed \(base)")
        // What was printed survives a crash.
        fflush(nil)
        let campaign = Campaign(
            seed: base,
            programs: count,
            duration: minutes.map { .seconds($0 * 60) },
            jobs: jobs,
            keepGoing: keepGoing,
            shrinks: !noShrink,
            show: show
        )
        let watchdog = Watchdog(timeout: .seconds(timeout))
        watchdog.start()
        let result = await campaign.run(watchdog)
        print(
            "journal-model: \(result.programs) programs, \(result.operations) operations, "
                + "\(result.failures) failed, in \(result.seconds) s"
        )
        fflush(nil)
        if result.failures > 0 { throw ExitCode.failure }
    }
}
