internal import CloudSupport

/// When to try again.
package struct RetryPolicy: Sendable, Hashable {
    /// The most attempts, the first included; `nil` for as many as fit into ``total``.
    package var attempts: Int?
    /// The upper bound of the first wait; doubles each time.
    package var base: Duration
    /// The upper bound of each wait that the server did not ask for.
    package var cap: Duration
    /// No further attempt begins later than this after the first.
    package var total: Duration
    /// The same for an endpoint that no answer ever came from, whose name is most likely wrong.
    package var unreached: Duration

    /// Makes a policy; by default one that outlasts an outage of some minutes, and notices within seconds when it is
    /// over.
    package init(
        attempts: Int? = nil,
        base: Duration = .milliseconds(50),
        cap: Duration = .seconds(5),
        total: Duration = .seconds(180),
        unreached: Duration = .seconds(15)
    ) {
        self.attempts = attempts
        self.base = base
        self.cap = cap
        self.total = total
        self.unreached = unreached
    }

    /// How long to wait before another attempt: anything from nothing to a bound that doubles ("full jitter"), behind
    /// what the server asked for.
    ///
    /// - Parameters:
    ///   - made: How many attempts were made, at least one.
    ///   - retryAfter: What the server asked for.
    ///   - random: Where chance comes from.
    /// - Returns: The wait.
    package func delay(made: Int, retryAfter: Duration?, random: inout some RandomNumberGenerator) -> Duration {
        let bound = min(cap, base * (1 << min(max(made - 1, 0), 20)))
        let jitter = bound * Double.random(in: 0...1, using: &random)
        return (retryAfter ?? .zero) + jitter
    }

    /// What a `Retry-After` header asks for: seconds or a date, RFC 9110 section 10.2.3.
    package static func retryAfter(_ header: String?, now: Int64 = UTCTime.now()) -> Duration? {
        guard let header else { return nil }
        if let seconds = Int(header), seconds >= 0 { return .seconds(min(seconds, 86_400)) }
        guard let time = UTCTime.parseHTTP(header) else { return nil }
        return .microseconds(max(0, time - now))
    }
}

/// The attempts at one request.
package struct Attempts {
    private let policy: RetryPolicy
    private let clock: RetryClock
    private let start: Duration
    /// How many were made.
    package private(set) var made = 0
    /// How long ago the first began.
    package var elapsed: Duration { clock.now() - start }

    /// Begins.
    package init(_ policy: RetryPolicy, clock: RetryClock = .system) {
        self.policy = policy
        self.clock = clock
        start = clock.now()
    }

    /// Notes an attempt that failed, and waits until it is time for another.
    ///
    /// - Parameters:
    ///   - retryAfter: What the server asked for.
    ///   - isUnreached: Whether the endpoint could not be reached, and never was; see ``RetryPolicy/unreached``.
    ///   - tell: Told how many attempts were made and how long the wait is, when there is going to be another.
    /// - Returns: Whether there may be another.
    /// - Throws: `CancellationError`.
    package mutating func wait(
        retryAfter: Duration? = nil,
        isUnreached: Bool = false,
        telling tell: (_ made: Int, _ wait: Duration) -> Void = { _, _ in }
    ) async throws -> Bool {
        made += 1
        if let most = policy.attempts, made >= most { return false }
        var random = SystemRandomNumberGenerator()
        let delay = policy.delay(made: made, retryAfter: retryAfter, random: &random)
        guard elapsed + delay <= (isUnreached ? min(policy.unreached, policy.total) : policy.total) else {
            return false
        }
        tell(made, delay)
        try await clock.sleep(delay)
        return true
    }
}

/// The course of time as far as attempts go by it; a parameter, so that tests need not wait.
package struct RetryClock: Sendable {
    /// The time since some moment.
    package var now: @Sendable () -> Duration
    /// Waits; `CancellationError` when cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void

    /// Makes a clock.
    package init(
        now: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// The machine's.
    package static var system: RetryClock {
        RetryClock(now: { epoch.duration(to: .now) }, sleep: { try await Task.sleep(for: $0) })
    }

    private static let epoch = ContinuousClock.now
}
