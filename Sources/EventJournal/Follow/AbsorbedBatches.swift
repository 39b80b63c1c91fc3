internal import DeltaLake
internal import ObjectStorage

/// What some commits of the catalog took out of the inbox.
struct AbsorbedBatches: Sendable {
    /// The batches.
    var batches: Set<UUIDv7> = []
    /// The files the commits added, and others may have removed since.
    var files: Set<String> = []
    /// The objects that list updates and deletes, with the version that applied them, in order.
    var changes: [(version: Int64, object: String)] = []

    /// Reads the commits behind one version and up to another.
    ///
    /// Cost: a get for each commit, some at a time.
    ///
    /// - Throws: ``JournalError/Code/positionExpired`` when the log does not go back so far.
    init(after: Int64, through: Int64, _ log: DeltaLog, location: String, parallelism: Int) async throws {
        if through <= after { return }
        let versions = Array((after + 1)...through)
        let commits: [[DeltaAction]?]
        do {
            commits = try await mapConcurrently(versions, limit: max(8, parallelism)) { version in
                try await log.actions(ofVersion: version)
            }
        } catch {
            throw Catalog.explaining(error, location)
        }
        for (version, actions) in zip(versions, commits) {
            guard let actions else {
                throw JournalError.expired("version \(version) of the catalog was cleaned away since", location)
            }
            for action in actions {
                switch action {
                case .add(let file): files.insert(file.path)
                case .domain(let domain) where domain.domain == InboxDomain.name && !domain.removed:
                    let inbox = try InboxDomain(domain.configuration)
                    batches.formUnion(inbox.new)
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
