/// What an archiver did.
public struct ArchiveReport: Sendable, Hashable {
    /// Records stored.
    public var records = 0
    /// Bytes of their payloads.
    public var payloadBytes = 0
    /// Segments stored: puts.
    public var segments = 0
    /// Shards that were read to their end.
    public var endedShards = 0
    /// Records whose payload did not say when they were, so that the time of arrival stands in.
    public var withoutTime = 0
    /// Gaps that were found now.
    public var gaps: [StreamGap] = []
    /// Shards that other archivers read.
    public var elsewhere = 0
}

/// What happens while a stream is archived, for whoever watches.
public enum ArchiveNotice: Sendable {
    /// Records were stored.
    case stored(records: Int, payloadBytes: Int)
    /// Shards were taken, or given up.
    case shards([String])
    /// Records expired before they were read, or may have.
    case gap(StreamGap)
    /// Something failed and is tried again after a wait.
    case retrying(after: Duration, reason: String)
}
