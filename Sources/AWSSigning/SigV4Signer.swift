internal import CloudSupport
internal import Crypto

/// Signs requests with Signature Version 4 for one service in one region.
///
/// Does no I/O. The key of a day is derived once and kept, so a signature costs two hashes and one HMAC.
///
/// Source: AWS, "Create a signed AWS API request"; for S3 "Authenticating Requests (AWS Signature Version 4)".
public struct SigV4Signer: Sendable {
    /// The region, such as `eu-west-1`.
    public let region: String
    /// The name of the service, such as `s3`.
    public let service: String
    private let keys = SigningKeys()

    /// Makes a signer.
    ///
    /// - Parameters:
    ///   - service: Such as `s3` or `kinesis`. S3 differs from all others: its paths are taken as they are, and the
    ///     hash of the body is a header.
    ///   - region: Such as `eu-west-1`.
    public init(service: String, region: String) {
        self.service = service
        self.region = region
    }

    private var isS3: Bool { service == "s3" }

    /// A request's signature and what goes with it.
    public struct Signed: Sendable {
        /// The headers to add to the request, `Authorization` among them.
        public let headers: [(name: String, value: String)]
        /// Signs the chunks of the body, for ``SigningPayload/signedChunks(hasTrailer:)``.
        public let chunks: ChunkSigner
    }

    /// Signs a request in its headers.
    ///
    /// - Parameters:
    ///   - request: All headers in it are signed, but for those that proxies change.
    ///   - payload: The body's part in it.
    ///   - credentials: The key.
    ///   - time: Now, in microseconds since 1970 UTC; services accept 15 minutes of difference.
    /// - Returns: What to add to the request, which must not change any more.
    public func sign(
        _ request: SigningRequest,
        payload: SigningPayload,
        credentials: AWSCredentials,
        at time: Int64
    ) -> Signed {
        let stamp = UTCTime.basic(time)
        var added: [(name: String, value: String)] = [("x-amz-date", stamp)]
        if isS3 { added.append(("x-amz-content-sha256", payload.text)) }
        if let token = credentials.sessionToken { added.append(("x-amz-security-token", token)) }
        var request = request
        request.headers += added
        let scope = scope(of: stamp)
        let key = keys.key(credentials.secretAccessKey, day: String(stamp.prefix(8)), region: region, service: service)
        let canonical = CanonicalRequest(request, payload: payload.text, encodesPathAgain: !isS3)
        let signature = key.signature(
            of: "AWS4-HMAC-SHA256\n\(stamp)\n\(scope)\n\(Self.hash(Array(canonical.text.utf8)))"
        )
        added.append(
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), "
                    + "SignedHeaders=\(canonical.signedHeaders), Signature=\(signature)"
            )
        )
        return Signed(headers: added, chunks: ChunkSigner(key: key, stamp: stamp, scope: scope, seed: signature))
    }

    /// Signs a request in its query, so that whoever has the URL can make it.
    ///
    /// - Parameters:
    ///   - request: Its headers have to be sent exactly so by whoever uses the URL.
    ///   - payload: The body's part in it: for S3 `unsigned`, else the hash of the body.
    ///   - credentials: The key; a temporary one ends the URL when it ends.
    ///   - time: Now, in microseconds since 1970 UTC.
    ///   - seconds: How long it is valid, at most a week.
    /// - Returns: The whole query string, without the question mark.
    public func presign(
        _ request: SigningRequest,
        payload: SigningPayload,
        credentials: AWSCredentials,
        at time: Int64,
        seconds: Int
    ) -> String {
        let stamp = UTCTime.basic(time)
        let scope = scope(of: stamp)
        var request = request
        request.query += [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope)"),
            ("X-Amz-Date", stamp),
            ("X-Amz-Expires", String(seconds)),
            ("X-Amz-SignedHeaders", CanonicalRequest.signedHeaders(of: request)),
        ]
        if let token = credentials.sessionToken { request.query.append(("X-Amz-Security-Token", token)) }
        let key = keys.key(credentials.secretAccessKey, day: String(stamp.prefix(8)), region: region, service: service)
        let canonical = CanonicalRequest(request, payload: payload.text, encodesPathAgain: !isS3)
        let signature = key.signature(
            of: "AWS4-HMAC-SHA256\n\(stamp)\n\(scope)\n\(Self.hash(Array(canonical.text.utf8)))"
        )
        return PercentEncoding.query(request.query.map { ($0.name, $0.value) }) + "&X-Amz-Signature=" + signature
    }

    /// The SHA-256 of bytes in hexadecimal digits.
    public static func hash(_ bytes: [UInt8]) -> String {
        var hasher = SHA256()
        unsafe bytes.withUnsafeBytes { unsafe hasher.update(bufferPointer: $0) }
        return Hexadecimal.encode(hasher.finalize())
    }

    private func scope(of stamp: String) -> String { "\(stamp.prefix(8))/\(region)/\(service)/aws4_request" }
}
