import ObjectStorage
import ObjectStorageTesting
import Synchronization

/// A store as one process sees it, which dies at one of its puts: with it or without it, and for good.
final class MortalStore: ForwardingObjectStore {
    let base: any ObjectStore
    private let state: Mutex<(left: Int, isDead: Bool)>
    private let hasLastEffect: Bool

    static let death = ObjectStoreError(.failed, "the process is dead")

    init(_ base: any ObjectStore, puts: Int, hasLastEffect: Bool) {
        self.base = base
        self.hasLastEffect = hasLastEffect
        state = Mutex((puts, false))
    }

    private func live() throws { if state.withLock(\.isDead) { throw Self.death } }

    func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        try live()
        return try await base.get(key, range: range)
    }

    func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        try live()
        let dies = state.withLock { state in
            state.left -= 1
            state.isDead = state.left <= 0
            return state.isDead
        }
        if dies {
            if hasLastEffect { _ = try await base.put(key, bytes, mode: mode) }
            throw Self.death
        }
        return try await base.put(key, bytes, mode: mode)
    }

    func list(_ options: ListOptions) async throws -> ListPage {
        try live()
        return try await base.list(options)
    }
}
