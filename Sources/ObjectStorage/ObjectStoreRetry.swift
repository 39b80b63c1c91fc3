/// A request that failed and that a store makes again by itself, for whoever wonders what takes so long.
public struct ObjectStoreRetry: Sendable, Hashable {
    /// What is tried, such as `read "a/b" in s3://bucket`; for people.
    public var request: String
    /// Why the last attempt failed, in the server's words; for people, and with whatever is in them.
    public var reason: String
    /// How many attempts have failed, at least one.
    public var attempts: Int
    /// How long it has been tried.
    public var elapsed: Duration
    /// How long until the next attempt begins.
    public var wait: Duration

    /// Who hears of attempts that failed.
    public struct Observer: Sendable {
        private let hear: @Sendable (ObjectStoreRetry) -> Void

        /// Makes one of what it does, on any thread, before the wait for the next attempt.
        public init(_ hear: @escaping @Sendable (ObjectStoreRetry) -> Void) { self.hear = hear }

        /// Tells it of an attempt.
        public func callAsFunction(_ retry: ObjectStoreRetry) { hear(retry) }
    }

    /// Makes a report.
    public init(request: String, reason: String, attempts: Int, elapsed: Duration, wait: Duration) {
        self.request = request
        self.reason = reason
        self.attempts = attempts
        self.elapsed = elapsed
        self.wait = wait
    }
}

extension ObjectStoreRetry.Observer? {
    /// What tells of a failed attempt, if anybody wants to know, before the wait for the next one.
    ///
    /// - Parameters:
    ///   - request: What is tried, as the end of a sentence that begins with "could not".
    ///   - reason: Why it failed.
    ///   - elapsed: How long it has been tried.
    /// - Returns: What is to be called with how many attempts were made, and how long the wait is.
    package func telling(
        of request: String,
        _ reason: String,
        after elapsed: Duration
    ) -> (_ made: Int, _ wait: Duration) -> Void {
        { made, wait in
            guard let observer = self else { return }
            observer(
                ObjectStoreRetry(request: request, reason: reason, attempts: made, elapsed: elapsed, wait: wait)
            )
        }
    }
}
