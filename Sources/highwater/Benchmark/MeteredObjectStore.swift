internal import ObjectStorage
internal import Synchronization

/// A kind of request that stores charge for.
enum RequestKind: String, Sendable, CaseIterable {
    case get, head, put, list, copy, delete
}

/// Counts the requests that a store makes for what it is asked.
///
/// A call that takes several requests counts as many, by the table in `docs/object-stores.md`; requests that had to be
/// made again are not seen here.
struct MeteredObjectStore: ObjectStore {
    private final class Counts: Sendable {
        let requests = Mutex<[RequestKind: Int]>([:])
    }

    private let base: any ObjectStore
    private let counts = Counts()

    /// Objects of this size are read and written in several requests.
    private static let pieceBytes = 8 << 20

    init(_ base: any ObjectStore) { self.base = base }

    var location: String { base.location }

    /// The requests since the last call.
    func take() -> [RequestKind: Int] {
        counts.requests.withLock { requests in
            defer { requests = [:] }
            return requests
        }
    }

    fileprivate func count(_ kind: RequestKind, _ requests: Int = 1) {
        counts.requests.withLock { $0[kind, default: 0] += requests }
    }

    func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        let result = try await base.get(key, range: range)
        let pieces = (result.bytes.count + Self.pieceBytes - 1) / Self.pieceBytes
        count(.get, result.bytes.count < 2 * Self.pieceBytes ? 1 : pieces)
        return result
    }

    func head(_ key: String) async throws -> ObjectMetadata {
        count(.head)
        return try await base.head(key)
    }

    func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        count(.put)
        return try await base.put(key, bytes, mode: mode)
    }

    func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload {
        Upload(base: try await base.beginUpload(key, mode: mode), store: self)
    }

    func delete(_ keys: [String]) async throws -> [DeleteFailure] {
        count(.delete, (keys.count + 999) / 1000)
        return try await base.delete(keys)
    }

    func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata {
        count(.copy)
        count(.head)
        return try await base.copy(source, to: destination, mode: mode)
    }

    func list(_ options: ListOptions) async throws -> ListPage {
        count(.list)
        return try await base.list(options)
    }

    private final class Upload: ObjectUpload {
        private let base: any ObjectUpload
        private let store: MeteredObjectStore
        private let bytes = Atomic<Int>(0)

        init(base: any ObjectUpload, store: MeteredObjectStore) {
            self.base = base
            self.store = store
        }

        func write(_ bytes: [UInt8]) async throws {
            self.bytes.add(bytes.count, ordering: .relaxed)
            try await base.write(bytes)
        }

        func complete() async throws -> ObjectMetadata {
            let bytes = bytes.load(ordering: .relaxed)
            store.count(.put, bytes < MeteredObjectStore.pieceBytes ? 1 : bytes / MeteredObjectStore.pieceBytes + 3)
            return try await base.complete()
        }

        func abort() async { await base.abort() }
    }
}
