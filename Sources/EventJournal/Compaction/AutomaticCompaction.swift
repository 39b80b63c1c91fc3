/// When a process that writes compacts by itself, in the background.
public struct AutomaticCompaction: Sendable, Hashable {
    /// From so much payload in the inbox on, in bytes; default 256 MiB.
    public var inboxPayloadBytes: Int
    /// Or from so many segments in the inbox on; default 4096.
    public var inboxSegments: Int
    /// It begins when nothing was appended for so long, so as not to slow appends; default 2 seconds.
    ///
    /// When the inbox has grown to four times the limits, it begins all the same.
    public var quiet: Duration

    /// The settings with the defaults.
    public static var defaults: AutomaticCompaction { AutomaticCompaction() }

    /// Makes settings.
    public init(inboxPayloadBytes: Int = 256 << 20, inboxSegments: Int = 4096, quiet: Duration = .seconds(2)) {
        self.inboxPayloadBytes = max(1, inboxPayloadBytes)
        self.inboxSegments = max(1, inboxSegments)
        self.quiet = quiet
    }

    /// Whether so much is worth a compaction.
    func isDue(segments: Int, payloadBytes: Int) -> Bool {
        segments >= inboxSegments || payloadBytes >= inboxPayloadBytes
    }
}

/// What a process has done for its journal by itself.
public struct MaintenanceStatus: Sendable {
    /// Whether it is at work, or waits to delete what it has absorbed.
    public var isRunning = false
    /// How many compactions have ended well.
    public var compactions = 0
    /// What the last one did.
    public var lastReport: CompactionReport?
    /// Why the last one failed; `nil` when it did not.
    public var lastError: String?
}
