public import EventJournal

/// Settings of an import.
public struct ImportOptions: Sendable {
    /// Which fields of a line become which parts of an event.
    ///
    /// Without an id each event gets a fresh one, and importing again adds it again; without a timestamp it gets the
    /// time of the import.
    public var mapping: FieldMapping
    /// So much input, in bytes, becomes one segment; default 16 MiB.
    public var unitBytes: Int
    /// How many units are worked on at once; default the number of processors.
    public var parallelism: Int
    /// Called each time ``eventsBetweenCheckpoints`` events were stored and nothing is underway.
    ///
    /// Here a journal is compacted, so that a long import does not have to remember the ids of all its events.
    public var checkpoint: (@Sendable () async throws -> Void)?
    /// How many events are stored between two checkpoints; default 2 million, whose ids take some 60 MB.
    public var eventsBetweenCheckpoints = 2_000_000

    /// Makes settings, without checkpoints.
    public init(
        mapping: FieldMapping,
        unitBytes: Int = 16 << 20,
        parallelism: Int = JournalConfiguration.processors
    ) {
        self.mapping = mapping
        self.unitBytes = max(unitBytes, 1 << 16)
        self.parallelism = max(parallelism, 1)
    }
}

/// What came of an import.
public struct ImportReport: Sendable {
    /// Events stored.
    public var imported = 0
    /// Events left out because their id was in the journal, or came before in the input.
    public var alreadyThere = 0
    /// Lines that are no events.
    public var rejected = 0
    /// Inputs that could not be read, or not to their end; what came before the fault is imported.
    public var failures: [InputError] = []
    /// Bytes read from the inputs, as they lie there.
    public var inputBytes = 0
    /// How long it took.
    public var duration: Duration = .zero
}

/// How far an import is.
public struct ImportProgress: Sendable {
    /// Bytes of the inputs behind what is reserved, compressed where they are.
    public var inputBytes: Int
    /// What `inputBytes` will be at the end; `nil` with standard input.
    public var totalBytes: Int?
    /// Events stored so far.
    public var imported: Int
    /// Events left out so far.
    public var alreadyThere: Int
    /// Lines rejected so far.
    public var rejected: Int
}

/// A line that is no event.
public struct RejectedEvent: Sendable {
    /// The input it stands in.
    public var input: String
    /// Its number there, from 1.
    public var line: Int
    /// Where on the line the fault is, in characters from 1; `nil` when it is not at one place.
    public var column: Int?
    /// Why it was rejected.
    public var reason: String
    /// The line without its line feed; of one that is too long only the beginning.
    public var bytes: [UInt8]
}
