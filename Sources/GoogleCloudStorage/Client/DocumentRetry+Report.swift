internal import CloudHTTP
internal import ObjectStorage

extension DocumentRetry {
    /// What is told of it to whoever hears of the store's retries.
    var report: ObjectStoreRetry {
        ObjectStoreRetry(
            request: "get credentials from \(url)",
            reason: reason,
            attempts: attempts,
            elapsed: elapsed,
            wait: wait
        )
    }
}
