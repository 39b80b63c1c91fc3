internal import ObjectStorage

/// How often a request is made again that failed for a while, and how long is waited in between.
///
/// Waits are random from nothing to a bound that doubles ("full jitter"), so that writers that met do not meet again.
public struct RetryPolicy: Sendable, Hashable {
    /// How often a request is made at most; 6 unless set.
    public var attempts: Int
    /// The longest first wait; 50 ms unless set.
    public var firstWait: Duration
    /// The longest wait; 5 s unless set.
    public var longestWait: Duration

    /// A request that has failed for so long is not made again: the store has done that by itself; 20 s unless set.
    public var longestTotal: Duration

    /// A policy with its defaults.
    public init(
        attempts: Int = 6,
        firstWait: Duration = .milliseconds(50),
        longestWait: Duration = .seconds(5),
        longestTotal: Duration = .seconds(20)
    ) {
        self.longestTotal = longestTotal
        self.attempts = attempts
        self.firstWait = firstWait
        self.longestWait = longestWait
    }

    /// A wait after some attempts that failed.
    func wait(after failures: Int) -> Duration {
        let bound = min(longestWait, firstWait * (1 << min(max(failures - 1, 0), 20)))
        return bound * Double.random(in: 0...1)
    }

    /// Whether the same request may succeed later.
    static func isTransient(_ error: ObjectStoreError) -> Bool {
        error.code == .unavailable || error.code == .timedOut || error.code == .damaged
    }
}
