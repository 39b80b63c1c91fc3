/// What a compaction did.
public struct CompactionReport: Sendable, Hashable {
    /// Commits made; none when there was nothing to do.
    public var commits = 0
    /// The version of the catalog behind the last commit; `nil` when there was none.
    public var version: Int64?
    /// Segments of the inbox that were absorbed, those of updates and deletes included.
    public var absorbedSegments = 0
    /// Segments of the catalog that were replaced.
    public var replacedSegments = 0
    /// Segments written.
    public var writtenSegments = 0
    /// Events written.
    public var events = 0
    /// Rows left out because their id was there before, or their event was deleted.
    public var droppedRows = 0
    /// Updates and deletes applied.
    public var appliedChanges = 0
    /// Updates and deletes that wait for more, or to be applied on request; readers apply them meanwhile.
    public var waitingChanges = 0
    /// By name of a promoted column, values that do not fit its type and are null.
    public var misfits: [String: Int] = [:]
    /// Bytes of payload written.
    public var payloadBytes = 0
    /// Bytes of the objects written, without the index.
    public var objectBytes = 0
    /// Objects of the inbox and the index deleted since earlier compactions made them superfluous.
    public var deletedObjects = 0
    /// Which objects took the place of which, commit by commit.
    public var replacements: [Replacement] = []
    /// What did not work without doing harm: a checkpoint that was not written, an object that was not deleted.
    public var warnings: [String] = []

    /// Objects that took the place of others.
    public struct Replacement: Sendable, Hashable {
        /// Keys of segments of the inbox and the catalog.
        public var replaced: [String]
        /// Keys of segments of the catalog; none when no event was left.
        public var by: [String]

        /// Describes a replacement.
        public init(replaced: [String], by: [String]) {
            self.replaced = replaced
            self.by = by
        }
    }

    /// Nothing done.
    public init() {}

    mutating func add(_ other: CompactionReport) {
        commits += other.commits
        version = other.version ?? version
        absorbedSegments += other.absorbedSegments
        replacedSegments += other.replacedSegments
        writtenSegments += other.writtenSegments
        events += other.events
        droppedRows += other.droppedRows
        appliedChanges += other.appliedChanges
        waitingChanges = other.waitingChanges
        misfits.merge(other.misfits) { $0 + $1 }
        payloadBytes += other.payloadBytes
        objectBytes += other.objectBytes
        deletedObjects += other.deletedObjects
        replacements += other.replacements
        warnings += other.warnings
    }
}

/// How far a compaction is with the commit it works on.
public struct CompactionProgress: Sendable, Hashable {
    /// Events written so far.
    public var events: Int
    /// Events that are read for this commit.
    public var ofEvents: Int
    /// Bytes of payload written so far.
    public var payloadBytes: Int
    /// Commits made before.
    public var commits: Int

    /// Makes a record.
    public init(events: Int, ofEvents: Int, payloadBytes: Int, commits: Int) {
        self.events = events
        self.ofEvents = ofEvents
        self.payloadBytes = payloadBytes
        self.commits = commits
    }
}
