/// Something that failed and is going to be done again: what a sink tells of while it tries.
///
/// A sink that tries again by itself says so by ``tell()``, or nobody knows why nothing moves. Whoever wants to hear of
/// it sets ``observer`` around the call:
///
///     let observer = StreamRetry.Observer { print($0.reason) }
///     try await StreamRetry.$observer.withValue(observer) { try await sink.send(records) }
public struct StreamRetry: Sendable, Hashable {
    /// What is tried, and where; for people.
    public var place: String
    /// Why the last attempt failed; for people.
    public var reason: String
    /// How many attempts have failed, at least one.
    public var attempts: Int
    /// How long until the next one begins.
    public var wait: Duration

    /// Who hears of attempts that failed.
    ///
    /// A type of its own: in optimized code of Swift 6.3 a task-local value that is a function crashes, since the
    /// runtime does not find the type that the specialized `withValue` asks it for.
    public struct Observer: Sendable {
        let hear: @Sendable (StreamRetry) -> Void

        /// Makes one of what it does, on any thread.
        public init(_ hear: @escaping @Sendable (StreamRetry) -> Void) { self.hear = hear }
    }

    /// Makes a report.
    public init(place: String, reason: String, attempts: Int, wait: Duration) {
        self.place = place
        self.reason = reason
        self.attempts = attempts
        self.wait = wait
    }

    /// Hears of each attempt that failed, before the wait for the next one; called on any thread.
    @TaskLocal public static var observer: Observer?

    /// Tells the observer of the task, if there is one.
    public func tell() { StreamRetry.observer?.hear(self) }
}
