/// One record of a stream.
public struct StreamRecord: Sendable, Hashable {
    /// Its place in its shard, as the stream names it; unique there together with ``subsequence``.
    public var sequence: String
    /// Which of the records that were packed into one it is; 0 for one that was not.
    public var subsequence: Int
    /// What it is about, by which streams assign records to shards; `nil` when the stream has no such thing.
    public var key: String?
    /// When the stream received it, in microseconds since 1970 UTC.
    public var arrival: Int64
    /// The payload.
    public var data: [UInt8]

    /// Makes a record.
    public init(sequence: String, subsequence: Int = 0, key: String?, arrival: Int64, data: [UInt8]) {
        self.sequence = sequence
        self.subsequence = subsequence
        self.key = key
        self.arrival = arrival
        self.data = data
    }
}

/// What a ``ShardReader`` read at a time.
public struct StreamBatch: Sendable {
    /// Whether records may be missing before this batch.
    public enum Continuity: Sendable, Hashable {
        /// None is: it begins exactly where the position was.
        case whole
        /// The stream has the record at the position no more, and cannot tell whether others behind it are gone too.
        case uncertain
        /// Records are gone that were never read.
        case broken
    }

    /// The records, in order; may be empty.
    public var records: [StreamRecord]
    /// Where to go on behind them; `nil` as long as nothing was ever read of the shard.
    public var position: StreamPosition?
    /// Whether the shard ends here: nothing will ever come behind this batch.
    public var isEnd: Bool
    /// How far behind the newest record of the shard this batch ends, zero at the tip; `nil` when the stream cannot
    /// tell.
    public var lag: Duration?
    /// How many records are behind this batch; `nil` when the stream cannot tell.
    public var waiting: Int?
    /// Whether records may be missing before this batch.
    public var continuity: Continuity

    /// Makes a batch.
    public init(
        records: [StreamRecord],
        position: StreamPosition?,
        isEnd: Bool = false,
        lag: Duration? = nil,
        waiting: Int? = nil,
        continuity: Continuity = .whole
    ) {
        self.records = records
        self.position = position
        self.isEnd = isEnd
        self.lag = lag
        self.waiting = waiting
        self.continuity = continuity
    }

    /// Whether there was nothing behind it when it was read.
    public var isAtTip: Bool { isEnd || lag == .zero || waiting == 0 }
}
