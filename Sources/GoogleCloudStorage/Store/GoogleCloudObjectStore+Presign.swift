internal import CloudSupport
internal import Crypto
public import ObjectStorage

extension GoogleCloudObjectStore: PresigningObjectStore {
    /// A URL that reads an object for up to a week, signed by a service account's key (version 4) without asking
    /// Google.
    ///
    /// Source: Google Cloud Storage, "V4 signing process".
    public func presignedURL(forReading key: String, expires: Duration) async throws -> PresignedURL {
        try validate(key)
        let seconds = expires.components.seconds
        guard (1...604_800).contains(seconds) else {
            throw ObjectStoreError(
                .failed,
                "A URL for \(ObjectKey.quoted(key)) in \(location) cannot be valid for \(expires.spelled); ask for 1 second to 7 days."
            )
        }
        guard let credentials = client.credentials else {
            return PresignedURL(client.base + path(key), expiration: nil)
        }
        guard let signer = credentials.signer else {
            throw ObjectStoreError(
                .permissionDenied,
                "To sign URLs for \(location) the key file of a service account is needed; set GOOGLE_APPLICATION_CREDENTIALS."
            )
        }
        do {
            let now = UTCTime.now()
            let url = try signedURL(key, signer: signer, seconds: Int(seconds), now: now)
            return PresignedURL(url, expiration: now + seconds * 1_000_000)
        } catch {
            throw ObjectStoreError(
                .failed,
                "The URL of \(ObjectKey.quoted(key)) in \(location) cannot be signed: \(error)."
            )
        }
    }

    private func path(_ key: String) -> String {
        "/\(client.configuration.bucket)/"
            + PercentEncoding.encode(client.configuration.keyPrefix + key, keepsSlash: true)
    }

    /// A URL that reads an object for some seconds from a moment on, in microseconds since 1970.
    func signedURL(_ key: String, signer: ServiceAccountKey, seconds: Int, now: Int64) throws -> String {
        let host = String(client.base.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" })
        let query = try Self.signedQuery(path(key), host: host, signer: signer, seconds: seconds, now: now)
        return client.base + path(key) + "?" + query
    }

    /// The query that makes a URL a signed one.
    static func signedQuery(
        _ path: String,
        host: String,
        signer: ServiceAccountKey,
        seconds: Int,
        now: Int64
    ) throws -> String {
        let stamp = UTCTime.basic(now)
        let scope = "\(stamp.prefix(8))/auto/storage/goog4_request"
        // In the order of their names, as they are signed.
        let query = PercentEncoding.query([
            ("X-Goog-Algorithm", "GOOG4-RSA-SHA256"), ("X-Goog-Credential", "\(signer.email)/\(scope)"),
            ("X-Goog-Date", stamp), ("X-Goog-Expires", String(seconds)), ("X-Goog-SignedHeaders", "host"),
        ])
        let canonical = "GET\n\(path)\n\(query)\nhost:\(host)\n\nhost\nUNSIGNED-PAYLOAD"
        let hash = Hexadecimal.encode(SHA256.hash(data: Array(canonical.utf8)))
        let text = "GOOG4-RSA-SHA256\n\(stamp)\n\(scope)\n\(hash)"
        return query + "&X-Goog-Signature=" + Hexadecimal.encode(try signer.sign(text))
    }
}
