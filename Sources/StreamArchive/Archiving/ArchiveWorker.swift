internal import EventJournal
internal import RecordStreams

/// Reads the shards an archiver owns, and stores what it reads.
///
/// One task uses it. There is one way to begin, after a start as after an error: behind the checkpoints in the
/// journal; so whatever went wrong, a put whose outcome is not known included, nothing is missing and nothing twice.
struct ArchiveWorker {
    private let context: ArchiveContext
    /// Whether each shard is read only to where it ended when the run began.
    private let once: Bool
    private let began: Int64
    private(set) var shards: [String: ActiveShard] = [:]
    /// Where the next round begins, so that no shard is always last.
    private var turn = 0
    /// When each idle shard is looked at again, by the monotonic clock.
    private var next: [String: Duration] = [:]

    init(_ context: ArchiveContext, once: Bool) {
        self.context = context
        self.once = once
        began = context.clock().microseconds
    }

    // MARK: - Shards

    /// Forgets what was read and not stored.
    mutating func reset() {
        shards = [:]
        next = [:]
    }

    /// Begins to read shards that were gained, and lets go of those that are gone; nothing may be pending of those.
    ///
    /// Cost: for shards that were gained a list and a look at the catalog.
    ///
    /// - Returns: Gaps: shards that are gone from the stream before they were archived to their end. They count as
    ///   ended.
    mutating func take(_ standing: LeaseKeeper.Standing) async throws -> PendingBatch {
        var found = PendingBatch()
        for shard in shards.values where standing.held[shard.id] != shard.leaseEpoch {
            shards[shard.id] = nil
            next[shard.id] = nil
        }
        let gained = standing.held.filter { shards[$0.key] == nil }
        if gained.isEmpty { return found }
        let checkpoints = try await context.journal.streamCheckpoints().filter { $0.stream == context.source.name }
        let byShard = Dictionary(uniqueKeysWithValues: checkpoints.map { ($0.shard, $0) })
        let listed = Set(try await context.source.shards().map(\.id))
        for (id, epoch) in gained.sorted(by: { $0.key < $1.key }) {
            let checkpoint = byShard[id]
            let entry = standing.ledger.shards[id]
            if checkpoint?.isEnded == true {
                found.ended.insert(id)
            } else if !listed.contains(id) {
                found.ended.insert(id)
                found.gaps.append(context.gap(id, after: checkpoint, before: nil, entry?.verified, isCertain: false))
            } else {
                if checkpoint == nil, let verified = entry?.verified, context.isExpired(verified) {
                    found.gaps.append(context.gap(id, after: nil, before: nil, verified, isCertain: false))
                }
                let start = checkpoint.map { StreamStart.behind(StreamPosition($0.position)) } ?? .beginning
                shards[id] = ActiveShard(
                    id: id,
                    leaseEpoch: epoch,
                    reader: try await context.source.reader(of: id, from: start),
                    checkpoint: checkpoint,
                    verified: entry?.verified
                )
            }
        }
        return found
    }

    // MARK: - Reading

    /// Reads what there is into a batch, until it is full, old enough, or the caller says so.
    ///
    /// - Parameters:
    ///   - pending: Gets the records.
    ///   - isDone: Asked between reads.
    /// - Throws: What reading throws, and ``ArchiveError/Code/invalidName``.
    mutating func fill(
        _ pending: inout PendingBatch,
        isDone: @Sendable () -> Bool
    ) async throws {
        let options = context.options
        let began = context.time.now()
        // With nothing read the caller has to look around now and then all the same.
        let most = min(options.latency, .seconds(1))
        while !isDone() {
            let now = context.time.now()
            if now - began >= (pending.isEmpty ? most : options.latency) { return }
            let due = due(at: now)
            if due.isEmpty {
                if once, isRead { return }
                // Whoever has ended a shard has to tell, so that its children are read.
                if !pending.ended.isEmpty { return }
                try await context.time.sleep(min(.milliseconds(50), options.idle))
                continue
            }
            try await read(due, into: &pending)
            if pending.payloadBytes >= options.batchBytes || pending.events.count >= options.batchRecords { return }
        }
    }

    /// Shards to read now, a bounded number, those that waited longest first.
    private mutating func due(at now: Duration) -> [ActiveShard] {
        let due = shards.values
            .filter { shard in
                !shard.isEnded && !(once && shard.isRead) && (next[shard.id] ?? .zero) <= now
            }
            .sorted { $0.id < $1.id }
        guard !due.isEmpty else { return [] }
        let count = min(context.options.concurrentReads, due.count)
        let start = turn % due.count
        turn &+= count
        return (0..<count).map { due[(start + $0) % due.count] }
    }

    private mutating func read(_ due: [ActiveShard], into pending: inout PendingBatch) async throws {
        let clock = context.clock
        let batches = try await mapConcurrently(due, limit: due.count) { shard in
            // The moment before the question: what comes later may not be in the answer.
            let moment = clock().microseconds
            return (id: shard.id, moment: moment, batch: try await shard.reader.next())
        }
        for (id, moment, batch) in batches { try take(batch, of: id, asOf: moment, into: &pending) }
    }

    private mutating func take(
        _ batch: StreamBatch,
        of id: String,
        asOf moment: Int64,
        into pending: inout PendingBatch
    ) throws {
        guard var shard = shards[id] else { return }
        try context.noteGap(batch, shard, &pending)
        if !batch.records.isEmpty {
            guard let position = batch.position, StreamCheckpoint.isPlain(position.text) else {
                throw ArchiveError(
                    .invalidName,
                    "A batch of \(id) of \(context.source.name) has no position that can be stored; its source is at fault."
                )
            }
            pending.add(batch.records, source: "\(context.source.name)/\(id)", times: context.times)
            shard.position = position.text
            shard.records += batch.records.count
            shard.arrival = batch.records.last?.arrival ?? shard.arrival
        }
        shard.isEnded = batch.isEnd
        if batch.isAtTip || batch.lag.map({ moment - $0.inMicroseconds >= began }) == true { shard.isRead = true }
        if let position = shard.position, !batch.records.isEmpty || pending.checkpoints[id] != nil {
            pending.checkpoints[id] = StreamCheckpoint(
                stream: context.source.name,
                shard: id,
                epoch: shard.epoch,
                position: position,
                isEnded: batch.isEnd,
                arrival: shard.arrival,
                records: shard.records
            )
        }
        if batch.isEnd { pending.ended.insert(id) }
        pending.waiting[id] = WaitingRecords(count: batch.waiting ?? (batch.isAtTip ? 0 : nil), counted: moment)
        if batch.isAtTip {
            pending.verified[id] = moment
        } else if let lag = batch.lag {
            pending.verified[id] = moment - lag.inMicroseconds
        }
        next[id] = batch.isAtTip && batch.records.isEmpty ? context.time.now() + context.options.idle : nil
        shards[id] = shard
    }

    /// Whether each shard was read to where it ended when the run began.
    var isRead: Bool { shards.values.allSatisfy { $0.isRead || $0.isEnded } }
}
