/// Settings of an export to flash-flood.
public struct FlashFloodExportOptions: Sendable {
    /// So many bytes of payload fill a journal; default 16 MiB.
    public var journalBytes: Int
    /// So many events fill a journal; default 10,000, since flash-flood reads the whole manifest for each look-up.
    public var journalEvents: Int
    /// How many journals are written at once; default 4.
    public var parallelism: Int
    /// How many index entries each of those writes at once; default 16.
    public var requests: Int

    /// Makes settings.
    public init(
        journalBytes: Int = 16 << 20,
        journalEvents: Int = 10_000,
        parallelism: Int = 4,
        requests: Int = 16
    ) {
        self.journalBytes = max(journalBytes, 1)
        self.journalEvents = max(journalEvents, 1)
        self.parallelism = max(parallelism, 1)
        self.requests = max(requests, 1)
    }
}

/// What came of an export to flash-flood.
public struct FlashFloodExportReport: Sendable {
    /// Events written.
    public var exported = 0
    /// Events of journals that an earlier export had written.
    public var alreadyThere = 0
    /// Journals that are there now.
    public var journals = 0
    /// Bytes of payload written.
    public var payloadBytes = 0
    /// Journals of earlier exports that were removed, since the events are others now.
    public var removedJournals = 0
    /// Events with a key, a source or a sequence; flash-flood has no room for those.
    public var withoutFields = 0
    /// Events that flash-flood cannot hold, which were left out.
    public var rejected = 0
    /// How long it took.
    public var duration: Duration = .zero
}

/// An event that flash-flood cannot hold.
public struct FlashFloodRejectedEvent: Sendable, Hashable {
    /// Its id.
    public var id: String
    /// Why; the end of a sentence.
    public var reason: String
}
