/// What a compaction is to do, and when it is worth its while.
public struct CompactionPolicy: Sendable, Hashable {
    /// With fewer events in the inbox the compaction is refused; default 1.
    public var minimumEvents: Int
    /// With fewer bytes of payload in the inbox the compaction is refused; default 0.
    public var minimumPayloadBytes: Int
    /// Whether the minimums do not count.
    public var force: Bool
    /// Compacted segments are ended once they have this many bytes; default 128 MiB.
    public var targetObjectBytes: Int
    /// zstd level of compacted segments, 1 to 22; default 3.
    public var compressionLevel: Int
    /// Whether updates and deletes are applied however few there are.
    ///
    /// Otherwise they wait for each other until there are ``CompactionPolicy/pendingChanges``, since each may cost the
    /// rewriting of a segment.
    public var appliesChanges: Bool
    /// So many updates and deletes are applied without being asked; default 10,000.
    public var pendingChanges: Int
    /// Whether everything that overlaps is merged and everything small combined, whatever that costs.
    public var isThorough: Bool
    /// So many segments may overlap at a moment before they are merged; default 6.
    public var maximumDepth: Int
    /// About so much payload of the inbox is absorbed by one commit, in bytes; default 8 GiB.
    public var jobPayloadBytes: Int
    /// About so many events of the inbox are absorbed by one commit, which bounds memory; default 1 million.
    public var jobEvents: Int

    /// The policy with the defaults.
    public static var defaults: CompactionPolicy { CompactionPolicy() }

    /// Makes a policy.
    public init(
        minimumEvents: Int = 1,
        minimumPayloadBytes: Int = 0,
        force: Bool = false,
        targetObjectBytes: Int = 128 << 20,
        compressionLevel: Int = 3,
        appliesChanges: Bool = false,
        pendingChanges: Int = 10_000,
        isThorough: Bool = false,
        maximumDepth: Int = 6,
        jobPayloadBytes: Int = 8 << 30,
        jobEvents: Int = 1_000_000
    ) {
        self.minimumEvents = minimumEvents
        self.minimumPayloadBytes = minimumPayloadBytes
        self.force = force
        self.targetObjectBytes = max(1, targetObjectBytes)
        self.compressionLevel = compressionLevel
        self.appliesChanges = appliesChanges
        self.pendingChanges = pendingChanges
        self.isThorough = isThorough
        self.maximumDepth = max(1, maximumDepth)
        self.jobPayloadBytes = max(1, jobPayloadBytes)
        self.jobEvents = max(1, jobEvents)
    }
}
