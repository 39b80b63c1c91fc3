/// Settings of an open journal.
public struct JournalConfiguration: Sendable {
    /// zstd level of segments, 1 to 22; default 1, which appends fastest and costs some 5 % of size against level 3.
    public var compressionLevel: Int
    /// Up to how much payload, in bytes, concurrent appends share an object; default 8 MiB.
    ///
    /// A larger batch is stored at once, as an object of its own.
    public var groupPayloadBytes: Int
    /// How many segments are read, decoded or encoded at once; default the number of processors.
    public var parallelism: Int

    /// When the inbox is compacted without being asked, in the background; `nil` for never.
    public var automaticCompaction: AutomaticCompaction?

    /// Settings with the defaults.
    public static var defaults: JournalConfiguration { JournalConfiguration() }

    /// Makes settings.
    public init(
        compressionLevel: Int = 1,
        groupPayloadBytes: Int = 8 << 20,
        parallelism: Int = JournalConfiguration.processors,
        automaticCompaction: AutomaticCompaction? = .defaults
    ) {
        self.compressionLevel = compressionLevel
        self.groupPayloadBytes = groupPayloadBytes
        self.parallelism = max(1, parallelism)
        self.automaticCompaction = automaticCompaction
    }
}
