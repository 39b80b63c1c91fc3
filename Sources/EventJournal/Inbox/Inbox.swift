internal import ObjectStorage
internal import Parquet

/// Knows the segments of a journal and where each event id is: the one place a reader gets its snapshot from.
///
/// Segments never change, so what was learned of one holds for ever; a refresh lists the folder and reads the ids of
/// what is new. The rule for ids that occur twice is: the row that is first by (batch id, row) counts.
///
/// Memory: 16 to 32 bytes per event in the inbox (``IdentifierIndex``).
actor Inbox {
    private let store: any ObjectStore
    private let reader: SegmentReader
    private let generator: UUIDv7Generator
    private let gate = AsyncGate()

    /// Segments by order of discovery; the row numbers of the index count through them.
    private var segments: [Segment] = []
    /// The first row number of each segment.
    private var bases: [Int] = []
    /// Their keys.
    private var known: Set<String> = []
    private var index = IdentifierIndex()
    private var duplicates: [UUIDv7: Set<Int>] = [:]
    private var damaged: [String: DamagedSegment] = [:]
    /// Rows in ``segments`` that may be duplicates, since reading the ids to compare failed so far.
    private var suspects: [Suspect] = []
    private var sorted: Snapshot?
    /// Ids of segments stored here and not met yet, by key.
    private var remembered: [String: HashedIDs] = [:]
    private var rememberedIDs = 0
    /// About 12 MiB of them, for a process that appends and never reads.
    private static let mostRememberedIDs = 256 << 10

    init(store: any ObjectStore, reader: SegmentReader, generator: UUIDv7Generator) {
        self.store = store
        self.reader = reader
        self.generator = generator
    }

    /// The journal as it is now: everything acknowledged before the call is in it.
    ///
    /// Cost: one list request per 1000 segments, and one to three gets per segment not seen before.
    ///
    /// - Parameter damage: What to do about objects that cannot be read.
    /// - Returns: Segments, and which of their rows do not count.
    /// - Throws: ``JournalError/Code/damagedSegment`` that names the first such object, if they are not to be skipped.
    func snapshot(damage: DamagePolicy) async throws -> Snapshot {
        let snapshot = try await gate.pass {
            try await refresh()
            return current()
        }
        if damage == .refuse, let first = snapshot.damaged.first { throw first.error }
        return snapshot
    }

    /// Where the events with these ids are, as of the last refresh; exact, since the ids themselves are compared.
    ///
    /// Cost: at most one to three gets per segment that holds any.
    func find(_ ids: HashedIDs) async throws -> [RowReference?] {
        try await gate.pass {
            try await resolveSuspects()
            return try await locate(ids)
        }
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
            try await resolveSuspects([segment.batchID: ids.ids])
        }
    }

    /// Keeps the ids of a segment that this process has just stored until a refresh meets it, to save reading them back.
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

    private struct LoadedSegment: Sendable {
        var segment: Segment
        var ids: HashedIDs
    }

    private func clear() {
        segments = []
        bases = []
        known = []
        index = IdentifierIndex()
        duplicates = [:]
        damaged = [:]
        suspects = []
        sorted = nil
    }

    private func current() -> Snapshot {
        if let sorted { return sorted }
        let snapshot = Snapshot(
            segments: segments.sorted { $0.batchID < $1.batchID },
            duplicates: duplicates.mapValues { $0.sorted() },
            damaged: damaged.values.sorted { $0.object < $1.object }
        )
        sorted = snapshot
        return snapshot
    }

    private func refresh() async throws {
        let objects: [ObjectMetadata]
        do {
            objects = try await store.listAll(prefix: Segment.inbox, keysOnly: true)
                .collect(upTo: Inbox.maximumSegments)
        } catch {
            throw JournalError.wrapping(error, "Listing the segments of \(store.location) failed")
        }
        do {
            try await take(objects)
        } catch let error as JournalError where error.code == .damagedSegment {
            // A segment was sound when its ids were read, and is not any more: a fresh start leaves it out.
            clear()
            try await take(objects)
        }
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
            } else if let segment = Segment(key: object.key) {
                generator.observe(segment.batchID)
                fresh.append(segment)
            } else if object.key.hasSuffix(Segment.suffix) {
                broken[object.key] = Inbox.misnamed(object.key)
            }
        }
        // A segment that is gone may have hidden rows of others: only a fresh start tells which count now.
        if present < known.count {
            clear()
            fresh = objects.compactMap { Segment(key: $0.key) }
        }
        if !broken.isEmpty || !damaged.isEmpty {
            damaged = broken
            sorted = nil
        }
        fresh.sort { $0.batchID < $1.batchID }
        try await resolveSuspects()
        try await load(fresh)
        for segment in fresh { rememberedIDs -= remembered.removeValue(forKey: segment.key)?.count ?? 0 }
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
            let (reader, remembered) = (reader, remembered)
            let loaded = try await mapConcurrently(some, limit: reader.parallelism) { segment in
                do {
                    if let ids = remembered[segment.key] {
                        return Result<LoadedSegment, JournalError>.success(LoadedSegment(segment: segment, ids: ids))
                    }
                    return .success(LoadedSegment(segment: segment, ids: HashedIDs(try await reader.ids(of: segment))))
                } catch let error as JournalError where error.code == .damagedSegment {
                    return .failure(error)
                }
            }
            var inMemory: [UUIDv7: ByteArrays] = [:]
            for (segment, result) in zip(some, loaded) {
                switch result {
                case .success(let item):
                    try insert(item)
                    inMemory[segment.batchID] = item.ids.ids
                case .failure(let error):
                    damaged[segment.key] = DamagedSegment(object: segment.key, events: segment.events, error: error)
                    sorted = nil
                }
            }
            try await resolveSuspects(inMemory)
        }
    }

    /// How many ids are held at once while loading, a single segment with more excepted: about 10 MiB of them, and
    /// 100 MiB more should every one turn out to be a duplicate.
    private static let eventsLoadedAtOnce = 256 << 10
    /// More objects than this in the inbox are refused; compaction is long overdue then.
    private static let maximumSegments = 10_000_000

    // MARK: - The index

    /// A row whose hash is in the table already.
    private struct Suspect {
        var hash: UInt64
        var row: UInt32
    }

    /// Puts a segment's rows into the index; those that may be duplicates stay suspects until
    /// ``resolveSuspects(_:)``.
    private func insert(_ item: LoadedSegment) throws {
        let base = (bases.last ?? 0) + (segments.last?.events ?? 0)
        guard base + item.ids.count < UInt32.max else {
            throw JournalError(.storage, "The inbox holds more than \(UInt32.max) events; compact the journal.")
        }
        segments.append(item.segment)
        bases.append(base)
        known.insert(item.segment.key)
        generator.observe(item.segment.batchID)
        for (row, hash) in item.ids.hashes.enumerated() {
            let number = UInt32(base + row)
            if index.insert(hash: hash, row: number) != nil {
                suspects.append(Suspect(hash: hash, row: number))
            }
        }
        sorted = nil
    }

    /// Compares the ids of suspects with those they met: the earlier row of an id stays, the later one is dropped.
    ///
    /// When reading ids fails, the suspects stay, and the next call that needs an answer tries again. Ids by batch id
    /// that are in memory need not be read.
    private func resolveSuspects(_ inMemory: [UUIDv7: ByteArrays] = [:]) async throws {
        if suspects.isEmpty { return }
        var rows = Set(suspects.map(\.row))
        for suspect in suspects { rows.formUnion(index.candidates(hash: suspect.hash)) }
        let ids = try await readIDs(rows, inMemory)
        for suspect in suspects {
            guard let id = ids[suspect.row] else { continue }
            var isNew = true
            for other in index.candidates(hash: suspect.hash) where ids[other] == id {
                isNew = false
                if precedes(suspect.row, other) {
                    index.replace(hash: suspect.hash, row: other, with: suspect.row)
                    drop(other)
                } else {
                    drop(suspect.row)
                }
                break
            }
            if isNew { index.addCollision(hash: suspect.hash, row: suspect.row) }
        }
        suspects = []
    }

    /// Whether a row counts before another when both have one id.
    private func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
        let (leftSegment, leftRow) = place(left)
        let (rightSegment, rightRow) = place(right)
        if leftSegment == rightSegment { return leftRow < rightRow }
        return segments[leftSegment].batchID < segments[rightSegment].batchID
    }

    private func drop(_ row: UInt32) {
        let (segment, row) = place(row)
        duplicates[segments[segment].batchID, default: []].insert(row)
        sorted = nil
    }

    /// The segment a row number falls into, and the row inside it.
    private func place(_ row: UInt32) -> (segment: Int, row: Int) {
        var low = 0
        var high = bases.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if bases[middle] <= Int(row) { low = middle } else { high = middle }
        }
        return (low, Int(row) - bases[low])
    }

    /// The ids of rows, reading each segment once.
    private func readIDs(
        _ rows: some Sequence<UInt32>,
        _ inMemory: [UUIDv7: ByteArrays] = [:]
    ) async throws -> [UInt32: [UInt8]] {
        let bySegment = Dictionary(grouping: rows) { place($0).segment }
        let reader = reader
        let wanted = bySegment.map { (segments[$0.key], bases[$0.key], $0.value) }
        let parts = try await mapConcurrently(wanted, limit: reader.parallelism) { segment, base, rows in
            let column: ByteArrays
            if let ids = inMemory[segment.batchID] { column = ids } else { column = try await reader.ids(of: segment) }
            return rows.map { ($0, column[Int($0) - base] ?? []) }
        }
        return Dictionary(uniqueKeysWithValues: parts.joined())
    }

    private func locate(_ ids: HashedIDs) async throws -> [RowReference?] {
        var found = [RowReference?](repeating: nil, count: ids.count)
        var candidates: [(position: Int, row: UInt32)] = []
        for (position, hash) in ids.hashes.enumerated() where index.row(hash: hash) != nil {
            for row in index.candidates(hash: hash) { candidates.append((position, row)) }
        }
        guard !candidates.isEmpty else { return found }
        let stored = try await readIDs(Set(candidates.map(\.row)))
        for (position, row) in candidates where stored[row] == ids.ids[position] {
            let (segment, row) = place(row)
            found[position] = RowReference(segment: segments[segment], row: row)
        }
        return found
    }
}

/// What a reader does about segments that are not what was written.
public enum DamagePolicy: Sendable, Hashable {
    /// Throw ``JournalError/Code/damagedSegment``, which names the object.
    case refuse
    /// Go on without them.
    case skip
}
