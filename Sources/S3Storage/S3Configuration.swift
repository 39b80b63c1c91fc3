/// Where a bucket is and how it is used.
public struct S3Configuration: Sendable, Hashable {
    /// How the bucket is named in the URL of a request.
    public enum Addressing: String, Sendable, Hashable {
        /// As the host where it is AWS and the name has no dots, else in the path.
        case automatic
        /// `https://host/bucket/key`.
        case path
        /// `https://bucket.host/key`.
        case virtualHost = "virtual"
    }

    /// What encrypts the objects at rest.
    public enum Encryption: Sendable, Hashable {
        /// Keys of S3's own (SSE-S3).
        case s3
        /// A key of the key management service (SSE-KMS); without an ID the one AWS manages.
        case kms(keyID: String?)
    }

    /// How the bodies of puts are signed.
    public enum BodySigning: String, Sendable, Hashable {
        /// Not over TLS, which protects them; by their hash elsewhere.
        case automatic
        /// By their hash, always; costs a SHA-256 of every body.
        case hash
        /// In signed chunks, with the checksum behind the last one.
        case chunks
    }

    /// The bucket.
    public var bucket: String
    /// What the keys in the bucket begin with, without slashes at its ends; empty for the whole bucket.
    public var prefix: String
    /// The region the bucket is in.
    public var region: String
    /// `http://` or `https://`, the host and perhaps a port and a path; `nil` for AWS.
    public var endpoint: String?
    /// How the bucket is named in the URL of a request.
    public var addressing = Addressing.automatic
    /// How the bodies of puts are signed.
    public var bodySigning = BodySigning.automatic
    /// Whether puts carry a CRC-32C and gets of whole objects check it.
    ///
    /// Off for stores that refuse headers they do not know.
    public var checksums = true
    /// The storage class of new objects; `nil` for the bucket's default.
    public var storageClass: String?
    /// What encrypts new objects; `nil` for the bucket's default.
    public var encryption: Encryption?
    /// Tags of new objects.
    public var tags: [String: String] = [:]
    /// User metadata of new objects: names without `x-amz-meta-`, in small letters, and ASCII values.
    public var metadata: [String: String] = [:]
    /// The bytes of a part of an upload, at least 5 MiB; parts grow when there are thousands.
    public var partBytes = 8 << 20
    /// How many parts of one upload are under way, and in memory, at once.
    public var partsInFlight = 4
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
    public init(bucket: String, prefix: String = "", region: String = "us-east-1", endpoint: String? = nil) {
        self.bucket = bucket
        self.prefix = prefix
        self.region = region
        self.endpoint = endpoint
    }
}
