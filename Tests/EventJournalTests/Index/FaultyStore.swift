import ObjectStorage
import ObjectStorageTesting
import Synchronization

/// A store in memory whose get, put or upload of a given number fails, once.
struct FaultyStore: ForwardingObjectStore {
    private final class Countdown: Sendable {
        let left: Mutex<Int>
        init(_ number: Int) { left = Mutex(number) }

        func step() throws {
            let fails = left.withLock { left in
                left -= 1
                return left == 0
            }
            if fails { throw ObjectStoreError(.unavailable, "This request was chosen to fail.") }
        }
    }

    let base: any ObjectStore = MemoryObjectStore()
    private let countdown: Countdown

    init(failing number: Int) { countdown = Countdown(number) }

    func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        try countdown.step()
        return try await base.get(key, range: range)
    }

    func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        try countdown.step()
        return try await base.put(key, bytes, mode: mode)
    }

    func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload {
        try countdown.step()
        return try await base.beginUpload(key, mode: mode)
    }
}
