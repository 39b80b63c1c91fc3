public import EventJournal
internal import ObjectStorage

/// How far a stream is archived in a journal, who is at work, and what was lost.
public struct ArchiveStatus: Sendable, Hashable {
    /// A shard.
    public struct Shard: Sendable, Hashable {
        /// Its name.
        public var id: String
        /// Behind the last record archived; `nil` when none is.
        public var position: String?
        /// How many records of it were archived.
        public var records: Int
        /// Everything the stream received before this moment is archived; `nil` when nobody knows.
        public var archivedThrough: Timestamp?
        /// How many records were on the stream and not archived when the archiver last looked; `nil` when the stream
        /// cannot tell (Kinesis, except at its tip).
        public var waiting: Int?
        /// When that was, by the clock of the archiver.
        public var counted: Timestamp?
        /// When the last records were stored, by the clock of the archiver.
        public var lastCommit: Timestamp?
        /// The archiver that reads it; `nil` when none does.
        public var owner: String?
        /// Whether all of it is archived and nothing more will come.
        public var isEnded: Bool

        /// How far behind a moment the archive is: at most so old are records that are not in it yet.
        ///
        /// - Returns: `nil` for a shard that has ended, or when nobody knows.
        public func lag(at now: Timestamp) -> Duration? {
            guard !isEnded, let archivedThrough else { return nil }
            return .microseconds(max(0, now.microseconds - archivedThrough.microseconds))
        }
    }

    /// The name of the stream.
    public var stream: String
    /// Its shards, by name.
    public var shards: [Shard]
    /// The archivers that have not ended, with when each last said so by its own clock.
    public var archivers: [String: Timestamp]
    /// Records that expired before they were archived, or may have.
    public var gaps: [StreamGap]

    /// What a journal has of every stream that was archived into it, by name.
    ///
    /// Cost: two lists, a look at the catalog, a get for each stream, and what it takes to open each segment of the
    /// inbox that this process has not met.
    ///
    /// - Throws: ``ArchiveError/Code/damagedLedger``, ``JournalError``, or what the store throws.
    public static func all(in journal: Journal) async throws -> [ArchiveStatus] {
        let checkpoints = try await journal.streamCheckpoints()
        var streams = Set(checkpoints.map(\.stream))
        for try await object in journal.objectStore.listAll(prefix: LedgerStore.folder, keysOnly: true) {
            if let stream = LedgerStore.stream(of: object.key) { streams.insert(stream) }
        }
        var all: [ArchiveStatus] = []
        for stream in streams.sorted() {
            let store = LedgerStore(
                store: journal.objectStore,
                stream: stream,
                time: .system,
                freshName: { journal.freshName() }
            )
            let ledger = try await store.read()
            all.append(ArchiveStatus(stream, ledger, checkpoints.filter { $0.stream == stream }))
        }
        return all
    }

    private init(_ stream: String, _ ledger: Ledger, _ checkpoints: [StreamCheckpoint]) {
        self.stream = stream
        gaps = ledger.gaps
        archivers = ledger.archivers.mapValues { Timestamp(microseconds: $0.seen) }
        let byShard = Dictionary(uniqueKeysWithValues: checkpoints.map { ($0.shard, $0) })
        shards = Set(byShard.keys).union(ledger.shards.keys).sorted()
            .map { id in
                let (checkpoint, entry) = (byShard[id], ledger.shards[id])
                let through = [checkpoint?.arrival, entry?.verified].compactMap(\.self).max()
                return Shard(
                    id: id,
                    position: checkpoint?.position,
                    records: checkpoint?.records ?? 0,
                    archivedThrough: through.map { Timestamp(microseconds: $0) },
                    waiting: entry?.waiting,
                    counted: entry?.counted.map { Timestamp(microseconds: $0) },
                    lastCommit: checkpoint.map { $0.committed },
                    owner: entry?.owner,
                    isEnded: entry?.isEnded ?? checkpoint?.isEnded ?? false
                )
            }
    }
}
