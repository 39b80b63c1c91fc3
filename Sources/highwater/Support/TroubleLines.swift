internal import EventJournal
internal import ReplayJobs
internal import Synchronization

/// Says on standard error what keeps a replay job from getting on, and when it gets on again.
final class TroubleLines: Sendable {
    private let bar: JobProgressLine
    private let last = Mutex<ReplayJob.Trouble?>(nil)

    /// - Parameter bar: The line on the terminal that it has to share the place with.
    init(_ bar: JobProgressLine) { self.bar = bar }

    /// Takes a look at the job as it was noted; says nothing twice.
    func update(_ job: ReplayJob) {
        let before = last.withLock { last in
            defer { last = job.trouble }
            return last
        }
        if let trouble = job.trouble, trouble != before {
            bar.say("highwater: \(trouble.line)")
        } else if job.trouble == nil, let before, job.state == .running {
            let lasted = Double(Timestamp.now.microseconds - before.since.microseconds) / 1e6
            bar.say("highwater: the sink takes records again, after \(Text.seconds(max(0, lasted))).")
        }
    }
}

extension ReplayJob.Trouble {
    /// In a line: what fails, at which attempt, and when it is tried again.
    var line: String {
        let left = Double(next.microseconds - Timestamp.now.microseconds) / 1e6
        let again = left > 0.05 ? "in \(Text.seconds(left))" : "now"
        return "\(message) (attempt \(Text.count(attempts)) failed; again \(again))"
    }
}
