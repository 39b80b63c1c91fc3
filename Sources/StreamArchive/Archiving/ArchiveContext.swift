internal import EventJournal
internal import RecordStreams

/// What the parts of an archiver share.
struct ArchiveContext: Sendable {
    let journal: Journal
    let source: any StreamSource
    let options: ArchiveOptions
    let times: EventTimes?
    /// How long the stream keeps records.
    let retention: Duration?
    let time: JournalTime
    let clock: @Sendable () -> Timestamp

    /// Whether what the stream received at a moment may be gone by now.
    func isExpired(_ moment: Int64) -> Bool {
        retention.map { clock().microseconds - moment >= $0.inMicroseconds } ?? false
    }

    /// Describes a gap.
    func gap(
        _ shard: String,
        after checkpoint: StreamCheckpoint?,
        before: String?,
        _ verified: Int64?,
        isCertain: Bool
    ) -> StreamGap {
        StreamGap(
            shard: shard,
            after: checkpoint?.position,
            before: before,
            archivedThrough: verified ?? checkpoint?.arrival,
            noticed: clock().microseconds,
            isCertain: isCertain
        )
    }

    /// Notes that records are missing before a batch, if they are.
    ///
    /// A stream that has let go of the last record archived may have let go of others behind it, or there may have been
    /// none. None can have expired if all of the shard was archived up to a moment less than the retention ago.
    func noteGap(_ batch: StreamBatch, _ shard: ActiveShard, _ pending: inout PendingBatch) throws {
        if batch.continuity == .whole { return }
        if batch.continuity == .uncertain, retention != nil, let verified = shard.verifiedBefore, !isExpired(verified) {
            return
        }
        pending.gaps.append(
            StreamGap(
                shard: shard.id,
                after: shard.position,
                before: batch.records.first?.sequence,
                archivedThrough: shard.verifiedBefore,
                noticed: clock().microseconds,
                isCertain: batch.continuity == .broken
            )
        )
    }

    /// Stores a batch, if the shards are still ours.
    func store(_ pending: PendingBatch, _ epochs: [String: Int], _ keeper: LeaseKeeper) async throws {
        if pending.isEmpty { return }
        let checkpoints = pending.checkpoints.values.sorted { $0.shard < $1.shard }
        try await journal.archive(pending.events, checkpoints) { try keeper.require(epochs) }
    }
}
