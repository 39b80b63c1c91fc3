internal import ObjectStorage
internal import Parquet

/// Knows the segments of a journal and where each event id is: the one place a reader gets its snapshot from.
///
/// Segments never change, so what was learned of one holds for ever; a refresh lists the folder, asks the catalog what
/// of it was absorbed, and reads the ids of what is new. Which row counts of an id that occurs twice: that of the
/// catalog, else the one that is first by (batch id, row); see ``ChangeResolution`` for ids that were updated or
/// deleted.
///
/// Memory: 16 to 32 bytes per event in the inbox (``IdentifierIndex``), some 200 for each pending change.
actor Inbox {
    let store: any ObjectStore
    let reader: SegmentReader
    let catalog: Catalog
    let lookup: CatalogLookup
    let generator: UUIDv7Generator
    let gate = AsyncGate()

    /// What the catalog said at the last refresh.
    var state = CatalogState.empty
    /// Segments by order of discovery; the row numbers of the index count through them.
    var segments: [Segment] = []
    /// The first row number of each segment.
    var bases: [Int] = []
    /// The keys of all segments that were taken in, those of changes too.
    var known: Set<String> = []
    /// Keys that were listed and that ``state`` says are absorbed, so that each look need not read them anew: there are
    /// thousands for two minutes after a large compaction.
    var absorbedKeys: Set<String> = []
    var index = IdentifierIndex()
    /// Rows whose id an earlier row of the inbox has, by key of their segment.
    var duplicates: [String: Set<Int>] = [:]
    /// The same rows by the hash of their id.
    var repeats: [UInt64: [UInt32]] = [:]
    /// Rows whose id the catalog has, by key of segments that were compared with it.
    var taken: [String: [Int]] = [:]
    /// Updates and deletes, by the id they are of.
    var changed: [[UInt8]: [PendingChange]] = [:]
    /// The segments they are in.
    var changeSegments: [Segment] = []
    /// What the changes amount to; `nil` when something new has arrived.
    var resolution: ChangeResolution?
    var damaged: [String: DamagedSegment] = [:]
    /// Whether a segment that was listed and is not there counts as damaged; else it may have been absorbed since.
    var missesAreDamage = false
    /// Rows in ``segments`` that may be duplicates, since reading the ids to compare failed so far.
    var suspects: [Suspect] = []
    private var sorted: [Segment]?
    /// Ids of segments stored here and not met yet, by key.
    var remembered: [String: HashedIDs] = [:]
    var rememberedIDs = 0
    /// Ids that the refresh under way has read, by key of their segment, so that they need not be read again for the
    /// catalog.
    var loadedIDs: [String: ByteArrays] = [:]
    /// About 12 MiB of them, for a process that appends and never reads.
    private static let mostRememberedIDs = 256 << 10

    init(store: any ObjectStore, reader: SegmentReader, catalog: Catalog, generator: UUIDv7Generator) {
        self.store = store
        self.reader = reader
        self.catalog = catalog
        self.generator = generator
        lookup = CatalogLookup(reader: reader, index: IndexReader(store: store))
    }

    /// The journal as it is now: everything acknowledged before the call is in it.
    ///
    /// Cost: one list request per 1000 segments of the inbox, one to the catalog if it was not asked for a minute, and
    /// one to three gets per segment not seen before. Where the catalog is not empty, ids of the range in the inbox are
    /// looked up in its index.
    ///
    /// - Parameters:
    ///   - damage: What to do about objects that cannot be read.
    ///   - range: For which time it has to be known which rows count.
    ///   - exactly: Whether ``Snapshot/events`` has to be exact: costs a look-up of every id that was changed.
    ///   - validating: Whether the catalog is asked in any case.
    /// - Returns: Segments, and which of their rows do not count.
    /// - Throws: ``JournalError/Code/damagedSegment`` that names the first such object, if they are not to be skipped.
    func snapshot(
        damage: DamagePolicy,
        range: EventRange = .all,
        exactly: Bool = false,
        validating: Bool = false
    ) async throws -> Snapshot {
        let snapshot = try await looking(validating: validating) { try await current(range, exactly: exactly) }
        if damage == .refuse, let first = snapshot.damaged.first { throw first.error }
        return snapshot
    }

    /// The journal as it is now, without saying which rows count: its segments, and what of it is damaged.
    ///
    /// Cost: as ``snapshot(damage:range:)`` without a look-up in the catalog's index.
    ///
    /// - Parameter validating: Whether the catalog is asked in any case.
    /// - Returns: A snapshot in which all rows seem to count.
    /// - Throws: As ``snapshot(damage:range:exactly:validating:)``, damage apart.
    func listing(validating: Bool = false) async throws -> Snapshot {
        try await looking(validating: validating) {
            Snapshot(catalog: state, segments: allSegments(), damaged: sortedDamage())
        }
    }

    /// Where the events with these ids are; exact, since the ids themselves are compared.
    ///
    /// Cost: at most one to three gets per segment that holds any, and a look-up in the catalog.
    ///
    /// - Parameters:
    ///   - ids: What to look for.
    ///   - refreshing: Whether to look at the journal as it is now (a list, as ``snapshot(damage:range:)``), or as it
    ///     was at the last refresh.
    /// - Returns: One place for each id, `nil` where there is none, and what is damaged.
    /// - Throws: What reading ids throws.
    func find(
        _ ids: HashedIDs,
        refreshing: Bool
    ) async throws -> (places: [EventPlace?], damaged: [DamagedSegment]) {
        try await looking(refreshing: refreshing) {
            try await resolveSuspects()
            return (try await places(ids), sortedDamage())
        }
    }

    /// The event with an id in the journal as it is now, or where it is.
    ///
    /// Cost: a list; a look-up in the catalog, which brings the event with it if that is where it is.
    func event(_ id: HashedIDs) async throws -> (finding: Finding, damaged: [DamagedSegment]) {
        try await looking {
            try await resolveSuspects()
            let isInInbox = index.row(hash: id.hashes[0]) != nil || id.ids[0].map { changed[$0] != nil } ?? false
            let finding: Finding =
                if isInInbox {
                    try await places(id)[0].map(Finding.place) ?? .nothing
                } else {
                    try await lookup.event(id, in: state).map(Finding.event) ?? .nothing
                }
            return (finding, sortedDamage())
        }
    }

    /// What was found of one id.
    enum Finding: Sendable {
        case nothing
        case event(Event)
        case place(EventPlace)
    }

    /// Takes in a segment that this process has just stored, so that its ids are known without reading them back.
    ///
    /// - Parameters:
    ///   - segment: What was stored.
    ///   - ids: The ids in the order of its rows.
    /// - Throws: What reading ids throws that have a hash of these.
    func register(_ segment: Segment, ids: HashedIDs) async throws {
        try await gate.pass {
            guard !known.contains(segment.key) else { return }
            try insert(LoadedSegment(segment: segment, ids: ids))
            try await resolveSuspects([segment.key: ids.ids])
        }
    }

    /// Keeps the ids of a segment that this process has just stored until a refresh meets it, to save reading them
    /// back.
    ///
    /// - Parameters:
    ///   - segment: What was stored.
    ///   - ids: The ids in the order of its rows.
    func remember(_ segment: Segment, ids: ByteArrays) {
        guard rememberedIDs + ids.count <= Inbox.mostRememberedIDs else { return }
        rememberedIDs += ids.count
        remembered[segment.key] = HashedIDs(ids.compacted())
    }

    /// Forgets everything that was learned of the inbox.
    func clear() {
        segments = []
        bases = []
        known = []
        index = IdentifierIndex()
        duplicates = [:]
        repeats = [:]
        taken = [:]
        changed = [:]
        changeSegments = []
        resolution = nil
        damaged = [:]
        suspects = []
        sorted = nil
    }

    /// Something new was taken in: what was concluded from the old is void.
    func invalidate() {
        sorted = nil
        resolution = nil
    }

    private func allSegments() -> [Segment] {
        if let sorted { return sorted }
        let arrived = (segments + changeSegments).sorted { $0.arrival < $1.arrival }
        let all = state.segments + arrived
        sorted = all
        return all
    }

    private func sortedDamage() -> [DamagedSegment] { damaged.values.sorted { $0.object < $1.object } }

    /// What a reader of a range sees, as of the last refresh.
    ///
    /// - Parameters:
    ///   - range: For which time it has to be known which rows count.
    ///   - exactly: Whether ``Snapshot/events`` has to be exact.
    ///   - excluded: Keys of segments whose changes are taken not to be there.
    /// - Returns: Segments, and which of their rows do not count.
    /// - Throws: ``JournalError``.
    func current(
        _ range: EventRange,
        exactly: Bool = false,
        without excluded: Set<String> = []
    ) async throws -> Snapshot {
        let resolution = try await resolvedChanges(exactly: exactly, without: excluded)
        try await compareWithCatalog(range)
        loadedIDs = [:]
        var snapshot = Snapshot(catalog: state, segments: allSegments(), damaged: sortedDamage())
        snapshot.changes = resolution.changes
        snapshot.conditional = resolution.conditional
        var dropped = duplicates
        for (key, rows) in taken { dropped[key, default: []].formUnion(rows) }
        for (key, rows) in resolution.counted { dropped[key]?.subtract(rows) }
        snapshot.duplicateCount = dropped.values.reduce(0) { $0 + $1.count }
        for (key, rows) in resolution.dropped { dropped[key, default: []].formUnion(rows) }
        snapshot.dropped = dropped.compactMapValues { $0.isEmpty ? nil : $0.sorted() }
        return snapshot
    }

    /// Notes that a segment cannot be read.
    func reportDamage(_ segment: Segment, _ error: JournalError) {
        damaged[segment.key] = DamagedSegment(object: segment.key, events: segment.events, error: error)
        invalidate()
    }
}
