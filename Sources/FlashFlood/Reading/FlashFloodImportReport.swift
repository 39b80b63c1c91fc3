internal import EventJournal

/// Settings of an import from flash-flood.
public struct FlashFloodImportOptions: Sendable {
    /// So many bytes of payload become one segment, about; default 16 MiB.
    public var unitBytes: Int
    /// So many events become one segment at most; default 100,000.
    public var unitEvents: Int
    /// How many segments are worked on at once; default the number of processors, at least 2.
    public var parallelism: Int
    /// How many requests each of those, and the reading of manifests, have under way; default 16.
    public var requests: Int
    /// Called each time ``eventsBetweenCheckpoints`` events were stored and nothing is being stored.
    ///
    /// Here a journal is compacted, so that a long import does not have to remember the ids of all its events.
    public var checkpoint: (@Sendable () async throws -> Void)?
    /// How many events are stored between two checkpoints; default 2 million, whose ids take some 60 MB.
    public var eventsBetweenCheckpoints = 2_000_000

    /// Makes settings, without checkpoints.
    public init(unitBytes: Int = 16 << 20, unitEvents: Int = 100_000, parallelism: Int? = nil, requests: Int = 16) {
        self.unitBytes = max(unitBytes, 1)
        self.unitEvents = max(unitEvents, 1)
        self.parallelism = max(parallelism ?? max(JournalConfiguration.processors, 2), 1)
        self.requests = max(requests, 1)
    }
}

/// What came of an import from flash-flood.
public struct FlashFloodImportReport: Sendable {
    /// Live journals found.
    public var journals = 0
    /// Events stored.
    public var imported = 0
    /// Events left out because their id was in the journal already, or in a later version of theirs.
    public var alreadyThere = 0
    /// Events left out because flash-flood has noted to delete them.
    public var deleted = 0
    /// Bytes of payload stored.
    public var payloadBytes = 0
    /// Changes that flash-flood has noted of journals which are gone; nothing was done about them.
    public var orphanedChanges = 0
    /// Objects among the journals and changes that are neither; nothing was done about them.
    public var strangers: [String] = []
    /// Journals of which not everything could be imported.
    public var failures: [FlashFloodFailure] = []
    /// How long it took.
    public var duration: Duration = .zero
}

/// A journal of flash-flood of which not everything could be imported.
public struct FlashFloodFailure: Sendable, Hashable {
    /// Its name.
    public var journal: String
    /// How many of its events were left out; `nil` when nobody knows.
    public var events: Int?
    /// What is wrong, and what to do; for people.
    public var message: String
}

/// How far an import or an export is.
public struct FlashFloodProgress: Sendable {
    /// Journals done, or events of an export.
    public var done: Int
    /// Of so many.
    public var total: Int
    /// Events stored so far.
    public var events: Int
    /// Events left out so far, because they were there.
    public var alreadyThere: Int
}
