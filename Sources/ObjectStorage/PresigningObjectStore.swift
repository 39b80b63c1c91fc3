/// A store that can hand out URLs by which anybody reads an object, without credentials, for a while.
public protocol PresigningObjectStore: ObjectStore {
    /// A URL that reads an object by plain HTTP GET, `Range` headers allowed.
    ///
    /// No request is made, so it is not looked up whether there is such an object. Whoever has the URL can read it; the
    /// store may end it sooner when the credentials behind it end.
    ///
    /// - Parameters:
    ///   - key: The object.
    ///   - expires: How long the URL is valid, from one second to a week.
    /// - Returns: An absolute URL, and when it ends.
    /// - Throws: ``ObjectStoreError``.
    func presignedURL(forReading key: String, expires: Duration) async throws -> PresignedURL
}

/// A URL by which anybody reads an object until it ends.
public struct PresignedURL: Sendable, Hashable {
    /// Absolute and percent-encoded; as secret as the object.
    public var url: String
    /// When it ends, in microseconds since 1970 UTC; `nil` when it does not, since anybody may read the object anyway.
    public var expiration: Int64?

    /// Makes a URL from its parts.
    public init(_ url: String, expiration: Int64?) {
        self.url = url
        self.expiration = expiration
    }
}
