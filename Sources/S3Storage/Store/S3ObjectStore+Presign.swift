internal import AWSSigning
internal import CloudSupport
public import ObjectStorage

extension S3ObjectStore: PresigningObjectStore {
    /// A URL that reads an object for up to a week, without asking S3 for anything.
    ///
    /// It ends earlier when it was made with temporary credentials that do.
    public func presignedURL(forReading key: String, expires: Duration) async throws -> PresignedURL {
        let bucketKey = try bucketKey(key)
        let seconds = expires.components.seconds
        guard (1...604_800).contains(seconds) else {
            throw ObjectStoreError(
                .failed,
                "A URL for \(ObjectKey.quoted(key)) in \(location) cannot be valid for \(expires.spelled); ask for 1 second to 7 days."
            )
        }
        let path = client.endpoint.path(bucketKey)
        guard let credentials = try await client.currentCredentials() else {
            return PresignedURL(client.endpoint.url(path: path, query: ""), expiration: nil)
        }
        let now = UTCTime.now()
        let query = client.signer.presign(
            SigningRequest(method: "GET", host: client.endpoint.host, path: path),
            payload: .unsigned,
            credentials: credentials,
            at: now,
            seconds: Int(seconds)
        )
        let end = now + seconds * 1_000_000
        return PresignedURL(
            client.endpoint.url(path: path, query: query),
            expiration: min(end, credentials.expiration ?? end)
        )
    }
}
