public import EventImport
public import JMESPath

/// How a stream is archived.
public struct ArchiveOptions: Sendable {
    /// Records wait at most about so long until they are stored; each batch is one put.
    public var latency = Duration.seconds(10)
    /// A batch is stored as soon as it has so many bytes of payload.
    public var batchBytes = 32 << 20
    /// Or so many records.
    public var batchRecords = 500_000
    /// How long an archiver that says nothing keeps its shards; it says something three times as often.
    public var lease = Duration.seconds(15)
    /// How long to wait before an idle stream is looked at again.
    public var idle = Duration.seconds(1)
    /// How many shards are read at once.
    public var concurrentReads = 8
    /// Shards are listed anew after so long, and whenever one has ended.
    public var listing = Duration.seconds(60)
    /// Where in the payload, which must be JSON then, the time of an event is; `nil` for when the stream received it.
    public var timestamp: JMESPathExpression?
    /// What ``timestamp`` gives.
    public var timestampUnit = TimestampUnit.automatic

    /// Makes options with the defaults.
    public init() {}

    /// Puts and gets a day that an archiver makes at this latency while records keep coming, beside compaction's.
    public var requestsPerDay: (puts: Double, gets: Double) {
        let day = 86_400.0
        let renewals = day / (lease.inSeconds / 3)
        return (day / max(latency.inSeconds, 0.001) + renewals, renewals)
    }
}

extension Duration {
    /// In seconds.
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    /// In microseconds, cut off.
    var inMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
