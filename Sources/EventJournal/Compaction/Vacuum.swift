internal import DeltaLake
internal import ObjectStorage

/// Deletes what no reader needs any more.
///
/// The objects are listed before the catalog is read, so that what was committed meanwhile is known as such; and
/// nothing that is younger than the retention goes merely because nothing names it, since a compaction may be about to.
/// How old something is, the dates tell that the store gave: of the commit that removed it, of the object, and of one
/// written just now.
struct Vacuum: Sendable {
    let context: CompactionContext
    let options: VacuumOptions

    /// Deletes, or says what would be deleted.
    ///
    /// Cost: a list request for each 1000 objects of the journal, and a delete for each 1000 that go.
    func run() async throws -> VacuumReport {
        guard options.retention >= VacuumOptions.shortestRetention || options.allowsShortRetention else {
            throw JournalError(
                .invalidOption,
                "A retention of \(options.retention.components.seconds) seconds is shorter than an hour: a compaction that is at "
                    + "work might lose what it has written. Ask for more, or allow a short one when nobody else is compacting."
            )
        }
        guard options.logRetention >= VacuumOptions.shortestRetention || options.allowsShortRetention else {
            throw JournalError(
                .invalidOption,
                "A log retention of \(options.logRetention.components.seconds) seconds is shorter than an hour: readers and "
                    + "compactions that are at work, and followers, need the commits of the last hour. Ask for more, or allow a "
                    + "short one when nobody else is at work."
            )
        }
        var report = VacuumReport()
        report.isDryRun = options.isDryRun
        var objects: [ObjectMetadata] = []
        for folder in [Segment.folder, IndexRun.folder, AppliedChanges.folder] { objects += try await list(folder) }
        objects += try await list("", delimiter: "/")
        let listing = try await context.listing()
        let now = try await storeTime()
        let cutoff = now - VacuumOptions.milliseconds(options.retention)
        let recent = try await RecentCommits.load(context, upTo: listing.state.version, since: cutoff)
        let ages = Ages(
            cutoff: cutoff,
            logCutoff: now - VacuumOptions.milliseconds(options.logRetention),
            recent: recent
        )
        // First, since a part of the index that was replaced is also one that nothing names.
        report.items += try await superfluous(listing, now)
        report.items += items(objects, listing.state, ages)
        var seen: Set<String> = []
        report.items.removeAll { !seen.insert($0.key).inserted }
        report.items.sort { $0.key < $1.key }
        if !options.isDryRun {
            let cleanup = AbsorbedCleanup(context: context)
            report.warnings += try await cleanup.delete(report.items.map(\.key)).warnings
        }
        if listing.state.table != nil { try await cleanLog(&report, now) }
        return report
    }

    private func list(_ prefix: String, delimiter: String? = nil) async throws -> [ObjectMetadata] {
        var objects: [ObjectMetadata] = []
        var options = ListOptions(prefix: prefix, delimiter: delimiter)
        do {
            repeat {
                let page = try await context.store.list(options)
                objects += page.objects
                options.continuation = page.continuation
            } while options.continuation != nil
        } catch {
            throw JournalError.wrapping(error, "Listing \(context.store.location)/\(prefix) failed")
        }
        return objects
    }

    /// What is old and what is young.
    private struct Ages {
        /// In milliseconds since 1970 UTC by the store's clock.
        var cutoff: Int64
        var logCutoff: Int64
        /// The commits since ``cutoff``.
        var recent: RecentCommits
    }

    /// The time by the store's clock; where nothing is to be written and nothing can be, that of this machine.
    private func storeTime() async throws -> Int64 {
        do {
            return try await StoreClock(store: context.store).now()
        } catch let error as JournalError where options.isDryRun && error.storeCode != nil {
            return context.now
        }
    }

    private func items(_ objects: [ObjectMetadata], _ state: CatalogState, _ ages: Ages) -> [VacuumReport.Item] {
        let files = state.table?.files ?? [:]
        let tombstones = state.table?.tombstones ?? [:]
        let runs = Set(state.runs.map(\.path))
        let retired = Set(
            RetiredDomain(state.table?.domains[RetiredDomain.name]).objects.lazy
                .filter { $0.version > ages.recent.expired }.map(\.path)
        )
        return objects.compactMap { object in
            let key = object.key
            let time = object.lastModified / 1000
            if files[key] != nil || runs.contains(key) || retired.contains(key) { return nil }
            // Whatever it is: what was written or removed since is young.
            if time >= ages.cutoff || ages.recent.removed.contains(key) { return nil }
            let reason: VacuumReport.Reason
            if key.hasPrefix(AppliedChanges.folder) {
                guard time < ages.logCutoff else { return nil }
                reason = .expired
            } else if let tombstone = tombstones[key] {
                // Where the commits are gone, what the removal says has to do.
                if ages.recent.isIncomplete, tombstone.deletionTimestamp ?? 0 >= ages.cutoff { return nil }
                reason = .replaced
            } else if key.hasPrefix(Segment.folder) || key.hasPrefix(IndexRun.folder) {
                reason = .unreferenced
            } else {
                // Other programs put files of the table wherever they like; of those only what they removed goes.
                return nil
            }
            return VacuumReport.Item(key: key, bytes: Int(object.size), reason: reason)
        }
    }

    /// Absorbed segments, retired runs of the index, old hints.
    private func superfluous(_ listing: InboxListing, _ now: Int64) async throws -> [VacuumReport.Item] {
        let sizes = Dictionary(
            listing.segments.map { ($0.key, $0.objectBytes) },
            uniquingKeysWith: { first, _ in first }
        )
        var items: [VacuumReport.Item] = []
        for key in try await AbsorbedCleanup(context: context).due(listing, now: now).keys {
            if CatalogHint.version(key) != nil || CatalogAnnouncement.version(key) != nil {
                items.append(VacuumReport.Item(key: key, bytes: 0, reason: .oldHint))
            } else if let bytes = sizes[key] {
                items.append(VacuumReport.Item(key: key, bytes: bytes, reason: .absorbed))
            } else if key.hasPrefix(IndexRun.folder), let object = try await head(key) {
                items.append(VacuumReport.Item(key: key, bytes: Int(object.size), reason: .replacedIndex))
            }
        }
        return items
    }

    private func head(_ key: String) async throws -> ObjectMetadata? {
        do {
            return try await context.store.headIfPresent(key)
        } catch {
            throw JournalError.wrapping(error, "Looking at \(key) of \(context.store.location) failed", object: key)
        }
    }

    private func cleanLog(_ report: inout VacuumReport, _ now: Int64) async throws {
        let retention = VacuumOptions.milliseconds(options.logRetention)
        do {
            let log = context.catalog.log
            let cleanUp = try await log.cleanUp(retention: retention, now: now, isDryRun: options.isDryRun)
            report.items += cleanUp.deleted.map { VacuumReport.Item(key: $0, bytes: nil, reason: .expired) }
        } catch let error as DeltaLakeError {
            report.warnings.append("The log was not cleaned up: \(error)")
        }
    }
}
