internal import ObjectStorage

/// Looks up timestamps by the hash of an event id.
///
/// It answers with every entry of the hash: the event itself, events whose ids share 48 bits of the hash, and former
/// ones since deleted. Whoever asks reads the events there and compares ids. No entry means that no event has the id.
///
/// The more look-ups there are, the more it keeps of the top, which most of them only have to get past: nothing after
/// the first, the filters after the second, and all hashes once the look-ups have read as much as that takes. From then
/// on only the run is read that has the hash.
///
/// Memory: 32 MiB at most for what it keeps of top runs and for small runs, and what look-ups under way read.
struct IndexReader: Sendable {
    /// 256 KiB, some 17,000 entries.
    static let standardSmallRun = 256 << 10
    static let standardCapacity = 32 << 20
    /// One look-up in 500 million reads twice.
    private static let sigmas = 6.0
    /// What a look-up reads of a run of two million entries, roughly.
    private static let bytesPerLookUp = 128 << 10
    /// 4 MiB.
    private static let pagesAtOnce = 1024

    let store: any ObjectStore
    let cache: IndexCache
    /// Runs of up to so many bytes are read whole and kept.
    let smallRun: Int

    /// A reader with an empty cache; copies share it.
    ///
    /// - Parameters:
    ///   - store: The journal.
    ///   - cacheCapacity: The most bytes it keeps.
    ///   - smallRun: Up to which length runs are read whole.
    init(
        store: any ObjectStore,
        cacheCapacity: Int = IndexReader.standardCapacity,
        smallRun: Int = IndexReader.standardSmallRun
    ) {
        self.store = store
        self.smallRun = smallRun
        cache = IndexCache(capacity: cacheCapacity)
    }

    /// The timestamps of all entries with a hash, ascending.
    ///
    /// Cost: one get for each run whose range has the hash, at the same time, none for those that are kept or whose
    /// kept filter or hashes exclude it. A get is of about 170 KiB in a run of 4 M entries. The second look-up in a run
    /// of the top reads its filter as well, and a later one all of it; see ``lookUpsBeforeHashes(_:)``.
    ///
    /// - Parameters:
    ///   - hash: The full hash of the id.
    ///   - runs: The index.
    /// - Returns: The timestamps; none when no event has the id.
    /// - Throws: ``JournalError/Code/damagedIndex``; ``JournalError/Code/storage``.
    func timestamps(hash: UInt64, runs: [IndexRun]) async throws -> [Int64] {
        let hash = IndexEntry.significant(hash)
        let covering = runs.filter { $0.covers(hash) }
        let keepsHashes = cache.acceptsHashes(of: runs.filter { $0.level == .top })
        let found = try await mapConcurrently(covering, limit: 8) { run in
            try await timestamps(hash, in: run, keepsHashes: keepsHashes)
        }
        return found.count == 1 ? found[0] : Set(found.joined()).sorted()
    }

    /// Tries the timestamps of a hash, level by level from the top, until a closure accepts some.
    ///
    /// For an event that exists this saves the request to the bottom when the top has it.
    ///
    /// - Parameters:
    ///   - hash: The full hash of the id.
    ///   - runs: The index.
    ///   - accept: Gets the timestamps of a level, ascending and never none; answers `nil` to go on.
    /// - Returns: What the closure answered, `nil` when it accepted none.
    /// - Throws: As ``timestamps(hash:runs:)``, or what the closure threw.
    func first<Found: Sendable>(
        hash: UInt64,
        runs: [IndexRun],
        accept: ([Int64]) async throws -> Found?
    ) async throws -> Found? {
        for level in Set(runs.map(\.level)).sorted() {
            let timestamps = try await timestamps(hash: hash, runs: runs.filter { $0.level == level })
            if !timestamps.isEmpty, let found = try await accept(timestamps) { return found }
        }
        return nil
    }

    /// Reads the filters of top runs and small runs that are not kept yet, so that the look-ups to come need not.
    ///
    /// Cost: one get for each, 8 at a time.
    ///
    /// - Throws: As ``timestamps(hash:runs:)``.
    func prepare(_ runs: [IndexRun]) async throws {
        let missing = runs.filter { run in
            cache.item(run) == nil && (run.bytes <= smallRun || run.level == .top && acceptsFilter(run))
        }
        _ = try await mapConcurrently(missing, limit: 8) { run in
            if run.bytes <= smallRun { _ = try await small(run) } else { _ = try await filter(run) }
        }
    }

