internal import DeltaLake
internal import ObjectStorage

/// Brings commits into the catalog, and makes them quick to find.
struct CatalogCommitter: Sendable {
    let context: CompactionContext

    /// How a commit ended.
    enum Outcome: Sendable {
        case committed(CatalogState)
        /// Another commit excludes this one, which had no effect.
        case excluded
        /// It failed; if it may count, nothing that it names may be deleted.
        case failed(any Error, mayCount: Bool)
    }

    /// Commits behind whatever others have committed meanwhile, as long as the two do not exclude each other.
    ///
    /// - Parameters:
    ///   - commit: What to change.
    ///   - state: What it was made of.
    ///   - listed: Batch ids that were in the inbox when it was listed.
    ///   - excludesNewFiles: Whether the commit is excluded by others that absorb.
    /// - Returns: How it ended.
    func commit(
        _ commit: CatalogCommit,
        madeOf state: CatalogState,
        listed: Set<UUIDv7>,
        excludesNewFiles: Bool = false
    ) async -> Outcome {
        var base = state
        var isSent = false
        do {
            while true {
                isSent = false
                let isExcluded = excludesNewFiles && base.inbox != state.inbox
                guard !isExcluded, commit.mayFollow(base, madeOf: state) else { return .excluded }
                let actions = try commit.actions(
                    following: base,
                    listed: listed,
                    now: context.now,
                    identifier: context.generator.next()
                )
                if commit.absorbed != nil { try await announce(base.version + 1) }
                isSent = true
                if try await context.catalog.log.commit(actions, version: base.version + 1) {
                    let table = try base.table?.applying(actions) ?? DeltaSnapshot(actions, version: 0)
                    try await context.catalog.adopt(table)
                    return .committed(try CatalogState(table, before: base))
                }
                isSent = false
                let newest = try await context.catalog.current(hint: nil, mustBeNewest: true)
                guard newest.version > base.version else { return .excluded }
                base = newest
                // Others are at work: whoever waits a little lets them go first.
                try await context.time.sleep(context.jitter(.milliseconds(50)))
            }
        } catch let error as DeltaLakeError {
            let mayCount = isSent && error.code != .storage && error.code != .invalidArgument
            return .failed(Catalog.explaining(error, context.store.location), mayCount: mayCount)
        } catch {
            return .failed(error, mayCount: isSent)
        }
    }

    /// Tells who lists the inbox from now on to look whether there is this version.
    private func announce(_ version: Int64) async throws {
        let key = CatalogAnnouncement.key(version)
        do {
            try await context.store.put(key, [], mode: .overwrite)
        } catch {
            throw JournalError.wrapping(error, "Announcing version \(version) of the catalog failed", object: key)
        }
    }

    /// Writes a checkpoint and the hint that names it, and deletes older hints.
    ///
    /// The commit counts without it.
    ///
    /// - Returns: What did not work.
    func publish(_ state: CatalogState, replacing listing: InboxListing) async -> [String] {
        guard let table = state.table else { return [] }
        do {
            try await context.catalog.log.writeCheckpoint(table)
            try await context.store.put(CatalogHint.key(state.version), [], mode: .overwrite)
            // That of the version before is not listed when one plan makes several.
            let old = Set(
                listing.hints.filter { $0 < state.version }.map(CatalogHint.key)
                    + (listing.announcements + [state.version - 1]).filter { $0 >= 0 && $0 < state.version }
                    .map(CatalogAnnouncement.key)
            )
            let failures = old.isEmpty ? [] : try await context.store.delete(old.sorted())
            return failures.map { "The old hint \($0.key) was not deleted: \($0.error)" }
        } catch {
            return ["Version \(state.version) is committed, but its checkpoint or hint was not written: \(error)"]
        }
    }
}
