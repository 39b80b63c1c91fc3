internal import ObjectStorage

/// What a log consists of, as a listing in any order tells.
struct LogListing {
    /// Those whose parts are all there, newest first, a whole one before one in parts.
    var checkpoints: [DeltaLog.CheckpointName] = []
    var firstCommit: Int64?
    var lastCommit: Int64?
    var hasUUIDCheckpoints = false

    /// One list request per 1000 objects.
    static func list(_ log: DeltaLog) async throws -> LogListing {
        try await log.retrying("Listing", LogFile.prefix) {
            var listing = LogListing()
            var parts: [DeltaLog.CheckpointName: Set<Int>] = [:]
            var iterator = log.store.listAll(prefix: LogFile.prefix, keysOnly: true).makeAsyncIterator()
            while let page = try await iterator.nextPage() {
                for object in page { listing.take(LogFile(key: object.key), &parts) }
            }
            for (name, found) in parts where found.count == name.parts { listing.checkpoints.append(name) }
            listing.checkpoints.sort { ($0.version, $1.parts) > ($1.version, $0.parts) }
            return listing
        }
    }

    private mutating func take(_ file: LogFile?, _ parts: inout [DeltaLog.CheckpointName: Set<Int>]) {
        switch file {
        case .commit(let version):
            firstCommit = min(firstCommit ?? version, version)
            lastCommit = max(lastCommit ?? version, version)
        case .checkpoint(let version): checkpoints.append(DeltaLog.CheckpointName(version: version))
        case .checkpointPart(let version, let part, let count):
            parts[DeltaLog.CheckpointName(version: version, parts: count), default: []].insert(part)
        case .uuidCheckpoint: hasUUIDCheckpoints = true
        case .checksum, nil: break
        }
    }
}
