internal import Synchronization

/// An upload whose pieces are gathered in memory and stored as one.
final class MemoryUpload: ObjectUpload {
    private enum State {
        case open([UInt8])
        case ended
    }

    private let state = Mutex(State.open([]))
    private let store: @Sendable ([UInt8]) throws -> ObjectMetadata
    private let describe: @Sendable () -> String

    init(
        store: @escaping @Sendable ([UInt8]) throws -> ObjectMetadata,
        describe: @escaping @Sendable () -> String
    ) {
        self.store = store
        self.describe = describe
    }

    func write(_ bytes: [UInt8]) async throws {
        try Task.checkCancellation()
        let isOpen = state.withLock { state in
            guard case .open(var gathered) = state else { return false }
            // Give up the state's reference first, or appending copies everything gathered so far.
            state = .ended
            gathered += bytes
            state = .open(gathered)
            return true
        }
        if !isOpen { throw ObjectStoreError.uploadEnded(describe()) }
    }

    func complete() async throws -> ObjectMetadata {
        try Task.checkCancellation()
        let gathered: [UInt8]? = state.withLock { state in
            guard case .open(let gathered) = state else { return nil }
            state = .ended
            return gathered
        }
        guard let gathered else { throw ObjectStoreError.uploadEnded(describe()) }
        return try store(gathered)
    }

    func abort() async {
        state.withLock { $0 = .ended }
    }
}
