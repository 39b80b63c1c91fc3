/// Puts a snapshot together from a checkpoint and the commits behind it.
///
/// Source: Delta Lake protocol, "Action Reconciliation".
struct SnapshotBuilder {
    private(set) var version: Int64
    private var `protocol`: DeltaProtocol?
    private var metadata: DeltaMetadata?
    private var files: [String: DeltaAdd] = [:]
    private var tombstones: [String: DeltaRemove] = [:]
    private var domains: [String: String] = [:]
    private var transactions: [String: DeltaTransaction] = [:]
    private var lostDomains: Set<String> = []
    private(set) var checkpointVersion: Int64?
    var validated: ContinuousClock.Instant

    /// Begins before version 0.
    init(validated: ContinuousClock.Instant) {
        version = -1
        self.validated = validated
    }

    /// Goes on from a snapshot.
    init(_ snapshot: DeltaSnapshot) {
        version = snapshot.version
        `protocol` = snapshot.protocol
        metadata = snapshot.metadata
        files = snapshot.files
        tombstones = snapshot.tombstones
        domains = snapshot.domains
        transactions = snapshot.transactions
        lostDomains = snapshot.lostDomains
        checkpointVersion = snapshot.checkpointVersion
        validated = snapshot.validated
    }

    /// Takes the rows of a checkpoint, into a builder that has nothing yet.
    mutating func take(checkpoint actions: [DeltaAction], version: Int64, object: String) throws {
        try apply(actions, version: version, object: object)
        checkpointVersion = version
    }

    /// By version, the domains that the checkpoint should have and has not.
    var missingDomains: [Int64: [String]] { DomainMarks.missing(transactions, known: Set(domains.keys)) }

    /// Takes domains from the commit that set them; `nil` when it is gone.
    mutating func recover(_ names: [String], from actions: [DeltaAction]?) {
        for name in names {
            let found = actions?.lazy
                .compactMap { action -> String? in
                    guard case .domain(let domain) = action, domain.domain == name, !domain.removed else { return nil }
                    return domain.configuration
                }
                .first
            if let found { domains[name] = found } else { lostDomains.insert(name) }
        }
    }

    mutating func apply(_ actions: [DeltaAction], version: Int64, object: String) throws {
        // The order of actions in a commit is not promised: a file that is removed and added has both only when it gets
        // another deletion vector, so that additions count.
        for case .remove(let remove) in actions {
            try checkPath(remove.path, known: files[remove.path]?.path, object)
            files[remove.path] = nil
            tombstones[remove.path] = remove
        }
        for action in actions {
            switch action {
            case .add(let add):
                try checkPath(add.path, known: files[add.path]?.path, object)
                files[add.path] = add
                tombstones[add.path] = nil
            case .remove, .commitInfo: break
            case .metadata(let new): metadata = new
            case .protocol(let new):
                if let obstacle = new.obstacleToReading {
                    throw DeltaLakeError(
                        .unsupported,
                        "The table cannot be read since version \(version) (\(object)): \(obstacle).",
                        object: object
                    )
                }
                `protocol` = new
            case .domain(let domain):
                domains[domain.domain] = domain.removed ? nil : domain.configuration
                lostDomains.remove(domain.domain)
            case .transaction(let transaction): transactions[transaction.appID] = transaction
            }
        }
        self.version = version
    }

    /// `String` takes keys for equal that differ only in how accents are composed; stores do not.
    private func checkPath(_ path: String, known: String?, _ object: String) throws {
        guard let known, !known.utf8.elementsEqual(path.utf8) else { return }
        throw DeltaLakeError(
            .unsupported,
            "\(object) names the file \"\(path)\" beside one whose name differs only in how its accents are composed; "
                + "rename one of them.",
            object: object
        )
    }

    /// - Throws: ``DeltaLakeError`` when the log has told neither protocol nor metadata.
    func snapshot() throws -> DeltaSnapshot {
        guard let `protocol`, let metadata else {
            let missing = `protocol` == nil ? "protocol" : "metaData"
            throw DeltaLakeError(
                .malformed,
                "The log up to version \(version) has no \(missing) action; restore the objects of \(LogFile.prefix) "
                    + "that are missing.",
                object: LogFile.commitKey(version)
            )
        }
        return DeltaSnapshot(
            version: version,
            protocol: `protocol`,
            metadata: metadata,
            files: files,
            tombstones: tombstones,
            domains: domains,
            transactions: transactions,
            lostDomains: lostDomains,
            checkpointVersion: checkpointVersion,
            validated: validated
        )
    }
}
