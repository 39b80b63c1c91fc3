import ObjectStorage
import Synchronization

@testable import EventJournal

/// A store that dates its objects by virtual time, as a store has a clock of its own.
final class DatedStore: ObjectStore {
    private let base: any ObjectStore
    private let time: VirtualTime
    private let dates = Mutex<[String: Int64]>([:])

    init(_ base: any ObjectStore, _ time: VirtualTime) {
        self.base = base
        self.time = time
    }

    var location: String { base.location }

    func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        var result = try await base.get(key, range: range)
        result.metadata = dated(result.metadata)
        return result
    }

    func head(_ key: String) async throws -> ObjectMetadata { dated(try await base.head(key)) }

    func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        stored(try await base.put(key, bytes, mode: mode))
    }

    func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload {
        DatedUpload(base: try await base.beginUpload(key, mode: mode)) { [self] in stored($0) }
    }

    func delete(_ keys: [String]) async throws -> [DeleteFailure] { try await base.delete(keys) }

    func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata {
        stored(try await base.copy(source, to: destination, mode: mode))
    }

    func list(_ options: ListOptions) async throws -> ListPage {
        var page = try await base.list(options)
        page.objects = page.objects.map(dated)
        return page
    }

    private func stored(_ metadata: ObjectMetadata) -> ObjectMetadata {
        let now = time.timestamp.microseconds
        dates.withLock { $0[metadata.key] = now }
        return dated(metadata)
    }

    private func dated(_ metadata: ObjectMetadata) -> ObjectMetadata {
        var metadata = metadata
        metadata.lastModified = dates.withLock { $0[metadata.key] } ?? metadata.lastModified
        return metadata
    }
}

private struct DatedUpload: ObjectUpload {
    let base: any ObjectUpload
    let stored: @Sendable (ObjectMetadata) -> ObjectMetadata

    func write(_ bytes: [UInt8]) async throws { try await base.write(bytes) }
    func complete() async throws -> ObjectMetadata { stored(try await base.complete()) }
    func abort() async { await base.abort() }
}