    /// Reads all of a run and checks every byte of it.
    ///
    /// - Throws: ``JournalError/Code/damagedIndex`` when it is not what was written.
    func check(_ run: IndexRun) async throws {
        let object = IndexObject(store: store, run: run)
        let footer = try await object.read(run.layout.filterBytes.upperBound..<run.bytes)
        guard IndexFooter.isFooter(footer, of: run) else {
            throw run.damaged("has a damaged footer", in: store.location)
        }
        let filter = run.layout.filterBlocks > 0 ? try await object.readFilter() : nil
        var (count, first, last): (Int, IndexEntry?, IndexEntry?) = (0, nil, nil)
        var hasAll = true
        try await IndexMerge(store: store)
            .run([[run]]) { entries in
                if first == nil { first = entries.first }
                if let filter { hasAll = hasAll && entries.allSatisfy { filter.mightContain($0.hash) } }
                hasAll = hasAll && !(last.map { previous in entries.first.map { $0 <= previous } ?? false } ?? false)
                last = entries.last ?? last
                count += entries.count
            }
        guard hasAll, count == run.entries, first?.hash == run.lowHash, last?.hash == run.highHash else {
            throw run.damaged("does not have the entries it should have", in: store.location)
        }
    }

    // MARK: - One run

    private func timestamps(_ hash: UInt64, in run: IndexRun, keepsHashes: Bool) async throws -> [Int64] {
        if run.bytes <= smallRun {
            var pages = try await small(run)
            guard case .complete(let places) = try pages.find(hash) else { return [] }
            return pages.timestamps(places)
        }
        if let kept = try await kept(run, keepsHashes: keepsHashes), kept.excludes(hash) { return [] }
        return try await search(hash, in: run)
    }

    /// Reads the pages where a hash is by interpolation, and others should they not have it all.
    func search(_ hash: UInt64, in run: IndexRun) async throws -> [Int64] {
        let object = IndexObject(store: store, run: run)
        var search = IndexSearch(hash, in: run)
        while !search.isExhausted {
            var pages = try await object.readPages(search.window(sigmas: IndexReader.sigmas))
            let answer = try pages.find(hash)
            if case .complete(let places) = answer { return pages.timestamps(places) }
            search.narrow(answer, pages.pages)
        }
        return []
    }

    /// What is kept of a run, or by now should be: who asks once is not made to read megabytes.
    private func kept(_ run: IndexRun, keepsHashes: Bool) async throws -> IndexCache.Item? {
        let item = cache.item(run)
        if case .hashes = item { return item }
        guard run.level == .top else { return item }
        let lookUps = cache.count(run)
        // One look-up of several at the same time reads the hashes, the others go on with the filter.
        if keepsHashes, lookUps == IndexReader.lookUpsBeforeHashes(run) { return .hashes(try await hashes(run)) }
        if let item { return item }
        guard lookUps > 1, acceptsFilter(run) else { return nil }
        return .filter(try await filter(run))
    }

    /// At which look-up in a run of the top all of its hashes are read: when the look-ups have read as much as that
    /// takes, so that it never costs more than twice what is best.
    ///
    /// 110 in a run of a million entries.
    static func lookUpsBeforeHashes(_ run: IndexRun) -> Int { max(3, run.layout.pagesEnd / bytesPerLookUp) }

    /// All hashes of a run, read in steps of 4 MiB.
    private func hashes(_ run: IndexRun) async throws -> IndexHashes {
        let object = IndexObject(store: store, run: run)
        var hashes = IndexHashes(entries: run.entries)
        do {
            for start in stride(from: 0, to: run.layout.pageCount, by: IndexReader.pagesAtOnce) {
                let end = min(start + IndexReader.pagesAtOnce, run.layout.pageCount)
                var pages = try await object.readPages(start..<end)
                hashes.append(try pages.allEntries())
            }
        } catch {
            cache.restart(run)
            throw error
        }
        cache.keep(.hashes(hashes), of: run)
        return hashes
    }

    private func acceptsFilter(_ run: IndexRun) -> Bool {
        cache.accepts(run.layout.filterBlocks * IndexLayout.filterBlockBytes)
    }

    func filter(_ run: IndexRun) async throws -> IndexFilter {
        if case .filter(let filter) = cache.item(run) { return filter }
        let filter = try await IndexObject(store: store, run: run).readFilter()
        if run.level == .top { cache.keep(.filter(filter), of: run) }
        return filter
    }

    /// A small run, whole and checked.
    func small(_ run: IndexRun) async throws -> IndexPages {
        if case .whole(let pages) = cache.item(run) { return pages }
        var pages = try await IndexObject(store: store, run: run).readPages(0..<run.layout.pageCount)
        try pages.checkAll()
        cache.keep(.whole(pages), of: run)
        return pages
    }
}
