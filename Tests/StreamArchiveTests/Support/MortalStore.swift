import ObjectStorage
import Synchronization

/// A store as one process sees it, which may die at any request: with it or without it, and for good.
final class MortalStore: ObjectStore {
    private let inner: any ObjectStore
    private let state: Mutex<(left: Int?, isDead: Bool)>
    /// Whether the last request takes effect though its answer never comes.
    private let hasLastEffect: Bool

    /// - Parameters:
    ///   - inner: What outlives the process.
    ///   - puts: How many puts it lives for; `nil` until ``kill()``.
    ///   - hasLastEffect: Whether the put it dies at takes effect.
    init(_ inner: any ObjectStore, puts: Int? = nil, hasLastEffect: Bool = false) {
        self.inner = inner
        self.hasLastEffect = hasLastEffect
        state = Mutex((puts, false))
    }

    static let death = ObjectStoreError(.failed, "the process is dead")

    func kill() { state.withLock { $0.isDead = true } }

    private func live() throws { if state.withLock(\.isDead) { throw Self.death } }

    var location: String { inner.location }

    func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        try live()
        return try await inner.get(key, range: range)
    }

    func head(_ key: String) async throws -> ObjectMetadata {
        try live()
        return try await inner.head(key)
    }

    func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        try live()
        let dies = state.withLock { state in
            guard let left = state.left else { return false }
            state.left = left - 1
            state.isDead = left <= 0
            return state.isDead
        }
        if dies {
            if hasLastEffect { try await inner.put(key, bytes, mode: mode) }
            throw Self.death
        }
        return try await inner.put(key, bytes, mode: mode)
    }

    func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload {
        try live()
        return try await inner.beginUpload(key, mode: mode)
    }

    func delete(_ keys: [String]) async throws -> [DeleteFailure] {
        try live()
        return try await inner.delete(keys)
    }

    func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata {
        try live()
        return try await inner.copy(source, to: destination, mode: mode)
    }

    func list(_ options: ListOptions) async throws -> ListPage {
        try live()
        return try await inner.list(options)
    }
}
