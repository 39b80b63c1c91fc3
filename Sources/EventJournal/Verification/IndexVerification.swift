internal import ObjectStorage
internal import Parquet

/// Checks the id index: every byte of its objects, and that look-ups by it find every row of the compacted segments.
///
/// What it looks at is the newest index, whichever was there when the segments were read: an index has the entries of
/// all before it, but for those of deleted events after a reindex. So an entry that is missing counts only if its event
/// is in the newest catalog.
///
/// Cost: the index is read twice; a row group or two for each of the first ids that are missing. Memory: 64 MiB of
/// pages, the filters of four runs (20 MiB), and what ``CatalogIdentifiers`` takes.
struct IndexVerification {
    let context: CompactionContext
    let identifiers: CatalogIdentifiers
    /// Told how many of how many bytes are read, of the index alone.
    var progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }

    /// What was found.
    struct Findings {
        var objects = 0
        var entries = 0
        var isCompared = false
        var damaged: [DamagedSegment] = []
    }

    /// So often it begins anew because objects were replaced and deleted before they were read.
    private static let mostAttempts = 8
    /// 128 Ki, neighbours by hash: together they need few pages of each run.
    private static let entriesAtOnce = 128 << 10
    /// How many missing entries are looked for in segments, to name their ids.
    private static let mostExamples = 20

    /// Checks the newest index.
    ///
    /// - Returns: What is sound and what is not.
    /// - Throws: What the store throws; damage is reported, not thrown.
    func run() async throws -> Findings {
        var sound: Set<String> = []
        for _ in 0..<IndexVerification.mostAttempts {
            let state = try await context.catalog.current(hint: nil, mustBeNewest: true)
            do {
                return try await check(state, &sound)
            } catch let error as JournalError where error.isMissing {
                guard try await context.isSuperseded(error.object) else { throw error }
            }
        }
        throw JournalError(
            .conflict,
            "Compactions of \(context.store.location) replaced its id index faster than it was read. Try again."
        )
    }

    /// Checks one state of the index.
    ///
    /// - Parameters:
    ///   - state: The newest catalog.
    ///   - sound: Objects that were checked before.
    /// - Returns: What was found.
    /// - Throws: ``JournalError/Code/damagedIndex`` of an object that is gone because it was replaced.
    private func check(_ state: CatalogState, _ sound: inout Set<String>) async throws -> Findings {
        var findings = Findings()
        let reader = IndexReader(store: context.store)
        let total = 2 * state.runs.reduce(0) { $0 + $1.bytes }
        var done = 0
        for run in state.runs {
            do {
                if !sound.contains(run.path) { try await reader.check(run) }
                sound.insert(run.path)
                findings.objects += 1
                findings.entries += run.entries
            } catch let error as JournalError where error.code == .damagedIndex {
                if error.isMissing, try await context.isSuperseded(run.path) { throw error }
                findings.damaged.append(DamagedSegment(object: run.path, events: nil, error: error))
            }
            done += run.bytes
            progress(done, total)
        }
        if !findings.damaged.isEmpty { return findings }
        do {
            try CatalogLookup.requireIndex(state, in: context.store.location)
        } catch {
            findings.damaged.append(DamagedSegment(object: IndexRun.folder, events: nil, error: error))
            return findings
        }
        let (missing, count) = try await missing(in: state.runs, reader) { share in
            progress(done + Int(Double(done) * share), total)
        }
        findings.isCompared = true
        if let error = try await explain(missing, count) {
            findings.damaged.append(DamagedSegment(object: IndexRun.folder, events: nil, error: error))
        }
        return findings
    }

    /// Looks all entries up that there must be, as readers do.
    ///
    /// - Returns: The first of those that are not found, and how many there are.
    private func missing(
        in runs: [IndexRun],
        _ reader: IndexReader,
        _ progress: (_ share: Double) -> Void
    ) async throws -> (some: [IndexEntry], count: Int) {
        var some: [IndexEntry] = []
        var (count, done) = (0, 0)
        let sorted = await identifiers.sorted()
        let total = max(1, sorted.count)
        var last: IndexEntry?
        try await sorted.read { entries in
            for start in stride(from: 0, to: entries.count, by: IndexVerification.entriesAtOnce) {
                let part = entries[start..<min(start + IndexVerification.entriesAtOnce, entries.count)]
                var sought: [IndexEntry] = []
                for entry in part where entry != last {
                    sought.append(entry)
                    last = entry
                }
                var found = try await reader.timestamps(hashes: sought.map(\.hash), runs: runs)[...]
                for (position, entry) in sought.enumerated() {
                    found = found.drop { ($0.position, $0.timestamp) < (position, entry.timestamp) }
                    if let first = found.first, first == (position, entry.timestamp) { continue }
                    count += 1
                    if some.count < IndexVerification.mostExamples { some.append(entry) }
                }
                done += part.count
                progress(Double(done) / Double(total))
            }
        }
        return (some, count)
    }

    /// The error for entries that are missing; `nil` when their events are gone from the newest catalog as well.
    private func explain(_ missing: [IndexEntry], _ count: Int) async throws -> JournalError? {
        if missing.isEmpty { return nil }
        let state = try await context.catalog.current(hint: nil, mustBeNewest: true)
        let reader = IndexReader(store: context.store)
        for entry in missing {
            if try await reader.timestamps(hash: entry.hash, runs: state.runs).contains(entry.timestamp) { continue }
            guard let (id, segment) = try await event(of: entry, in: state) else { continue }
            let ids = count == 1 ? "the id" : "\(count) ids of compacted segments,"
            return JournalError(
                .damagedIndex,
                "The id index of \(context.store.location) lacks \(ids)\(count == 1 ? "" : " such as") \"\(id)\" in \(segment): "
                    + "look-ups, updates and deletes do not find them, and they could be put again. Another program may have "
                    + "added rows, or put back an older catalog. Build the index anew with "
                    + "`highwater reindex \(context.store.location)`; no event is lost.",
                object: IndexRun.folder
            )
        }
        return nil
    }

    /// An id with the hash and the timestamp of an entry, and the segment of the catalog that has it.
    private func event(of entry: IndexEntry, in state: CatalogState) async throws -> (id: String, segment: String)? {
        let covering = state.segments.filter {
            $0.first.microseconds <= entry.timestamp && entry.timestamp <= $0.last.microseconds
        }
        for segment in covering {
            do {
                let open = try await context.reader.open(segment)
                for group in open.file.metadata.rowGroups.indices {
                    let timestamps = try await open.timestamps(rowGroup: group)
                    guard timestamps.contains(entry.timestamp) else { continue }
                    let ids = HashedIDs(try await open.ids(rowGroup: group))
                    for (row, hash) in ids.hashes.enumerated()
                    where IndexEntry.significant(hash) == entry.hash && timestamps[row] == entry.timestamp {
                        return (ids.ids.text(at: row) ?? "", segment.key)
                    }
                }
            } catch let error as JournalError where error.code == .damagedSegment {
                // Was reported where segments are checked, or is gone because it was replaced.
                continue
            }
        }
        return nil
    }
}
