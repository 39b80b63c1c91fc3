/// A place that holds immutable-by-convention objects under string keys: a directory, memory, a bucket.
///
/// Keys are relative to the root the store was opened at, use `/` between components and never begin or end with it.
/// A store implements these few requirements; convenience lives in extensions, and cross-cutting behaviour (a prefix,
/// counting, fault injection) in stores that wrap another.
///
/// Every method throws ``ObjectStoreError``, or `CancellationError` when its task was cancelled.
public protocol ObjectStore: Sendable {
    /// Where the store's root is, for messages and for opening the same place again.
    var location: String { get }

    /// Reads an object, whole or in part. One request.
    ///
    /// - Parameters:
    ///   - key: The object.
    ///   - range: Which bytes; `nil` for all of them. A range that begins at or behind the end of the object throws
    ///     ``ObjectStoreError/Code/invalidRange``; one that only ends behind it is cut short.
    /// - Returns: The bytes and the metadata of the very version they belong to.
    /// - Throws: ``ObjectStoreError/Code/notFound`` when there is no such object.
    func get(_ key: String, range: ByteRange?) async throws -> GetResult

    /// Size, entity tag and time of an object. One request.
    func head(_ key: String) async throws -> ObjectMetadata

    /// Stores an object: atomically (a reader sees the old object or the whole new one) and durably (it is on stable
    /// storage when this returns). After an error the object is there whole or not at all.
    @discardableResult
    func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata

    /// Begins storing an object whose length is not known yet. Nothing is visible under `key` before
    /// ``ObjectUpload/complete()`` has returned.
    func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload

    /// Deletes objects; a key that does not exist counts as deleted.
    ///
    /// - Returns: One failure per key that may still exist; empty when all are gone.
    func delete(_ keys: [String]) async throws -> [DeleteFailure]

    /// Copies an object inside the store without moving its bytes through the caller where the store can.
    @discardableResult
    func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata

    /// One page of the objects whose keys begin with a prefix. One request.
    ///
    /// The order of keys inside and across pages is not promised (S3 Express lists unordered); every object that exists
    /// during the whole listing is on exactly one page.
    func list(_ options: ListOptions) async throws -> ListPage
}

/// Which bytes of an object to read.
public enum ByteRange: Sendable, Hashable {
    /// From an offset to before another.
    case range(Range<UInt64>)
    /// The last `count` bytes, or the whole object when it is shorter.
    case suffix(UInt64)
}

/// When a put may take effect.
public enum PutMode: Sendable, Hashable {
    /// Always; an existing object is replaced.
    case overwrite
    /// Only if no object has the key, else ``ObjectStoreError/Code/alreadyExists``.
    case ifAbsent
    /// Only if the object has this entity tag, else ``ObjectStoreError/Code/preconditionFailed``.
    case ifMatches(entityTag: String)
}

/// What a store knows of an object without reading it.
public struct ObjectMetadata: Sendable, Hashable {
    /// The object.
    public var key: String
    /// Its length in bytes.
    public var size: UInt64
    /// Changes whenever the object is replaced; opaque.
    public var entityTag: String
    /// When it was stored by the store's clock, in microseconds since 1970 UTC.
    public var lastModified: Int64

    /// Makes metadata from its parts.
    public init(key: String, size: UInt64, entityTag: String, lastModified: Int64) {
        self.key = key
        self.size = size
        self.entityTag = entityTag
        self.lastModified = lastModified
    }
}

/// Bytes of an object and what they are of.
public struct GetResult: Sendable {
    /// The bytes asked for.
    public var bytes: [UInt8]
    /// Where `bytes` begins in the object.
    public var offset: UInt64
    /// The object they belong to; `metadata.size` is the size of the whole object.
    public var metadata: ObjectMetadata

    /// Makes a result from its parts.
    public init(bytes: [UInt8], offset: UInt64, metadata: ObjectMetadata) {
        self.bytes = bytes
        self.offset = offset
        self.metadata = metadata
    }
}

/// An object being stored piece by piece.
///
/// Exactly one of ``complete()`` and ``abort()`` ends it; an upload that is dropped without either leaves nothing
/// visible, at most scratch data that the store clears later.
public protocol ObjectUpload: Sendable {
    /// Adds bytes at the end; suspends while the store is behind. Calls must not overlap.
    func write(_ bytes: [UInt8]) async throws
    /// Makes the object visible, durable and whole.
    @discardableResult
    func complete() async throws -> ObjectMetadata
    /// Forgets what was written. Never throws: what cannot be cleared now is cleared later.
    func abort() async
}

/// What to list.
public struct ListOptions: Sendable, Hashable {
    /// Only keys that begin with this; empty for all.
    public var prefix: String
    /// Only keys greater than this, by UTF-8 bytes.
    public var startAfter: String?
    /// Groups keys that have this string behind the prefix into ``ListPage/commonPrefixes``, as folders.
    public var delimiter: String?
    /// The ``ListPage/continuation`` of the page before; `nil` for the first.
    public var continuation: String?
    /// At most this many entries on the page, 1 to 1000.
    public var limit: Int
    /// Whether keys alone will do: what else a store knows of an object may then be left empty.
    ///
    /// A directory is listed several times faster so, since no file is looked up; one that vanishes meanwhile may be
    /// listed.
    public var keysOnly: Bool

    /// Makes options; the defaults list everything in pages of 1000.
    public init(
        prefix: String = "",
        startAfter: String? = nil,
        delimiter: String? = nil,
        continuation: String? = nil,
        limit: Int = 1000,
        keysOnly: Bool = false
    ) {
        self.prefix = prefix
        self.startAfter = startAfter
        self.delimiter = delimiter
        self.continuation = continuation
        self.limit = limit
        self.keysOnly = keysOnly
    }
}

/// One page of a listing.
public struct ListPage: Sendable, Hashable {
    /// Objects.
    public var objects: [ObjectMetadata]
    /// Prefixes that end with the delimiter, each once per listing.
    public var commonPrefixes: [String]
    /// Hand this in for the next page; `nil` on the last one.
    public var continuation: String?

    /// Makes a page from its parts.
    public init(objects: [ObjectMetadata] = [], commonPrefixes: [String] = [], continuation: String? = nil) {
        self.objects = objects
        self.commonPrefixes = commonPrefixes
        self.continuation = continuation
    }
}

/// A key that could not be deleted, and why.
public struct DeleteFailure: Sendable {
    /// The object that may still exist.
    public var key: String
    /// What went wrong.
    public var error: ObjectStoreError

    /// Makes a failure from its parts.
    public init(key: String, error: ObjectStoreError) {
        self.key = key
        self.error = error
    }
}
