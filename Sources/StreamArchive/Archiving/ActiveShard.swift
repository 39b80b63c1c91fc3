internal import EventJournal
internal import RecordStreams

/// A shard that this archiver reads.
struct ActiveShard: Sendable {
    let id: String
    /// The epoch of its lease.
    let leaseEpoch: Int
    /// The epoch of its checkpoints: later than any there was, also when the ledger was lost.
    let epoch: Int
    let reader: any ShardReader
    /// What was last read of it, stored or not.
    var position: String?
    var arrival: Int64
    var records: Int
    /// Up to when it was archived before it was read now, in microseconds since 1970 UTC; `nil` when nobody knows.
    let verifiedBefore: Int64?
    var isEnded = false
    /// Whether it was read to where it ended when the run began.
    var isRead = false

    /// Begins behind what is archived.
    ///
    /// - Parameters:
    ///   - id: The shard.
    ///   - leaseEpoch: The epoch of its lease.
    ///   - reader: Begins at the checkpoint.
    ///   - checkpoint: How far it is archived; `nil` when nothing of it is.
    ///   - verified: What the ledger says.
    init(
        id: String,
        leaseEpoch: Int,
        reader: any ShardReader,
        checkpoint: StreamCheckpoint?,
        verified: Int64?
    ) {
        self.id = id
        self.leaseEpoch = leaseEpoch
        epoch = max(leaseEpoch, (checkpoint?.epoch ?? 0) + 1)
        self.reader = reader
        position = checkpoint?.position
        arrival = checkpoint?.arrival ?? 0
        records = checkpoint?.records ?? 0
        verifiedBefore = [verified, checkpoint?.arrival].compactMap(\.self).max()
    }
}
