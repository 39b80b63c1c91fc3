public import ObjectStorage
internal import Synchronization

/// A store that counts what it is asked and hands it on to another.
///
/// Every call counts as one request, whether or not it succeeds. That is what the protocol calls a request: a store
/// behind HTTP may need more for a call, for its retries or the parts of a large upload.
public struct CountingObjectStore: ObjectStore {
    /// What was asked since the store was made or reset.
    public struct Counts: Sendable, Hashable {
        /// How often each kind of request was made; a kind that was not made is absent.
        public var requests: [StoreOperation: Int] = [:]
        /// Bytes of objects received.
        public var bytesRead: UInt64 = 0
        /// Bytes of objects sent, successfully or not.
        public var bytesWritten: UInt64 = 0
        /// Objects on listed pages.
        public var listedObjects = 0
        /// Keys in requests to delete.
        public var deletedKeys = 0

        /// Makes counts of nothing.
        public init() {}

        /// How often a kind of request was made.
        public subscript(operation: StoreOperation) -> Int { requests[operation] ?? 0 }

        /// All requests together.
        public var total: Int { requests.values.reduce(0, +) }
    }

    private final class Shared: Sendable {
        let counts = Mutex(Counts())

        func count(_ operation: StoreOperation, _ more: (inout Counts) -> Void = { _ in }) {
            counts.withLock { counts in
                counts.requests[operation, default: 0] += 1
                more(&counts)
            }
        }
    }

    private let base: any ObjectStore
    private let shared = Shared()

    /// Counts what goes to a store; copies of the value count together.
    public init(_ base: any ObjectStore) {
        self.base = base
    }

    /// What was counted so far.
    public var counts: Counts { shared.counts.withLock { $0 } }

    /// Begins counting anew.
    ///
    /// - Returns: What was counted before.
    @discardableResult
    public func reset() -> Counts {
        shared.counts.withLock { counts in
            defer { counts = Counts() }
            return counts
        }
    }

    /// The base's location.
    public var location: String { base.location }

    /// Counts and hands on.
    public func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        shared.count(.get)
        let result = try await base.get(key, range: range)
        shared.counts.withLock { $0.bytesRead += UInt64(result.bytes.count) }
        return result
    }

    /// Counts and hands on.
    public func head(_ key: String) async throws -> ObjectMetadata {
        shared.count(.head)
        return try await base.head(key)
    }

    /// Counts and hands on.
    @discardableResult
    public func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        shared.count(.put) { $0.bytesWritten += UInt64(bytes.count) }
        return try await base.put(key, bytes, mode: mode)
    }

    /// Counts and hands on.
    public func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload {
        shared.count(.beginUpload)
        return Upload(base: try await base.beginUpload(key, mode: mode), shared: shared)
    }

    /// Counts and hands on.
    public func delete(_ keys: [String]) async throws -> [DeleteFailure] {
        shared.count(.delete) { $0.deletedKeys += keys.count }
        return try await base.delete(keys)
    }

    /// Counts and hands on.
    @discardableResult
    public func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata {
        shared.count(.copy)
        return try await base.copy(source, to: destination, mode: mode)
    }

    /// Counts and hands on.
    public func list(_ options: ListOptions) async throws -> ListPage {
        shared.count(.list)
        let page = try await base.list(options)
        shared.counts.withLock { $0.listedObjects += page.objects.count }
        return page
    }

    private struct Upload: ObjectUpload {
        let base: any ObjectUpload
        let shared: Shared

        func write(_ bytes: [UInt8]) async throws {
            shared.count(.writeUpload) { $0.bytesWritten += UInt64(bytes.count) }
            try await base.write(bytes)
        }

        func complete() async throws -> ObjectMetadata {
            shared.count(.completeUpload)
            return try await base.complete()
        }

        func abort() async {
            shared.count(.abortUpload)
            await base.abort()
        }
    }
}
