internal import CloudHTTP
internal import CloudSupport
public import ObjectStorage

/// Objects that are read by URLs signed for it, without credentials: a store that can be read, not listed or written.
///
/// A get is one request, tried again with full jitter where that may help; one that was cut goes on from the byte it
/// had reached, of the same version of the object. Every stage has a time-out. Redirects are not followed. See
/// `docs/presigned-reads.md`.
public struct PresignedObjectStore: ObjectStore {
    /// Where the objects come from, for messages.
    public let location: String
    private let objects: [String: PresignedURL]
    private let transport: HTTPTransport
    private let policy: RetryPolicy
    private let contact = EndpointContact()
    private let retries: ObjectStoreRetry.Observer?

    /// Makes a store of objects that others signed URLs for.
    ///
    /// - Parameters:
    ///   - objects: By their keys.
    ///   - location: Where the objects come from, for messages.
    ///   - attempts: How often a request is tried; those that made progress are not counted. By default as often as
    ///     fits into 3 minutes, or into 15 seconds where nobody has ever answered.
    ///   - connections: The most connections to one host at a time.
    ///   - timeout: Without a byte; twice that for a whole small answer.
    ///   - retries: Hears of attempts that failed and are repeated; by default nobody does.
    public init(
        _ objects: [String: PresignedURL],
        location: String,
        attempts: Int? = nil,
        connections: Int = 128,
        timeout: Duration = .seconds(30),
        retries: ObjectStoreRetry.Observer? = nil
    ) {
        self.retries = retries
        self.objects = objects
        self.location = location
        transport = HTTPTransport(
            timeouts: HTTPTimeouts(idle: timeout, whole: timeout * 2),
            connections: connections
        )
        policy = RetryPolicy(attempts: attempts)
    }

    /// Reads an object, whole or in part; one request, and more to go on where an answer was cut.
    public func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        try Task.checkCancellation()
        let url = try url(key)
        if case .range(let bounds)? = range, bounds.isEmpty {
            throw ObjectStoreError(.invalidRange, "An empty range of \(ObjectKey.quoted(key)) cannot be asked for.")
        }
        return try await PresignedReading(
            key: key,
            url: url,
            location: location,
            transport: transport,
            policy: policy,
            contact: contact,
            retries: retries
        )
        .read(range)
    }

    /// Size and entity tag of an object; one request, of its last byte, since such a URL is good for nothing else.
    public func head(_ key: String) async throws -> ObjectMetadata {
        try await get(key, range: .suffix(1)).metadata
    }

    /// Throws ``ObjectStoreError/Code/readOnly``.
    public func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata { throw readOnly() }

    /// Throws ``ObjectStoreError/Code/readOnly``.
    public func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload { throw readOnly() }

    /// Throws ``ObjectStoreError/Code/readOnly``.
    public func delete(_ keys: [String]) async throws -> [DeleteFailure] { throw readOnly() }

    /// Throws ``ObjectStoreError/Code/readOnly``.
    public func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata {
        throw readOnly()
    }

    /// Throws ``ObjectStoreError/Code/permissionDenied``: what there is besides the URLs, nobody said.
    public func list(_ options: ListOptions) async throws -> ListPage {
        throw ObjectStoreError(
            .permissionDenied,
            "\(location) is known by the URLs of single objects, and cannot be listed; open it with credentials."
        )
    }

    private func readOnly() -> ObjectStoreError {
        ObjectStoreError(
            .readOnly,
            "\(location) is known by URLs that read, and cannot be written; open it with credentials."
        )
    }

    private func url(_ key: String) throws -> PresignedURL {
        if let url = objects[key] { return url }
        throw ObjectStoreError(.notFound, "There is no URL for \(ObjectKey.quoted(key)) of \(location).")
    }
}
