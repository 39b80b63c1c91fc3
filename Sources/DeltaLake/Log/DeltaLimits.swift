/// How much memory a log may make its reader allocate.
public struct DeltaLimits: Sendable, Hashable {
    /// The largest log entry, in bytes; 256 MiB unless set.
    public var maximumCommitBytes: Int
    /// The largest checkpoint, in bytes; 1 GiB unless set.
    public var maximumCheckpointBytes: Int
    /// The most actions of a checkpoint; 10 million unless set.
    public var maximumActions: Int
    /// The most bytes of text in a checkpoint, decompressed; 2 GiB unless set.
    public var maximumTextBytes: Int

    /// Limits with their defaults.
    public init(
        maximumCommitBytes: Int = 256 << 20,
        maximumCheckpointBytes: Int = 1 << 30,
        maximumActions: Int = 10_000_000,
        maximumTextBytes: Int = 2 << 30
    ) {
        self.maximumCommitBytes = maximumCommitBytes
        self.maximumCheckpointBytes = maximumCheckpointBytes
        self.maximumActions = maximumActions
        self.maximumTextBytes = maximumTextBytes
    }
}
