internal import ObjectStorage

extension DeltaLog {
    /// What a clean-up did.
    public struct CleanUp: Sendable, Hashable {
        /// The keys of the objects deleted, or to be deleted in a dry run.
        public var deleted: [String] = []
        /// The oldest version that can still be read; `nil` when nothing was to be deleted.
        public var oldestVersion: Int64?
    }

    /// Deletes the part of the log that is older than a retention and covered by a newer checkpoint.
    ///
    /// Kept is the newest checkpoint whose commit is older than the retention, by the store's clock, and everything
    /// from its version on. Checkpoints go in one run, and the commits behind them at the earliest in the next: whoever
    /// finds a checkpoint finds the commits that follow it. Objects that are not named as log objects are left alone.
    ///
    /// Requests: one list per 1000 objects of the log, one delete per 1000 objects deleted.
    ///
    /// - Parameters:
    ///   - retention: How long states can be read again, in milliseconds.
    ///   - now: The time by the store's clock, in milliseconds since 1970 UTC; `nil` to take this machine's for it.
    ///   - isDryRun: Whether only to say what would be deleted.
    /// - Returns: What was deleted.
    /// - Throws: ``DeltaLakeError/Code/storage`` when some of it could not be deleted; the next run will.
    public func cleanUp(retention: Int64, now: Int64? = nil, isDryRun: Bool = false) async throws -> CleanUp {
        let cutoff = ((now ?? clock()) - max(retention, 0)) * 1000
        let objects = try await retrying("Listing", LogFile.prefix) {
            var objects: [(key: String, file: LogFile, time: Int64)] = []
            var iterator = store.listAll(prefix: LogFile.prefix).makeAsyncIterator()
            while let page = try await iterator.nextPage() {
                for object in page {
                    if let file = LogFile(key: object.key) { objects.append((object.key, file, object.lastModified)) }
                }
            }
            return objects
        }
        let plan = CleanUpPlan(objects, cutoff: cutoff)
        if !isDryRun, !plan.deleted.isEmpty {
            let failures = try await retrying("Cleaning", LogFile.prefix) { try await store.delete(plan.deleted) }
            if let first = failures.first { throw storageError(first.error, "Deleting", first.key) }
        }
        return CleanUp(deleted: plan.deleted, oldestVersion: plan.oldestVersion)
    }
}

/// What of a log may go.
///
/// Source: Delta Lake protocol, "Metadata Cleanup".
struct CleanUpPlan {
    /// Oldest versions first.
    private(set) var deleted: [String] = []
    private(set) var oldestVersion: Int64?

    /// - Parameters:
    ///   - objects: The log, in any order, with times in microseconds.
    ///   - cutoff: What was stored before this may go.
    init(_ objects: [(key: String, file: LogFile, time: Int64)], cutoff: Int64) {
        var commitTimes: [Int64: Int64] = [:]
        var classic: Set<Int64> = []
        var oldestCheckpoint = Int64.max
        for object in objects {
            switch object.file {
            case .commit(let version): commitTimes[version] = object.time
            case .checkpoint(let version):
                classic.insert(version)
                oldestCheckpoint = min(oldestCheckpoint, version)
            case .checkpointPart(let version, _, _), .uuidCheckpoint(let version):
                oldestCheckpoint = min(oldestCheckpoint, version)
            case .checksum: break
            }
        }
        // A commit that is gone was older than what is still there.
        let newestExpired = commitTimes.filter { $0.value < cutoff }.keys.max()
        guard let newestExpired, let kept = classic.filter({ $0 <= newestExpired }).max() else { return }
        oldestVersion = kept
        for object in objects.sorted(by: { $0.file.version < $1.file.version })
        where object.file.version < kept && object.time < cutoff {
            switch object.file {
            case .commit(let version), .checksum(let version):
                if version <= oldestCheckpoint { deleted.append(object.key) }
            case .checkpoint, .checkpointPart, .uuidCheckpoint: deleted.append(object.key)
            }
        }
    }
}
