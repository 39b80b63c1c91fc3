internal import EventJournal
internal import ObjectStorage
internal import ReplayJobs
internal import Synchronization

/// Runs replay jobs in this process, with a line on the terminal that says how far they are.
struct JobProgram {
    let journal: Journal
    let jobs: ReplayJobStore

    init(_ journal: Journal) {
        self.journal = journal
        jobs = ReplayJobStore(journal)
    }

    /// Goes on with a job.
    ///
    /// - Throws: What ``run(_:json:)`` throws, and when there is no such job.
    func resume(_ name: String, json: Bool) async throws {
        let job = try await jobs.job(named: name)
        if let owner = job.owner, job.state == .running {
            Output.error(
                "highwater: the job's last process, \(owner.name), may be alive; waiting up to "
                    + "\(Text.seconds(job.spec.lease.seconds)) for a sign of it."
            )
        }
        try await run(job, json: json)
    }

    /// Runs a job until it is done, or stopped by a signal or from elsewhere.
    ///
    /// - Throws: Why it failed; ``CommandError`` with status 130 when a signal paused it.
    func run(_ job: ReplayJob, json: Bool) async throws {
        let bar = JobProgressLine(isShown: Output.errorIsTerminal && job.spec.sink != "-")
        let sink = try await SinkArgument.open(job.spec, job: job.id, from: journal)
        let troubles = TroubleLines(bar)
        let runner = ReplayJobRunner(jobs, sink: sink) { job in
            troubles.update(job)
            bar.update(job)
        }
        if !json, !job.state.isOver { Output.error("highwater: job \(job.id) sends to \(sink.name).") }
        let id = job.id
        let end: ReplayJob
        do {
            // A signal ends it in order: what was sent is noted, and the job can be resumed at once.
            end = try await Signals.cancellable {
                try await withTaskCancellationHandler {
                    try await shielded { try await runner.run(id) }
                } onCancel: {
                    runner.stop()
                }
            }
        } catch {
            bar.finish()
            if let error = error as? ReplayJobError, !error.isResumable { throw error }
            throw CommandError(
                status: Failure.status(ofAny: error),
                message: "\(Failure.message(of: error))\nhighwater: the job can be resumed: \(resumption(id))"
            )
        }
        bar.finish()
        let sent = "\(Text.count(end.progress.events, "record")), \(Text.bytes(end.progress.bytes))"
        if json, job.spec.sink != "-" { try Output.line(end.json) }
        switch end.state {
        case .done: if !json { Output.error("highwater: sent \(sent) to \(sink.name).") }
        case .cancelled: Output.error("highwater: job \(id) was cancelled; sent \(sent).")
        default:
            throw CommandError(
                status: Failure.interrupted,
                message: "Paused; sent \(sent). Go on with: \(resumption(id))"
            )
        }
    }

    private func resumption(_ id: String) -> String { "highwater jobs resume \(journal.location) \(id)" }
}

extension ReplayJobError {
    fileprivate var isResumable: Bool { [.unavailable, .refused, .leaseLost, .contention, .exists].contains(code) }
}

/// A line on the terminal about a job.
final class JobProgressLine: Sendable {
    private let isShown: Bool
    private let lastDrawn = Mutex<ContinuousClock.Instant?>(nil)

    init(isShown: Bool) { self.isShown = isShown }

    /// Draws how far it is, ten times a second at most.
    func update(_ job: ReplayJob) {
        guard isShown else { return }
        let now = ContinuousClock.now
        lastDrawn.withLock { last in
            if let last, now - last < .milliseconds(100) { return }
            last = now
            Output.errorText("\r\u{1B}[2K" + line(job, columns: Output.errorWidth ?? 80))
        }
    }

    /// Wipes the line.
    func finish() {
        lastDrawn.withLock { last in
            if last != nil { Output.errorText("\r\u{1B}[2K") }
            last = nil
        }
    }

    /// Says something above the line.
    func say(_ text: String) {
        finish()
        Output.error(text)
    }

    /// As much as there is room for: a line that wraps could not be wiped.
    private func line(_ job: ReplayJob, columns: Int) -> String {
        let pace = job.situation
        for cells in [24, 12] where cells + pace.count + 4 <= columns {
            let filled = Int(job.progress.fraction * Double(cells))
            return "  \(String(repeating: "█", count: filled))\(String(repeating: "░", count: cells - filled)) \(pace)"
        }
        return "  " + String(pace.prefix(max(0, columns - 3)))
    }
}

extension ReplayJob {
    /// How far it is and how fast, in a few words.
    var pace: String {
        var text = "\(Int(progress.fraction * 100)) %  \(Text.count(progress.events, "record"))"
        guard state == .running, owner != nil else { return text }
        if progress.eventsPerSecond > 0 {
            text += "  \(Text.decimal(progress.eventsPerSecond)) records/s"
            text += "  \(Text.bytes(Int(progress.bytesPerSecond)))/s"
        }
        if let left = progress.timeLeft { text += "  \(Text.seconds(left.seconds)) left" }
        return text
    }

    /// The same, and what keeps it from getting on.
    var situation: String { trouble.map { "\(pace)  TROUBLE: \($0.line)" } ?? pace }

    /// As the program prints it.
    var json: String {
        var text = JSONText()
        text.add("job", id)
        text.add("state", state.rawValue)
        if let message { text.add("message", message) }
        if let trouble {
            var member = JSONText()
            member.add("message", trouble.message)
            member.add("attempts", trouble.attempts)
            member.add("since", trouble.since.rfc3339)
            member.add("next", trouble.next.rfc3339)
            text.addRaw("trouble", member.text)
        }
        text.add("sink", StreamURL.shown(spec.sink))
        text.add("created", created.rfc3339)
        text.add("events", progress.events)
        text.add("bytes", progress.bytes)
        if let last = progress.last { text.add("last", last.rfc3339) }
        text.add("fraction", progress.fraction)
        text.add("events_per_second", progress.eventsPerSecond)
        text.add("bytes_per_second", progress.bytesPerSecond)
        if let left = progress.timeLeft { text.add("left_seconds", left.seconds) }
        if let noted = progress.noted { text.add("noted", noted.rfc3339) }
        if let owner {
            text.add("owner", owner.name)
            text.add("owner_seen", owner.seen.rfc3339)
        }
        if let after = spec.after { text.add("after", after.rfc3339) }
        if let through = spec.through { text.add("through", through.rfc3339) }
        if let condition = spec.condition { text.add("where", condition) }
        if let projection = spec.projection { text.add("select", projection) }
        if spec.latestPerKey { text.add("latest_per_key", true) }
        if spec.isAnnotated { text.add("annotated", true) }
        if spec.mayOverwrite { text.add("may_overwrite", true) }
        if !spec.annotations.isEmpty {
            var annotations = JSONText()
            for (name, value) in spec.annotations.sorted(by: { $0.key < $1.key }) { annotations.add(name, value) }
            text.addRaw("annotations", annotations.text)
        }
        if let rate = spec.rate { text.add("rate", rate.text) }
        return text.text
    }
}
