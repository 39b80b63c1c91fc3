internal import DeltaLake
internal import ObjectStorage

/// Deletes what no reader needs any more.
///
/// The objects are listed before the catalog is read, so that what was committed meanwhile is known as such; and nothing that
/// is younger than the retention goes merely because nothing names it, since a compaction may be about to.
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
                "A retention of \(options.retention) is shorter than an hour: a compaction that is at work might lose what "
                    + "it has written. Ask for more, or allow it once nobody else is compacting."
            )
        }
        var report = VacuumReport()
        report.isDryRun = options.isDryRun
        var objects: [ObjectMetadata] = []
        for folder in [Segment.folder, IndexRun.folder, AppliedChanges.folder] { objects += try await list(folder) }
        objects += try await list("", delimiter: "/")
        let listing = try await context.listing()
        report.items += items(objects, listing.state)
        report.items += try await superfluous(listing)
        // A retired run of the index may be found on both ways.
        var seen: Set<String> = []
        report.items.removeAll { !seen.insert($0.key).inserted }
        report.items.sort { $0.key < $1.key }
        if !options.isDryRun {
            let cleanup = AbsorbedCleanup(context: context)
            report.warnings += try await cleanup.delete(report.items.map(\.key)).warnings
        }
        if listing.state.table != nil { try await cleanLog(&report) }
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

    /// Milliseconds since 1970 UTC, so long ago.
    private func cutoff(_ retention: Duration) -> Int64 {
        let milliseconds =
            retention.components.seconds * 1000 + retention.components.attoseconds / 1_000_000_000_000_000
        return context.now - milliseconds
    }

    private func items(_ objects: [ObjectMetadata], _ state: CatalogState) -> [VacuumReport.Item] {
        let cutoff = cutoff(options.retention)
        let logCutoff = self.cutoff(options.logRetention)
        let files = state.table?.files ?? [:]
        let tombstones = state.table?.tombstones ?? [:]
        let runs = Set(state.runs.map(\.path))
        return objects.compactMap { object in
            let key = object.key
            let time = object.lastModified / 1000
            if files[key] != nil || runs.contains(key) { return nil }
            let reason: VacuumReport.Reason
            if key.hasPrefix(AppliedChanges.folder) {
                guard time < logCutoff else { return nil }
                reason = .expired
            } else if let removed = tombstones[key]?.deletionTimestamp {
                guard removed < cutoff else { return nil }
                reason = .replaced
            } else if key.hasPrefix(Segment.folder) || key.hasPrefix(IndexRun.folder) {
                guard time < cutoff else { return nil }
                reason = .unreferenced
            } else {
                // Other programs put files of the table wherever they like; of those only what they removed goes.
                return nil
            }
            return VacuumReport.Item(key: key, bytes: Int(object.size), reason: reason)
        }
    }

    /// Absorbed segments, retired runs of the index, old hints.
    private func superfluous(_ listing: InboxListing) async throws -> [VacuumReport.Item] {
        let sizes = Dictionary(
            listing.segments.map { ($0.key, $0.objectBytes) },
            uniquingKeysWith: { first, _ in first }
        )
        var items: [VacuumReport.Item] = []
        for key in try await AbsorbedCleanup(context: context).due(listing) {
            if CatalogHint.version(key) != nil {
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

    private func cleanLog(_ report: inout VacuumReport) async throws {
        let retention = options.logRetention.components.seconds * 1000
        do {
            let cleanUp = try await context.catalog.log.cleanUp(retention: retention, isDryRun: options.isDryRun)
            report.items += cleanUp.deleted.map { VacuumReport.Item(key: $0, bytes: nil, reason: .expired) }
        } catch let error as DeltaLakeError {
            report.warnings.append("The log was not cleaned up: \(error)")
        }
    }
}
