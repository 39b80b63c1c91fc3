/// Where a bucket of Google Cloud Storage is and how it is used.
public struct GoogleCloudConfiguration: Sendable, Hashable {
    /// The bucket.
    public var bucket: String
    /// What the keys in the bucket begin with, without slashes at its ends; empty for the whole bucket.
    public var prefix: String
    /// `http://` or `https://` and a host, for an emulator; `nil` for Google.
    public var endpoint: String?
    /// The storage class of new objects; `nil` for the bucket's default.
    public var storageClass: String?
    /// The Cloud KMS key that encrypts new objects; `nil` for the bucket's default.
    public var kmsKeyName: String?
    /// Custom metadata of new objects.
    public var metadata: [String: String] = [:]
    /// The project that pays for requests, for buckets whose requester pays.
    public var userProject: String?
    /// The bytes of a piece of an upload, a multiple of 256 KiB.
    public var chunkBytes = 8 << 20
    /// Gets of at least twice this many bytes are made in ranges of this many at once.
    public var rangeBytes = 8 << 20
    /// How many ranges of one get are under way at once.
    public var rangesInFlight = 6
    /// The most connections to one host; further requests wait for one.
    public var connections = 128
    /// The most attempts at a request, the first included; `nil` for as many as fit into ``retryTime``.
    public var attempts: Int?
    /// No further attempt at a request begins later than this after the first.
    ///
    /// Of an endpoint that cannot be reached and never has answered 15 seconds, if that is less.
    public var retryTime = Duration.seconds(180)
    /// How long to wait for a connection.
    public var connectTimeout = Duration.seconds(5)
    /// How long to wait for a next byte of an answer.
    public var idleTimeout = Duration.seconds(30)
    /// How long a request of few bytes may take to the head of its answer, and the answer to its end; 10 seconds more
    /// for each MiB.
    public var requestTimeout = Duration.seconds(60)

    /// Makes settings, all but these at their defaults.
    public init(bucket: String, prefix: String = "", endpoint: String? = nil) {
        self.bucket = bucket
        self.prefix = prefix
        self.endpoint = endpoint
    }

    /// What keys in the bucket have before those of the store.
    var keyPrefix: String { prefix.isEmpty ? "" : prefix + "/" }
}
