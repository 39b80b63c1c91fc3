public import ObjectStorage

/// A store that hands on to another what it does not do itself: a test writes down no more than what is different.
///
///     struct SlowStore: ForwardingObjectStore {
///         let base: any ObjectStore
///         func head(_ key: String) async throws -> ObjectMetadata {
///             try await Task.sleep(for: .milliseconds(20))
///             return try await base.head(key)
///         }
///     }
public protocol ForwardingObjectStore: ObjectStore {
    /// The store that does the work.
    var base: any ObjectStore { get }
}

extension ForwardingObjectStore {
    /// That of the store behind.
    public var location: String { base.location }

    /// Hands the request on.
    public func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        try await base.get(key, range: range)
    }

    /// Hands the request on.
    public func head(_ key: String) async throws -> ObjectMetadata { try await base.head(key) }

    /// Hands the request on.
    public func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        try await base.put(key, bytes, mode: mode)
    }

    /// Hands the request on.
    public func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload {
        try await base.beginUpload(key, mode: mode)
    }

    /// Hands the request on.
    public func delete(_ keys: [String]) async throws -> [DeleteFailure] { try await base.delete(keys) }

    /// Hands the request on.
    public func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata {
        try await base.copy(source, to: destination, mode: mode)
    }

    /// Hands the request on.
    public func list(_ options: ListOptions) async throws -> ListPage { try await base.list(options) }
}
