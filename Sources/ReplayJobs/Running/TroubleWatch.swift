internal import CloudSupport
internal import EventJournal
internal import RecordStreams
internal import Synchronization

/// Hears what a sink tells of attempts that failed, and says when that is worth a note in the job.
final class TroubleWatch: Sendable {
    private struct State {
        var trouble: ReplayJob.Trouble?
        /// When the trouble was told last; `nil` when it was not.
        var told: Duration?
        var isNew = false
    }

    private let time: JournalTime
    private let state = Mutex(State())

    /// As long as an attempt fails again and again, it is told so often.
    private static let interval = Duration.seconds(5)

    init(_ time: JournalTime) { self.time = time }

    /// Sends something; what the sink tells meanwhile is trouble until it is sent, or fails for good.
    func watching<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        defer { state.withLock { $0 = State() } }
        let observer = StreamRetry.Observer { [self] in hear($0) }
        return try await StreamRetry.$observer.withValue(observer) { try await body() }
    }

    private func hear(_ retry: StreamRetry) {
        let now = Timestamp.now
        // A long URL must not take the place of the reason.
        let (place, reason) = (ForeignText.line(retry.place, limit: 200), ForeignText.line(retry.reason, limit: 800))
        state.withLock { state in
            state.trouble = ReplayJob.Trouble(
                message: "\(place): \(reason)",
                attempts: retry.attempts,
                since: state.trouble?.since ?? now,
                next: Timestamp(microseconds: now.microseconds + retry.wait.inMicroseconds)
            )
            state.isNew = true
        }
    }

    /// Whether there is something to tell, and it was not told just now.
    var isNews: Bool {
        state.withLock { state in
            guard state.isNew else { return false }
            return state.told.map { time.now() - $0 >= Self.interval } ?? true
        }
    }

    /// Takes note that the trouble there is was told.
    func tell() {
        state.withLock { state in
            state.isNew = false
            state.told = time.now()
        }
    }

    /// The trouble there is at the moment.
    var current: ReplayJob.Trouble? { state.withLock(\.trouble) }
}

extension Duration {
    fileprivate var inMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return min(seconds, 1 << 40) * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
