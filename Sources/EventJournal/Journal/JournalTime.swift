/// The passing of time as a journal sees it: a monotonic clock, and waiting.
///
/// Tests put their own in its place.
package struct JournalTime: Sendable {
    /// Time since some moment, which never goes back.
    package var now: @Sendable () -> Duration
    /// Waits; throws `CancellationError` when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void

    package init(
        now: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// That of the system, which goes on while the machine sleeps.
    package static let system = JournalTime(
        now: { ContinuousClock.Instant.origin.duration(to: .now) },
        sleep: { try await Task.sleep(for: $0) }
    )
}

extension ContinuousClock.Instant {
    fileprivate static let origin = ContinuousClock.now
}
