internal import DeltaLake
internal import ObjectStorage

/// What the commits did that are younger than some age by the clock of the store.
///
/// What the commits themselves say of their time is by the clocks of those who made them, and not believed.
struct RecentCommits: Sendable {
    /// The newest version that is older; -1 when all are young.
    var expired: Int64 = -1
    /// Batch ids that were absorbed.
    var batchIDs: Set<UUIDv7> = []
    /// Keys of files that were removed from the table.
    var removed: Set<String> = []
    /// Whether some of them may have been cleaned away.
    var isIncomplete = false

    /// So many versions are looked at in the first list.
    private static let firstWindow: Int64 = 100

    /// Finds the commits and reads them.
    ///
    /// Cost: a list of the end of the log, mostly one request, and a get for each young commit, several at a time.
    ///
    /// - Parameters:
    ///   - context: The journal.
    ///   - version: The newest version.
    ///   - cutoff: What was stored at that moment or later is young; in milliseconds since 1970 UTC by the store's
    ///     clock.
    /// - Returns: What they did.
    /// - Throws: ``JournalError``.
    static func load(_ context: CompactionContext, upTo version: Int64, since cutoff: Int64) async throws
        -> RecentCommits
    {
        var recent = RecentCommits()
        if version < 0 { return recent }
        var window = firstWindow
        var young: [Int64] = []
        while true {
            let start = max(0, version - window)
            let commits = try await commits(context, from: start)
            young = commits.filter { $0.version <= version && $0.time >= cutoff }.map(\.version)
            let oldest = commits.map(\.version).min() ?? version
            // A commit that is gone is older than those that follow it.
            recent.expired = (young.min() ?? version + 1) - 1
            recent.isIncomplete = recent.expired >= 0 && recent.expired < oldest
            if start == 0 || recent.expired >= start { break }
            window *= 10
        }
        if recent.expired >= version { return recent }
        let log = context.catalog.log
        let found = try await mapConcurrently(Array((recent.expired + 1)...version), limit: 16) { version in
            do {
                return try await log.actions(ofVersion: version)
            } catch {
                throw Catalog.explaining(error, context.store.location)
            }
        }
        for actions in found {
            guard let actions else {
                recent.isIncomplete = true
                continue
            }
            for action in actions {
                switch action {
                case .remove(let remove): recent.removed.insert(remove.path)
                case .domain(let domain) where domain.domain == InboxDomain.name && !domain.removed:
                    recent.batchIDs.formUnion(try InboxDomain(domain.configuration).new)
                default: continue
                }
            }
        }
        return recent
    }

    /// The commits from a version on, with the times at which they were stored in milliseconds.
    private static func commits(_ context: CompactionContext, from version: Int64) async throws
        -> [(version: Int64, time: Int64)]
    {
        var commits: [(version: Int64, time: Int64)] = []
        // Behind all objects of the version before.
        var options = ListOptions(prefix: DeltaLog.prefix, startAfter: DeltaLog.commitKey(version - 1))
        if version == 0 { options.startAfter = nil }
        do {
            repeat {
                let page = try await context.store.list(options)
                for object in page.objects {
                    guard let version = DeltaLog.version(ofCommit: object.key) else { continue }
                    commits.append((version, object.lastModified / 1000))
                }
                options.continuation = page.continuation
            } while options.continuation != nil
        } catch {
            throw JournalError.wrapping(error, "Listing the log of \(context.store.location) failed")
        }
        return commits
    }
}
