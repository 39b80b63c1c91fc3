/// What of an HTTP request is signed.
public struct SigningRequest: Sendable {
    /// The method, in capitals.
    public var method: String
    /// The host as the `Host` header has it, with the port unless it is the scheme's own.
    public var host: String
    /// The path as it is sent: percent-encoded, and beginning with a slash.
    public var path: String
    /// Names and values of the query, not encoded.
    public var query: [(name: String, value: String)]
    /// Headers to sign besides `Host` and those that the signer adds.
    public var headers: [(name: String, value: String)]

    /// Makes a request from its parts.
    public init(
        method: String,
        host: String,
        path: String,
        query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = []
    ) {
        self.method = method
        self.host = host
        self.path = path
        self.query = query
        self.headers = headers
    }
}

/// How the body of a request takes part in its signature.
public enum SigningPayload: Sendable, Hashable {
    /// It does not; TLS protects it. S3 alone.
    case unsigned
    /// By its SHA-256, in hexadecimal digits; see ``SigV4Signer/hash(_:)``.
    case hash(String)
    /// In chunks of which each is signed, with signed trailers or without; see ``ChunkSigner``. S3 alone.
    case signedChunks(hasTrailer: Bool)
    /// In chunks that are not signed, with a trailer such as a checksum. S3 alone, over TLS.
    case unsignedChunks

    /// The SHA-256 of no bytes.
    public static let empty = Self.hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

    /// What stands for the body in the canonical request and in `x-amz-content-sha256`.
    var text: String {
        switch self {
        case .unsigned: "UNSIGNED-PAYLOAD"
        case .hash(let digits): digits
        case .signedChunks(false): "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        case .signedChunks(true): "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
        case .unsignedChunks: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        }
    }
}
