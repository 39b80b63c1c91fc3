/// Spaces the reads of one shard so that they stay within the limits of the service.
///
/// Source: Amazon Kinesis Data Streams Developer Guide, "Quotas and limits": 5 reads and 2 MiB a second of each shard;
/// after a read of 10 MiB the next ones within 5 seconds are refused.
struct Pace: Sendable, Hashable {
    private let perRead: Duration
    private let bytesPerSecond: Int
    /// Before this moment no further read may begin.
    private(set) var next: Duration = .zero

    /// - Parameters:
    ///   - readsPerSecond: How many reads.
    ///   - bytesPerSecond: How many bytes of records.
    init(readsPerSecond: Double, bytesPerSecond: Int) {
        perRead = .seconds(1 / max(readsPerSecond, 0.001))
        self.bytesPerSecond = max(bytesPerSecond, 1)
    }

    /// How long to wait at a moment before the next read.
    func wait(at now: Duration) -> Duration { max(.zero, next - now) }

    /// Notes a read.
    ///
    /// - Parameters:
    ///   - start: When it began.
    ///   - bytes: What it brought.
    mutating func note(from start: Duration, bytes: Int) {
        let share = Duration.seconds(Double(bytes) / Double(bytesPerSecond))
        next = start + max(perRead, share)
    }
}
