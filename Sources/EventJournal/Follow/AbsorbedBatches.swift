internal import DeltaLake
internal import ObjectStorage

/// What some commits of the catalog took out of the inbox.
struct AbsorbedBatches: Sendable {
    /// The batches.
    var batches: Set<UUIDv7> = []
    /// The files the commits added, and others may have removed since.
    var files: Set<String> = []
    /// The objects that list what was decided of ids, with the version that did, in order.
    var changes: [(version: Int64, object: String)] = []
    /// What each commit took out of the inbox that took something, in order.
    private var commits: [Commit] = []

    private struct Commit: Sendable {
        var batches: Set<UUIDv7>
        var last: UUIDv7
        var left: Set<UUIDv7>
    }

    /// Of some batches those that come behind one with a greater batch id, which was absorbed before them.
    ///
    /// As long as both were in the inbox it was the other way round: they landed, from a machine whose clock is behind,
    /// after a compaction had looked and before it was done.
    func overtaken(among seen: Set<UUIDv7>) -> Set<UUIDv7> {
        var overtaken: Set<UUIDv7> = []
        var waiting = seen
        for commit in commits {
            waiting.subtract(commit.batches)
            for batch in waiting where batch < commit.last && !commit.left.contains(batch) { overtaken.insert(batch) }
        }
        return overtaken
    }

    /// Reads the commits behind one version and up to another.
    ///
    /// Cost: a get for each commit, some at a time.
    ///
    /// - Throws: ``JournalError/Code/positionExpired`` when the log does not go back so far.
    init(after: Int64, through: Int64, _ log: DeltaLog, location: String, parallelism: Int) async throws {
        if through <= after { return }
        let versions = Array((after + 1)...through)
        let found: [[DeltaAction]?]
        do {
            found = try await mapConcurrently(versions, limit: max(8, parallelism)) { version in
                try await log.actions(ofVersion: version)
            }
        } catch {
            throw Catalog.explaining(error, location)
        }
        for (version, actions) in zip(versions, found) {
            guard let actions else {
                throw JournalError.expired("version \(version) of the catalog was cleaned away since", location)
            }
            for action in actions {
                switch action {
                case .add(let file): files.insert(file.path)
                case .domain(let domain) where domain.domain == InboxDomain.name && !domain.removed:
                    let inbox = try InboxDomain(domain.configuration)
                    batches.formUnion(inbox.new)
                    if let last = inbox.new.max() {
                        commits.append(Commit(batches: Set(inbox.new), last: last, left: Set(inbox.left)))
                    }
                    if let object = inbox.changes { changes.append((version, object)) }
                default: break
                }
            }
        }
    }
}

extension JournalError {
    /// A position is too old, or of another journal.
    static func expired(_ reason: String, _ location: String) -> JournalError {
        JournalError(
            .positionExpired,
            "A follower of \(location) cannot go on from its position: \(reason). Follow from the beginning, or from now "
                + "with what is missing replayed, and keep the log of the catalog longer than followers rest."
        )
    }
}
