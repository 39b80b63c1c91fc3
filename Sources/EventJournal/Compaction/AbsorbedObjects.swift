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
    private let entries = Mutex<[Entry]>([])

    /// Notes what a commit made superfluous.
    func add(_ keys: [String], at now: Duration) {
        if keys.isEmpty { return }
        entries.withLock { $0.append(Entry(committed: now, keys: keys)) }
    }

    /// What may be deleted now.
    func due(_ now: Duration) -> [String] {
        entries.withLock { entries in
            entries.filter { now - $0.committed >= Catalog.absorbedStay }.flatMap(\.keys)
        }
    }

    /// Forgets what was deleted.
    func remove(_ keys: some Sequence<String>) {
        let gone = Set(keys)
        entries.withLock { entries in
            for index in entries.indices { entries[index].keys.removeAll(where: gone.contains) }
            entries.removeAll(where: \.keys.isEmpty)
        }
    }

    /// When the next may go; `nil` when there is none.
    var nextDue: Duration? {
        entries.withLock { $0.map(\.committed).min().map { $0 + Catalog.absorbedStay } }
    }
}

/// Deletes what compactions absorbed or replaced, as soon as no reader can need it.
///
/// A reader relies on the catalog for ``Catalog/reliance``, and then expects everything that was absorbed since in the inbox.
/// So an object goes 120 seconds after the commit by the monotonic clock of the process that made it; for others, whose
/// clocks may differ, one hour after the time that the commit says.
struct AbsorbedCleanup: Sendable {
    let context: CompactionContext

    /// For so long objects absorbed by others stay, in milliseconds.
    static let strangersStay: Int64 = 3_600_000

    /// What may go.
    ///
    /// Cost: none when the inbox holds nothing absorbed; else a request for each commit of the last hour.
    ///
    /// - Parameter listing: The inbox and the catalog.
    /// - Returns: Keys, also of objects that are gone already.
    /// - Throws: ``JournalError``.
    func due(_ listing: InboxListing) async throws -> [String] {
        var due = Set(context.absorbed.due(context.time.now()))
        let cutoff = context.now - AbsorbedCleanup.strangersStay
        let absorbed = listing.segments.filter { listing.state.absorbed.contains($0.arrival) && !due.contains($0.key) }
        if !absorbed.isEmpty {
            let young = try await self.absorbed(since: cutoff, listing.state)
            due.formUnion(absorbed.lazy.filter { !young.contains($0.arrival) }.map(\.key))
        }
        let retired = RetiredDomain(listing.state.table?.domains[RetiredDomain.name])
        due.formUnion(
            retired.objects.lazy.filter { $0.time < cutoff && $0.path.hasPrefix(IndexRun.folder) }.map(\.path)
        )
        due.subtract(listing.state.runs.map(\.path))
        if let newest = listing.hints.max() {
            due.formUnion(listing.hints.filter { $0 < newest }.map(CatalogHint.key))
        }
        return due.sorted()
    }

    /// Deletes objects.
    ///
    /// - Returns: How many are gone, and why others are not.
    func delete(_ keys: [String]) async throws -> (deleted: Int, warnings: [String]) {
        if keys.isEmpty { return (0, []) }
        do {
            let failures = try await context.store.delete(keys)
            context.absorbed.remove(Set(keys).subtracting(failures.map(\.key)))
            return (keys.count - failures.count, failures.map { "\($0.key) was not deleted: \($0.error)" })
        } catch let error as ObjectStoreError {
            return (0, ["\(keys.count) superfluous objects were not deleted: \(error)"])
        }
    }

    /// Batch ids that were absorbed since a time, in milliseconds since 1970 UTC.
    private func absorbed(since cutoff: Int64, _ state: CatalogState) async throws -> Set<UUIDv7> {
        var young: Set<UUIDv7> = []
        var version = state.version
        while version >= 0 {
            let actions: [DeltaAction]?
            do {
                actions = try await context.catalog.log.actions(ofVersion: version)
            } catch {
                throw Catalog.explaining(error, context.store.location)
            }
            // A commit that was cleaned up is older than the retention of the log.
            guard let actions else { return young }
            var time = Int64.max
            var new: [UUIDv7] = []
            for action in actions {
                switch action {
                case .commitInfo(let info): time = info.timestamp ?? .max
                case .domain(let domain) where domain.domain == InboxDomain.name && !domain.removed:
                    new = try InboxDomain(domain.configuration).new
                default: continue
                }
            }
            if time < cutoff { return young }
            young.formUnion(new)
            version -= 1
        }
        return young
    }
}
