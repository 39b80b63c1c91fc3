internal import ArgumentParser
internal import CloudSupport
internal import EventJournal
internal import ReplayJobs

/// `highwater jobs`: replay jobs of a journal.
struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Show, watch, pause, resume and cancel the replay jobs of a journal.",
        discussion: """
            A job is an object in the journal, so every command works from any machine. JOB is an id, or its end.

            EXAMPLES
              highwater jobs list ./orders
              highwater jobs watch s3://bucket/orders 7b2f
              highwater jobs pause s3://bucket/orders 7b2f
              highwater jobs resume s3://bucket/orders 7b2f
            """,
        subcommands: [
            JobsList.self, JobsShow.self, JobsWatch.self, JobsPause.self, JobsResume.self, JobsCancel.self,
            JobsDelete.self,
        ]
    )
}

/// The job every command but the list is about.
struct JobArgument: ParsableArguments {
    @OptionGroup var journal: JournalArgument

    @Argument(help: ArgumentHelp("The id of the job, or the end of it.", valueName: "job"))
    var job: String

    /// The jobs, and this one.
    func open() async throws -> (jobs: ReplayJobStore, job: ReplayJob) {
        let jobs = ReplayJobStore(try await journal.open(create: false))
        return (jobs, try await jobs.job(named: job))
    }
}

/// `highwater jobs list`.
struct JobsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the replay jobs, the oldest first.",
        discussion: """
            What is wrong with those that cannot be read is said on standard error.

            EXAMPLES
              highwater jobs list ./orders
              highwater jobs list ./orders --json | jq -r 'select(.state == "failed") | .job'
            """
    )

    @OptionGroup var journal: JournalArgument

    @Flag(help: "One JSON object a line.")
    var json = false

    func run() async throws {
        var output = Output()
        let (jobs, damaged) = try await ReplayJobStore(try await journal.open(create: false)).readable()
        for job in jobs { try output.write((json ? job.json : job.line) + "\n") }
        try output.flush()
        for error in damaged { Output.error("highwater: \(error.message)") }
    }
}

/// `highwater jobs show`.
struct JobsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show all there is to know of a replay job.",
        discussion: """
            EXAMPLES
              highwater jobs show ./orders 7b2f
            """
    )

    @OptionGroup var job: JobArgument

    @Flag(help: "As a JSON object.")
    var json = false

    func run() async throws {
        let job = try await job.open().job
        try Output.line(json ? job.json : job.details)
    }
}

/// `highwater jobs watch`.
struct JobsWatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Watch a replay job until it ends or stops.",
        discussion: """
            Costs a get for each look.

            EXAMPLES
              highwater jobs watch ./orders 7b2f
              highwater jobs watch ./orders 7b2f --json | jq .fraction
            """
    )

    @OptionGroup var job: JobArgument

    @Option(help: ArgumentHelp("Look so often.", valueName: "seconds"))
    var interval: Double = 1

    @Flag(help: "One JSON object a line, whenever something has changed.")
    var json = false

    func validate() throws {
        guard (0.05...3600).contains(interval) else {
            throw ValidationError("--interval is \(Text.number(interval)); it must be from 0.05 to 3600 seconds.")
        }
    }

    func run() async throws {
        let (jobs, first) = try await job.open()
        let (json, interval) = (json, interval)
        let line = JobProgressLine(isShown: Output.errorIsTerminal && !json)
        defer { line.finish() }
        let troubles = TroubleLines(line)
        let last = try await Signals.cancellable {
            try await Output.whileRead {
                var job = first
                var seen: ReplayJob?
                while true {
                    if json, job != seen { try Output.line(job.json) }
                    if !json { troubles.update(job) }
                    line.update(job)
                    if job.state != .running { return job }
                    seen = job
                    try await Task.sleep(for: .seconds(interval))
                    job = try await jobs.job(job.id)
                }
            }
        }
        line.finish()
        if !json { try Output.line(last.line) }
        if last.state == .failed {
            throw CommandError(status: Failure.storage, message: last.message ?? "The job has failed.")
        }
    }
}

/// `highwater jobs pause`.
struct JobsPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Make the process at work stop behind its batch, so that the job can be resumed.",
        discussion: """
            Waits until it has stopped: a few seconds, or the job's lease when the process has died.

            EXAMPLES
              highwater jobs pause ./orders 7b2f
            """
    )

    @OptionGroup var job: JobArgument

    func run() async throws {
        let (jobs, job) = try await job.open()
        try await JobsStop.stop(job, jobs) { try await jobs.pause($0) }
    }
}

