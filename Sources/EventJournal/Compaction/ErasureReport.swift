/// What an erasure did, as a proof: which objects held the data, what took their place, and when the last copy went.
///
/// It tells of payloads, keys and sources. Ids stay for a while where they say that something is gone: in the list of
/// applied changes (``VacuumOptions/logRetention``), and as hashes in the id index.
public struct ErasureReport: Sendable, Hashable {
    /// An object that held erased events.
    public struct Holder: Sendable, Hashable {
        /// Its key, relative to the journal.
        public var key: String
        /// Its size.
        public var bytes: Int
        /// How many of its rows were of erased events.
        public var rows: Int
        /// What a compaction put in its place; empty when no event was left, or when it was replaced before.
        public var replacedBy: [String]
        /// When it was deleted; `nil` when it is still there.
        public var deleted: Timestamp?

        /// Describes a holder.
        public init(key: String, bytes: Int, rows: Int, replacedBy: [String], deleted: Timestamp?) {
            self.key = key
            self.bytes = bytes
            self.rows = rows
            self.replacedBy = replacedBy
            self.deleted = deleted
        }
    }

    /// Ids of the events that were there and are erased.
    public var erased: [String] = []
    /// Ids that were asked for and of which there was no event; older copies of their data are erased all the same.
    public var notFound: [String] = []
    /// The version of the catalog that has the events no more; `nil` when none had to be made.
    public var version: Int64?
    /// The objects that held the data.
    public var holders: [Holder] = []
    /// When it was begun.
    public var started: Timestamp
    /// When the last copy was gone, as a look at the journal afterwards confirmed; `nil` while there are copies.
    public var completed: Timestamp?
    /// What did not work.
    public var warnings: [String] = []

    /// A report of nothing yet.
    public init(started: Timestamp) { self.started = started }

    /// Whether no copy is left.
    public var isComplete: Bool { completed != nil }
}

/// How an erasure goes on.
public struct ErasureOptions: Sendable, Hashable {
    /// Whether to wait until the last copy may be deleted, some two minutes.
    ///
    /// Otherwise erasing the same once more, later, deletes it; what was taken out of use an hour ago or earlier goes
    /// without any wait.
    public var waits: Bool

    /// Options with the default to wait.
    public init(waits: Bool = true) { self.waits = waits }
}
