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
    private var absorbedKeys: Set<String> = []
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
    private var damaged: [String: DamagedSegment] = [:]
    /// Whether a segment that was listed and is not there counts as damaged; else it may have been absorbed since.
    var missesAreDamage = false
    /// Rows in ``segments`` that may be duplicates, since reading the ids to compare failed so far.
    var suspects: [Suspect] = []
    private var sorted: [Segment]?
    /// Ids of segments stored here and not met yet, by key.
    private var remembered: [String: HashedIDs] = [:]
    private var rememberedIDs = 0
    /// Ids that the refresh under way has read, by key of their segment, so that they need not be read again for the
    /// catalog.
    private(set) var loadedIDs: [String: ByteArrays] = [:]
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
    func listing() async throws -> (segments: [Segment], damaged: [DamagedSegment]) {
        try await looking { (allSegments(), sortedDamage()) }
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

    // MARK: - Refreshing

    /// Lets one caller at a time conclude something from the journal as it is now.
    ///
    /// What the catalog names may be gone by the time it is read: another compaction has replaced it, and what was
    /// replaced was deleted. Then the newest catalog names others, and the conclusion is drawn from those.
    ///
    /// - Parameters:
    ///   - refreshing: Whether to look at the journal first, or go by the last refresh.
    ///   - validating: Whether the catalog is asked in any case.
    ///   - body: Draws the conclusion.
    /// - Returns: The conclusion.
    /// - Throws: What `body` throws; of an object that is gone only if the newest catalog and the inbox still have it.
    func looking<Conclusion>(
        refreshing: Bool = true,
        validating: Bool = false,
        _ body: () async throws -> Conclusion
    ) async throws -> Conclusion {
        try await gate.pass {
            var isRefreshed = !refreshing
            while true {
                do {
                    if !isRefreshed {
                        try await refresh(validating: validating)
                        isRefreshed = true
                    }
                    return try await body()
                } catch let error as JournalError where error.isMissing {
                    guard let object = error.object else { throw error }
                    try await refresh(validating: true)
                    isRefreshed = true
                    if isNamed(object) { throw error }
                }
            }
        }
    }

    private func isNamed(_ object: String) -> Bool {
        known.contains(object) || damaged[object] != nil || state.names(object)
    }

    struct LoadedSegment: Sendable {
        var segment: Segment
        var ids: HashedIDs
    }

    private func clear() {
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

    /// Lists the inbox, asks the catalog where that is needed, and takes in what is new.
    ///
    /// - Parameter validating: Whether the catalog is asked in any case.
    /// - Throws: ``JournalError/Code/storage`` and whatever is wrong with the catalog; damaged segments are only noted.
    func refresh(validating: Bool = false) async throws {
        loadedIDs = [:]
        let objects = try await list()
        // In this order: what a compaction absorbs between the two is found in the inbox or in the catalog, not in
        // neither.
        try await take(state: try await newestState(objects, validating))
        do {
            try await take(objects)
        } catch let error as JournalError where error.code == .damagedSegment {
            clear()
            // A segment was sound when its ids were read, and is not any more: a fresh start leaves it out.
            guard error.isMissing else { return try await take(objects) }
            // It is gone since it was listed, because it was absorbed; if it is listed again it counts as damaged.
            let newer = try await list()
            try await take(state: try await newestState(newer, true))
            missesAreDamage = true
            defer { missesAreDamage = false }
            try await take(newer)
        }
    }

    private func list() async throws -> [ObjectMetadata] {
        do {
            return try await store.listAll(prefix: Segment.inbox, keysOnly: true).collect(upTo: Inbox.maximumSegments)
        } catch {
            throw JournalError.wrapping(error, "Listing the segments of \(store.location) failed")
        }
    }

    private func newestState(_ objects: [ObjectMetadata], _ validating: Bool) async throws -> CatalogState {
        let hint = objects.lazy.compactMap { CatalogHint.version($0.key) }.max()
        let listed = Set(objects.lazy.map(\.key))
        // What is gone was absorbed, or somebody deleted it.
        let isMissing = !known.isSubset(of: listed)
        let announced = objects.lazy.compactMap { CatalogAnnouncement.version($0.key) }.max()
        return try await catalog.current(hint: hint, announced: announced, mustBeNewest: isMissing || validating)
    }

    private func take(state next: CatalogState) async throws {
        guard next.version != state.version else { return }
        let isAbsorbed =
            segments.contains { next.absorbed.contains($0.arrival) }
            || changeSegments.contains { next.absorbed.contains($0.arrival) }
        if next.runs != state.runs { taken = [:] }
        state = next
        absorbedKeys = []
        for batchID in next.inbox.absorbed { generator.observe(batchID) }
        // The rows of what was absorbed are out of the inbox, and may have hidden others of it.
        if isAbsorbed { clear() } else { invalidate() }
    }

    /// Learns what is new among the objects of the folder, and tries those again that could not be read so far: one
    /// that was cut short on its way here may arrive whole, and one that was damaged may have been restored.
    private func take(_ objects: [ObjectMetadata]) async throws {
        var fresh: [Segment] = []
        var present = 0
        var broken: [String: DamagedSegment] = [:]
        for object in objects {
            if known.contains(object.key) {
                present += 1
            } else if absorbedKeys.contains(object.key) {
                continue
            } else if let segment = Segment(key: object.key) {
                generator.observe(segment.arrival)
                if state.absorbed.contains(segment.arrival) {
                    absorbedKeys.insert(object.key)
                } else {
                    fresh.append(segment)
                }
            } else if object.key.hasSuffix(Segment.suffix) {
                broken[object.key] = Inbox.misnamed(object.key)
            }
        }
        // A segment that is gone may have hidden rows of others: only a fresh start tells which count now.
        if present < known.count {
            clear()
            fresh = objects.compactMap { Segment(key: $0.key) }.filter { !state.absorbed.contains($0.arrival) }
        }
        if !broken.isEmpty || !damaged.isEmpty {
            damaged = broken
            invalidate()
        }
        fresh.sort { $0.arrival < $1.arrival }
        try await resolveSuspects()
        // Ids of the inbox are looked up in the index next, most of the time: its filters come beside them.
        let (index, runs) = (lookup.index, reader.isFar && !fresh.isEmpty ? state.runs : [])
        _ = try await beside {
            await Inbox.prepare(index, runs)
        } _: {
            try await load(fresh.filter { !$0.isChanges })
            try await loadChanges(fresh.filter(\.isChanges))
        }
        for segment in fresh { rememberedIDs -= remembered.removeValue(forKey: segment.key)?.count ?? 0 }
    }

    /// Reads the filters of the index ahead; whoever needs one that cannot be read meets the error then.
    private static func prepare(_ index: IndexReader, _ runs: [IndexRun]) async -> Bool {
        do {
            try await index.prepare(runs)
            return true
        } catch {
            return false
        }
    }

    private static func misnamed(_ key: String) -> DamagedSegment {
        let error = JournalError(
            .damagedSegment,
            "The object \(key) has no segment's name, so nothing is known of what is inside; "
                + "move it out of \(Segment.inbox) if it does not belong there.",
            object: key
        )
        return DamagedSegment(object: key, events: nil, error: error)
    }

    /// Reads ids with a few segments in flight, and inserts them in order of arrival.
    private func load(_ fresh: [Segment]) async throws {
        var start = 0
        while start < fresh.count {
            var end = start + 1
            var events = fresh[start].events
            while end < fresh.count, events + fresh[end].events <= Inbox.eventsLoadedAtOnce {
                events += fresh[end].events
                end += 1
            }
            let some = fresh[start..<end]
            start = end
            let (reader, remembered, missesAreDamage) = (reader, remembered, missesAreDamage)
            let loaded = try await mapConcurrently(some, limit: reader.requests) { segment in
                do {
                    if let ids = remembered[segment.key] {
                        return Result<LoadedSegment, JournalError>.success(LoadedSegment(segment: segment, ids: ids))
                    }
                    return .success(LoadedSegment(segment: segment, ids: HashedIDs(try await reader.ids(of: segment))))
                } catch let error as JournalError where error.isDamage(orMissing: missesAreDamage) {
                    return .failure(error)
                }
            }
            var inMemory: [String: ByteArrays] = [:]
            for (segment, result) in zip(some, loaded) {
                switch result {
                case .success(let item):
                    try insert(item)
                    inMemory[segment.key] = item.ids.ids
                case .failure(let error):
                    reportDamage(segment, error)
                }
            }
            try await resolveSuspects(inMemory)
            // Those of one round at most: the others are read again.
            if !state.segments.isEmpty, start == fresh.count { loadedIDs = inMemory }
        }
    }

    /// How many ids are held at once while loading, a single segment with more excepted: about 10 MiB of them, and
    /// 100 MiB more should every one turn out to be a duplicate.
    static let eventsLoadedAtOnce = 256 << 10
    /// More objects than this in the inbox are refused; compaction is long overdue then.
    private static let maximumSegments = 10_000_000

    /// Notes that a segment cannot be read.
    func reportDamage(_ segment: Segment, _ error: JournalError) {
        damaged[segment.key] = DamagedSegment(object: segment.key, events: segment.events, error: error)
        invalidate()
    }
}

/// What a reader does about segments that are not what was written.
public enum DamagePolicy: Sendable, Hashable {
    /// Throw ``JournalError/Code/damagedSegment``, which names the object.
    case refuse
    /// Go on without them.
    case skip
}
