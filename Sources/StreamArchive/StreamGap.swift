/// Records of a stream that expired before they were archived, or may have.
public struct StreamGap: Sendable, Hashable {
    /// The shard.
    public var shard: String
    /// Behind this position; `nil` for the beginning of the shard.
    public var after: String?
    /// Before the record with this sequence; `nil` for the end of what the shard held when it was noticed.
    public var before: String?
    /// Everything the stream received before this moment was archived, in microseconds since 1970 UTC.
    public var archivedThrough: Int64?
    /// When it was noticed, in microseconds since 1970 UTC.
    public var noticed: Int64
    /// Whether records are gone for sure; else the stream cannot tell.
    public var isCertain: Bool

    /// Describes a gap.
    public init(
        shard: String,
        after: String?,
        before: String?,
        archivedThrough: Int64?,
        noticed: Int64,
        isCertain: Bool
    ) {
        self.shard = shard
        self.after = after
        self.before = before
        self.archivedThrough = archivedThrough
        self.noticed = noticed
        self.isCertain = isCertain
    }
}
