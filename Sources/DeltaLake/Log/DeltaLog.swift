public import ObjectStorage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The transaction log of a Delta Lake table: reads its state, commits to it, and keeps it short.
///
/// The log is the objects beneath `_delta_log/` of a store whose root is the table. Tables of reader version 1 are
/// read; those are written that need writer version 1, or 7 with the feature `domainMetadata` alone. Anything else is
/// refused with ``DeltaLakeError/Code/unsupported``.
///
/// Every method throws ``DeltaLakeError``, or `CancellationError` when its task was cancelled. Requests that fail with
/// a transient error are made again by ``retryPolicy``; the numbers of requests given are those without.
///
/// Source: Delta Lake protocol, <https://github.com/delta-io/delta/blob/master/PROTOCOL.md>.
public struct DeltaLog: Sendable {
    /// The store whose root is the table.
    public let store: any ObjectStore
    /// What the log may make its reader allocate.
    public var limits: DeltaLimits
    /// How transient errors are met.
    public var retryPolicy: RetryPolicy
    /// The time in milliseconds since 1970 UTC; only what expires goes by it.
    let clock: @Sendable () -> Int64
    private let sleep: @Sendable (Duration) async throws -> Void

    /// The log of a table.
    ///
    /// - Parameters:
    ///   - store: The store whose root is the table.
    ///   - limits: What the log may make its reader allocate.
    ///   - retryPolicy: How transient errors are met.
    ///   - clock: The time in milliseconds since 1970 UTC.
    ///   - sleep: How to wait between attempts.
    public init(
        store: any ObjectStore,
        limits: DeltaLimits = DeltaLimits(),
        retryPolicy: RetryPolicy = RetryPolicy(),
        clock: @escaping @Sendable () -> Int64 = { DeltaLog.now },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.store = store
        self.limits = limits
        self.retryPolicy = retryPolicy
        self.clock = clock
        self.sleep = sleep
    }

    /// The system's time in milliseconds since 1970 UTC.
    public static var now: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    // MARK: Requests

    /// An object, or `nil` when there is none.
    func get(_ key: String, upTo limit: Int) async throws -> GetResult? {
        try await retrying("Reading", key) { try await store.getIfPresent(key, upTo: limit) }
    }

    /// Makes a request again while it fails with a transient error.
    func retrying<Value>(_ doing: String, _ key: String, _ request: () async throws -> Value) async throws -> Value {
        var failures = 0
        let start = ContinuousClock.now
        while true {
            do {
                return try await request()
            } catch let error as ObjectStoreError {
                failures += 1
                guard RetryPolicy.isTransient(error), failures < retryPolicy.attempts,
                    ContinuousClock.now - start < retryPolicy.longestTotal
                else {
                    throw storageError(error, doing, key)
                }
            }
            try await wait(after: failures)
        }
    }

    func wait(after failures: Int) async throws {
        try await sleep(retryPolicy.wait(after: failures))
    }

    func storageError(_ error: ObjectStoreError, _ doing: String, _ key: String) -> DeltaLakeError {
        DeltaLakeError(.storage, "\(doing) \(key) in \(store.location) failed: \(error)", object: key, cause: error)
    }
}
