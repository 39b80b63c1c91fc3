/// The state of a table at a version.
///
/// A value: what is done to the log later does not change it. Copies share memory until one is changed.
///
/// Source: Delta Lake protocol, "Action Reconciliation".
public struct DeltaSnapshot: Sendable {
    /// The version, counted from 0.
    public internal(set) var version: Int64
    /// What a program must know.
    public internal(set) var `protocol`: DeltaProtocol
    /// Schema and settings.
    public internal(set) var metadata: DeltaMetadata
    /// The data files by ``DeltaAdd/path``.
    public internal(set) var files: [String: DeltaAdd]
    /// Files that left the table and whose tombstones have not expired, by ``DeltaRemove/path``.
    public internal(set) var tombstones: [String: DeltaRemove]
    /// Configurations of the domains by name.
    public internal(set) var domains: [String: String]
    /// Domains that another program dropped from the checkpoint this was read from, when the commits that had set them
    /// are gone, too.
    ///
    /// What they held cannot be told from the log any more; whoever owns them has to make them anew.
    public internal(set) var lostDomains: Set<String>
    /// How far applications have got, by ``DeltaTransaction/appID``.
    public internal(set) var transactions: [String: DeltaTransaction]
    /// The newest checkpoint that was seen when this was made; `nil` when none was.
    public internal(set) var checkpointVersion: Int64?
    /// When the request was sent whose answer showed that this was the newest version.
    public internal(set) var validated: ContinuousClock.Instant

    /// The state that some actions make, whoever has committed them.
    ///
    /// - Parameters:
    ///   - actions: At least `protocol` and `metaData`.
    ///   - version: The version it is of.
    /// - Throws: ``DeltaLakeError/Code/unsupported`` when they ask for features this module does not have;
    ///   ``DeltaLakeError/Code/malformed`` without `protocol` or `metaData`.
    public init(_ actions: [DeltaAction], version: Int64) throws {
        var builder = SnapshotBuilder(validated: .now)
        try builder.apply(actions, version: version, object: LogFile.commitKey(version))
        self = try builder.snapshot()
    }

    init(
        version: Int64,
        protocol: DeltaProtocol,
        metadata: DeltaMetadata,
        files: [String: DeltaAdd],
        tombstones: [String: DeltaRemove],
        domains: [String: String],
        transactions: [String: DeltaTransaction],
        lostDomains: Set<String>,
        checkpointVersion: Int64?,
        validated: ContinuousClock.Instant
    ) {
        self.version = version
        self.protocol = `protocol`
        self.metadata = metadata
        self.files = files
        self.tombstones = tombstones
        self.domains = domains
        self.transactions = transactions
        self.lostDomains = lostDomains
        self.checkpointVersion = checkpointVersion
        self.validated = validated
    }

    /// Throws unless this module may commit to the table.
    ///
    /// - Throws: ``DeltaLakeError/Code/unsupported``, naming the features that are missing.
    public func requireWritable() throws {
        guard let obstacle = `protocol`.obstacleToWriting ?? metadata.obstacleToWriting else { return }
        throw DeltaLakeError(
            .unsupported,
            "The table \(metadata.id) cannot be written: \(obstacle); use a program that does that.",
            object: LogFile.prefix
        )
    }

    /// The next version, made by some actions; for a committer whose commit has won.
    ///
    /// - Parameter actions: Those that were committed as version ``version`` + 1.
    /// - Returns: The state after them.
    /// - Throws: ``DeltaLakeError/Code/unsupported`` when they ask for features this module does not have.
    /// - Complexity: O(actions), and once the size of the snapshot if it is shared.
    public func applying(_ actions: [DeltaAction]) throws -> DeltaSnapshot {
        var builder = SnapshotBuilder(self)
        let actions = DomainMarks.marking(actions, version: version + 1)
        try builder.apply(actions, version: version + 1, object: LogFile.commitKey(version + 1))
        return try builder.snapshot()
    }

    /// How long tombstones are kept, in milliseconds: the table's `delta.deletedFileRetentionDuration`, else 7 days.
    public var tombstoneRetention: Int64 {
        DeltaInterval.milliseconds(metadata.configuration["delta.deletedFileRetentionDuration"]) ?? 7 * 86_400_000
    }

    /// Forgets the tombstones of files removed before a time.
    ///
    /// One without a time counts as removed in 1970, as the reference implementation has it.
    ///
    /// - Parameter time: In milliseconds since 1970 UTC.
    /// - Complexity: O(tombstones).
    public mutating func expireTombstones(before time: Int64) {
        guard tombstones.values.contains(where: { ($0.deletionTimestamp ?? 0) < time }) else { return }
        tombstones = tombstones.filter { ($0.value.deletionTimestamp ?? 0) >= time }
    }
}
