/// Something that failed and is going to be done again: what a sink tells of while it tries.
///
/// A sink that tries again by itself says so by ``tell()``, or nobody knows why nothing moves. Whoever wants to hear of
/// it sets ``observer`` around the call:
///
///     try await StreamRetry.$observer.withValue({ print($0.reason) }) { try await sink.send(records) }
public struct StreamRetry: Sendable, Hashable {
    /// What is tried, and where; for people.
    public var place: String
    /// Why the last attempt failed; for people.
    public var reason: String
    /// How many attempts have failed, at least one.
    public var attempts: Int
    /// How long until the next one begins.
    public var wait: Duration

    /// Makes a report.
    public init(place: String, reason: String, attempts: Int, wait: Duration) {
        self.place = place
        self.reason = reason
        self.attempts = attempts
        self.wait = wait
    }

    /// Hears of each attempt that failed, before the wait for the next one; called on any thread.
    @TaskLocal public static var observer: (@Sendable (StreamRetry) -> Void)?

    /// Tells the observer of the task, if there is one.
    public func tell() { StreamRetry.observer?(self) }
}
