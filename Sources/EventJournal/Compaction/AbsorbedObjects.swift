internal import DeltaLake
internal import ObjectStorage
internal import Synchronization

/// Objects that commits of this process made superfluous, and when: after ``Catalog/absorbedStay`` they may go.
final class AbsorbedObjects: Sendable {
    private struct Entry {
        /// By the monotonic clock.
        var committed: Duration
        var keys: [String]
    }
    private struct State {
        var entries: [Entry] = []
        /// See ``AbsorbedObjects/deletedRuns``.
        var deletedRuns: Set<String> = []

        mutating func remove(_ keys: Set<String>) {
            for index in entries.indices { entries[index].keys.removeAll(where: keys.contains) }
            entries.removeAll(where: \.keys.isEmpty)
        }
    }
    private let state = Mutex(State())

    /// Notes what a commit made superfluous.
    func add(_ keys: [String], at now: Duration) {
        if keys.isEmpty { return }
        state.withLock { $0.entries.append(Entry(committed: now, keys: keys)) }
    }

    /// What may be deleted now.
    func due(_ now: Duration) -> [String] {
        state.withLock { state in
            state.entries.filter { now - $0.committed >= Catalog.absorbedStay }.flatMap(\.keys)
        }
    }

    /// Leaves objects to whoever compacts or vacuums next.
    func leave(_ keys: some Sequence<String>) {
        let left = Set(keys)
        state.withLock { $0.remove(left) }
    }

    /// Notes what was deleted.
    func noteDeleted(_ keys: some Sequence<String>) {
        let deleted = Set(keys)
        state.withLock { state in
            state.remove(deleted)
            state.deletedRuns.formUnion(deleted.lazy.filter { $0.hasPrefix(IndexRun.folder) })
        }
    }

    /// Parts of the index that this process has deleted and that the catalog may still name as retired.
    var deletedRuns: Set<String> { state.withLock { $0.deletedRuns } }

    /// Forgets the deleted parts of the index that the catalog names no more.
    func forgetRuns(except retired: some Sequence<String>) {
        state.withLock { $0.deletedRuns.formIntersection(retired) }
    }

    /// All that is noted.
    var keys: Set<String> { state.withLock { Set($0.entries.flatMap(\.keys)) } }

    /// When the next may go; `nil` when there is none.
    var nextDue: Duration? {
        state.withLock { $0.entries.map(\.committed).min().map { $0 + Catalog.absorbedStay } }
    }
}

/// Deletes what compactions absorbed or replaced, as soon as no reader can need it.
///
/// A reader relies on the catalog for ``Catalog/reliance``, and then expects everything that was absorbed since in the
/// inbox. So an object goes 120 seconds after the commit by the monotonic clock of the process that made it. For what
/// others committed the dates decide that the store gave to the commit and to an object written just now, an hour
/// apart: no process's clock has a say in it.
struct AbsorbedCleanup: Sendable {
    let context: CompactionContext

    /// For so long objects absorbed by others stay, in milliseconds.
    static let strangersStay: Int64 = 3_600_000

    /// What may go.
    struct Due: Sendable {
        /// Keys, also of objects that are gone already.
        var keys: [String] = []
        /// What was replaced in this version or before is among them; -1 when nobody asked.
        var expired: Int64 = -1
    }

    /// Looks for what may go.
    ///
    /// Cost: none when all that is superfluous became so by this process; else a put, a list, and a get for each commit
    /// of the last hour.
    ///
    /// - Parameters:
    ///   - listing: The inbox and the catalog.
    ///   - now: The time by the store's clock in milliseconds, if it is known already.
    /// - Returns: Keys of objects.
    /// - Throws: ``JournalError``.
    func due(_ listing: InboxListing, now: Int64? = nil) async throws -> Due {
        var keys = Set(context.absorbed.due(context.time.now()))
        var expired: Int64 = -1
        let mine = context.absorbed.keys
        let deleted = context.absorbed.deletedRuns
        let absorbed = listing.segments.filter { listing.state.absorbed.contains($0.arrival) && !mine.contains($0.key) }
        let named = RetiredDomain(listing.state.table?.domains[RetiredDomain.name]).objects
        context.absorbed.forgetRuns(except: named.lazy.map(\.path))
        let retired = named.filter { $0.path.hasPrefix(IndexRun.folder) && !deleted.contains($0.path) }
        if !absorbed.isEmpty || !retired.allSatisfy({ mine.contains($0.path) }) {
            let clock = StoreClock(store: context.store)
            let time = if let now { now } else { try await clock.now() }
            let cutoff = time - AbsorbedCleanup.strangersStay
            let recent = try await RecentCommits.load(context, upTo: listing.state.version, since: cutoff)
            if !recent.isIncomplete {
                expired = recent.expired
                keys.formUnion(absorbed.lazy.filter { !recent.batchIDs.contains($0.arrival) }.map(\.key))
                keys.formUnion(retired.lazy.filter { $0.version <= recent.expired }.map(\.path))
            }
        }
        keys.subtract(listing.state.runs.map(\.path))
        if let newest = listing.hints.max() {
            keys.formUnion(listing.hints.filter { $0 < newest }.map(CatalogHint.key))
        }
        // The newest is kept: that a version was announced and did not come cannot be known.
        if let newest = listing.announcements.max() {
            keys.formUnion(listing.announcements.filter { $0 < newest }.map(CatalogAnnouncement.key))
        }
        return Due(keys: keys.sorted(), expired: expired)
    }

    /// Deletes objects.
    ///
    /// - Returns: How many are gone, and why others are not.
    func delete(_ keys: [String]) async throws -> (deleted: Int, warnings: [String]) {
        if keys.isEmpty { return (0, []) }
        do {
            let failures = try await context.store.delete(keys)
            context.absorbed.noteDeleted(Set(keys).subtracting(failures.map(\.key)))
            return (keys.count - failures.count, failures.map { "\($0.key) was not deleted: \($0.error)" })
        } catch let error as ObjectStoreError {
            return (0, ["\(keys.count) superfluous objects were not deleted: \(error)"])
        }
    }
}
