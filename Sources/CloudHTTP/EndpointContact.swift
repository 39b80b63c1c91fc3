internal import Synchronization

/// Whether an endpoint has ever answered: while it has not, a failure to reach it means a wrong name, or no network,
/// more often than an outage that will pass.
package final class EndpointContact: Sendable {
    private let hasAnswered = Atomic(false)

    /// An endpoint that was not asked yet.
    package init() {}

    /// Notes that an answer came, of whatever status.
    package func noteAnswer() { hasAnswered.store(true, ordering: .relaxed) }

    /// Whether a failure is that of an endpoint that could not be reached, and never was.
    ///
    /// One that accepts connections and does not answer in time is there.
    package func isUnreached(_ failure: HTTPFailure) -> Bool {
        failure.kind != .timedOut && !hasAnswered.load(ordering: .relaxed)
    }
}