/// `highwater jobs cancel`.
struct JobsCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "End a job for good; what was sent stays sent.",
        discussion: """
            Waits until the process at work has stopped.

            EXAMPLES
              highwater jobs cancel ./orders 7b2f
            """
    )

    @OptionGroup var job: JobArgument

    func run() async throws {
        let (jobs, job) = try await job.open()
        try await JobsStop.stop(job, jobs) { try await jobs.cancel($0) }
    }
}

/// What pausing and cancelling have in common.
enum JobsStop {
    static func stop(
        _ job: ReplayJob,
        _ jobs: ReplayJobStore,
        _ change: @escaping @Sendable (String) async throws -> ReplayJob
    ) async throws {
        let stopped = try await Signals.cancellable {
            _ = try await change(job.id)
            return try await jobs.settled(job.id)
        }
        try Output.line(stopped.line)
    }
}

/// `highwater jobs resume`.
struct JobsResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with a job in this process, behind the last batch that was noted.",
        discussion: """
            A job whose process died is taken over when that was silent for the job's lease; one that is being sent is \
            refused. A sink needs the credentials it needed at first. A job that failed is tried again.

            EXAMPLES
              highwater jobs resume ./orders 7b2f
            """
    )

    @OptionGroup var job: JobArgument

    @Flag(help: "Print the job as JSON when it ends.")
    var json = false

    func run() async throws {
        let journal = try await job.journal.open(create: false)
        try await JobProgram(journal).resume(job.job, json: json)
    }
}

/// `highwater jobs delete`.
struct JobsDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Remove the object of a job that nobody works on, or that is damaged.",
        discussion: """
            EXAMPLES
              highwater jobs delete ./orders 7b2f
            """
    )

    @OptionGroup var job: JobArgument

    func run() async throws {
        // One that is damaged cannot be opened.
        let jobs = ReplayJobStore(try await job.journal.open(create: false))
        try await jobs.delete(try await jobs.identifier(named: job.job))
    }
}

extension ReplayJob {
    /// In a line.
    fileprivate var line: String {
        var text = "\(id)  \(state.rawValue)  \(situation)"
        let sink = StreamURL.shown(spec.sink)
        // What is wrong with a sink most often begins with its name.
        if sink == "-" || !(message ?? trouble?.message ?? "").contains(sink) { text += "  to \(sink)" }
        if let message { text += "  (\(message))" }
        return ForeignText.lines(text)
    }

    /// In several lines.
    fileprivate var details: String {
        var rows: [(String, String)] = [("job", id), ("state", state.rawValue), ("sink", StreamURL.shown(spec.sink))]
        if let message { rows.append(("message", message)) }
        if let trouble {
            rows.append(("trouble", trouble.line))
            rows.append(("since", trouble.since.rfc3339))
        }
        rows.append(("created", created.rfc3339))
        if let owner { rows.append(("owner", "\(owner.name), seen \(owner.seen.rfc3339)")) }
        rows.append(("progress", "\(pace), \(Text.bytes(progress.bytes))"))
        if let last = progress.last { rows.append(("last sent", last.rfc3339)) }
        if let after = spec.after { rows.append(("after", after.rfc3339)) }
        if let through = spec.through { rows.append(("through", through.rfc3339)) }
        if let condition = spec.condition { rows.append(("where", condition)) }
        if let projection = spec.projection { rows.append(("select", projection)) }
        if spec.latestPerKey { rows.append(("only", "the last event of each key")) }
        if spec.isAnnotated {
            let fields = spec.annotations.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            rows.append(("annotated", (["job, position, time"] + fields).joined(separator: ", ")))
        }
        if spec.mayOverwrite { rows.append(("overwrites", "yes")) }
        if let rate = spec.rate { rows.append(("rate", rate.text)) }
        if let records = spec.batchRecords { rows.append(("batch", Text.count(records, "record"))) }
        for (name, value) in spec.sinkOptions.sorted(by: { $0.key < $1.key }) { rows.append((name, value)) }
        let width = 2 + (rows.map(\.0.count).max() ?? 0)
        let lines = rows.map { name, value in name + String(repeating: " ", count: width - name.count) + value }
        return ForeignText.lines(lines.joined(separator: "\n"))
    }
}
