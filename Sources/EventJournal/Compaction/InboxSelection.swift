internal import ObjectStorage

/// A journal's store with only some of the objects of its inbox: what one compaction absorbs, seen as a journal of its
/// own.
struct InboxSelection: ObjectStore {
    private let base: any ObjectStore
    private let keys: Set<String>

    /// - Parameters:
    ///   - base: The journal's store.
    ///   - keys: The objects of the inbox that are seen.
    init(_ base: any ObjectStore, keys: some Sequence<String>) {
        self.base = base
        self.keys = Set(keys)
    }

    var location: String { base.location }

    func list(_ options: ListOptions) async throws -> ListPage {
        var page = try await base.list(options)
        page.objects.removeAll { $0.key.hasPrefix(Segment.inbox) && !keys.contains($0.key) }
        return page
    }

    func get(_ key: String, range: ByteRange?) async throws -> GetResult { try await base.get(key, range: range) }
    func head(_ key: String) async throws -> ObjectMetadata { try await base.head(key) }
    func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        try await base.put(key, bytes, mode: mode)
    }
    func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload {
        try await base.beginUpload(key, mode: mode)
    }
    func delete(_ keys: [String]) async throws -> [DeleteFailure] { try await base.delete(keys) }
    func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata {
        try await base.copy(source, to: destination, mode: mode)
    }
}
