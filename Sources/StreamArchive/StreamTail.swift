package import EventJournal
public import RecordStreams

/// What is on a stream and not in a journal yet, seen together with the journal.
///
/// **One moment.** First the journal is asked how far it is archived (``StreamCheckpoint``), then the stream is read
/// from there to its end, and a reader takes its snapshot of the journal only after that. So every record is in at
/// least one of the two: what a checkpoint covers was in the journal before the stream was read, and the snapshot is
/// later still. The other way round, what an archiver stores between the snapshot and the checkpoint would be in
/// neither. What it stores meanwhile is in both, as the same id, because ids are made as the archiver makes them; of
/// those the journal's counts, as the tail lies behind all its segments (``JournalOverlay``). Of each shard a reader
/// therefore sees a beginning without holes: up to where the stream was read, or further if an archiver was quicker.
///
/// An event that is archived and then deleted, both between the two reads, may show all the same, as if the query had
/// come before the delete, which had not been acknowledged when it began.
public struct StreamTail: Sendable {
    /// What was read of a stream.
    public struct Report: Sendable, Hashable {
        /// The stream.
        public var stream: String
        /// Records that were not archived when it was asked.
        public var records: Int
        /// Those whose payload states no time, and that have that of their arrival.
        public var withoutTime: Int
        /// Records that expired before anybody read them, or may have.
        public var gaps: [StreamGap]
    }

    private let source: any StreamSource
    private let options: ArchiveOptions

    /// Describes the tail of a stream.
    ///
    /// - Parameters:
    ///   - source: The stream.
    ///   - options: As the archiver has them: the time of events, and sizes of batches; leases do not matter.
    public init(_ source: any StreamSource, options: ArchiveOptions = ArchiveOptions()) {
        self.source = source
        self.options = options
    }

    /// Reads what is on the stream at the moment of the call and not in the journal.
    ///
    /// Nothing is written to the journal, and no archiver notices.
    ///
    /// Cost: what ``ArchiveStatus`` takes for the positions, the shards, and the records behind the positions; all that
    /// the stream keeps if it was never archived. Memory: a batch (``ArchiveOptions/batchBytes``) twice, and an answer
    /// of the stream for each concurrent read.
    ///
    /// - Parameters:
    ///   - journal: The journal the stream is archived into.
    ///   - overlay: Gets the records as events.
    ///   - progress: Told how many records were read.
    /// - Returns: What was read.
    /// - Throws: `StreamError`, `JournalError`, ``ArchiveError/Code/invalidName``.
    package func read(
        behind journal: Journal,
        into overlay: JournalOverlay,
        progress: @Sendable (Int) -> Void = { _ in }
    ) async throws -> Report {
        let began = Timestamp.now.microseconds
        let checkpoints = try await journal.streamCheckpoints().filter { $0.stream == source.name }
        let byShard = Dictionary(uniqueKeysWithValues: checkpoints.map { ($0.shard, $0) })
        var report = Report(stream: source.name, records: 0, withoutTime: 0, gaps: [])
        var shards: [TailShard] = []
        for shard in try await source.shards() where byShard[shard.id]?.isEnded != true {
            let checkpoint = byShard[shard.id]
            let start = checkpoint.map { StreamStart.behind(StreamPosition($0.position)) } ?? .beginning
            shards.append(
                TailShard(
                    id: shard.id,
                    checkpoint: checkpoint,
                    reader: try await source.reader(of: shard.id, from: start)
                )
            )
        }
        let times = options.timestamp.map { EventTimes(expression: $0, unit: options.timestampUnit) }
        var pending = PendingBatch()
        while !shards.isEmpty {
            let batches = try await mapConcurrently(
                Array(shards.prefix(options.concurrentReads)),
                limit: options.concurrentReads
            ) { shard in
                let moment = Timestamp.now.microseconds
                return (shard: shard, moment: moment, batch: try await shard.reader.next())
            }
            var unread: [TailShard] = []
            for (var shard, moment, batch) in batches {
                if let gap = try await gap(before: batch, of: shard, journal) { report.gaps.append(gap) }
                if !batch.records.isEmpty {
                    pending.add(batch.records, source: "\(source.name)/\(shard.id)", times: times)
                    report.records += batch.records.count
                }
                // What came after the question was asked is not waited for. Where the stream counts, that decides:
                // a lag may be the difference of two clocks.
                let isRead: Bool
                if let waiting = batch.waiting {
                    shard.left = shard.left.map { $0 - batch.records.count } ?? waiting
                    isRead = batch.isAtTip || shard.left.map { $0 <= 0 } == true
                } else {
                    isRead = batch.isAtTip || batch.lag.map { moment - $0.inMicroseconds >= began } == true
                }
                if !isRead { unread.append(shard) }
            }
            // Those that were read now are the last of the next round.
            shards = Array(shards.dropFirst(options.concurrentReads)) + unread
            progress(report.records)
            if pending.payloadBytes >= options.batchBytes || pending.events.count >= options.batchRecords
                || shards.isEmpty && !pending.isEmpty
            {
                report.withoutTime += pending.withoutTime
                try await overlay.add(pending.events)
                pending = PendingBatch()
            }
        }
        return report
    }

    /// What is missing before a batch, or may be; as an archiver judges it.
    private func gap(before batch: StreamBatch, of shard: TailShard, _ journal: Journal) async throws -> StreamGap? {
        if batch.continuity == .whole { return nil }
        var through = shard.checkpoint?.arrival
        if batch.continuity == .uncertain {
            let status = try await ArchiveStatus.all(in: journal).first { $0.stream == source.name }
            through = status?.shards.first { $0.id == shard.id }?.archivedThrough?.microseconds ?? through
            if let through, let retention = try await source.retention(),
                Timestamp.now.microseconds - through < retention.inMicroseconds
            {
                return nil
            }
        }
        return StreamGap(
            shard: shard.id,
            after: shard.checkpoint?.position,
            before: batch.records.first?.sequence,
            archivedThrough: through,
            noticed: Timestamp.now.microseconds,
            isCertain: batch.continuity == .broken
        )
    }
}

/// A shard of which the end is read.
private struct TailShard: Sendable {
    let id: String
    let checkpoint: StreamCheckpoint?
    let reader: any ShardReader
    /// How many records that were there at the first look are still to be read; `nil` before, and where the stream does
    /// not count.
    var left: Int?
}
