/// The part of another store whose keys begin with a prefix, as a store of its own.
///
/// Adds no requests. Nothing outside the prefix can be reached through it.
public struct PrefixedObjectStore: ObjectStore {
    private let base: any ObjectStore
    /// What the base's keys begin with, with the slash.
    private let prefix: String

    /// Makes a store of a part of another.
    ///
    /// - Parameters:
    ///   - base: The whole.
    ///   - prefix: A valid key; the base's keys have it and a slash before the keys here.
    /// - Throws: ``ObjectStoreError/Code/invalidKey`` for a prefix that could not be a key.
    public init(_ base: any ObjectStore, prefix: String) throws {
        try ObjectKey.validate(prefix)
        self.base = base
        self.prefix = prefix + "/"
    }

    /// The base's location, a slash, and the prefix; before the query where the base is a URL with one.
    public var location: String {
        let whole = base.location
        let query = whole.contains("://") ? whole.drop { $0 != "?" } : ""
        let parent = whole.dropLast(query.count)
        return parent + (parent.utf8.last == UInt8(ascii: "/") ? "" : "/") + prefix.dropLast() + query
    }

    /// Reads an object of the base.
    public func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        var result = try await base.get(inBase(key), range: range)
        result.metadata.key = key
        return result
    }

    /// The metadata of an object of the base.
    public func head(_ key: String) async throws -> ObjectMetadata {
        try await renamed(base.head(inBase(key)), to: key)
    }

    /// Stores an object in the base.
    @discardableResult
    public func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        try await renamed(base.put(inBase(key), bytes, mode: mode), to: key)
    }

    /// Begins an upload to the base.
    public func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload {
        PrefixedUpload(base: try await base.beginUpload(inBase(key), mode: mode), key: key)
    }

    /// Deletes objects of the base; the errors name the base's keys.
    public func delete(_ keys: [String]) async throws -> [DeleteFailure] {
        var failures: [DeleteFailure] = []
        var valid: [String] = []
        for key in keys {
            do {
                valid.append(try inBase(key))
            } catch let error as ObjectStoreError {
                failures.append(DeleteFailure(key: key, error: error))
            }
        }
        if valid.isEmpty { return failures }
        return failures
            + (try await base.delete(valid)).map { DeleteFailure(key: withoutPrefix($0.key), error: $0.error) }
    }

    /// Copies an object inside the base.
    @discardableResult
    public func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata {
        try await renamed(base.copy(inBase(source), to: inBase(destination), mode: mode), to: destination)
    }

    /// One page of the base's listing.
    public func list(_ options: ListOptions) async throws -> ListPage {
        var options = options
        options.prefix = prefix + options.prefix
        options.startAfter = options.startAfter.map { prefix + $0 }
        var page = try await base.list(options)
        for index in page.objects.indices { page.objects[index].key = withoutPrefix(page.objects[index].key) }
        page.commonPrefixes = page.commonPrefixes.map(withoutPrefix)
        return page
    }

    private func inBase(_ key: String) throws -> String {
        // Checked here, since a key that is bad alone can be good behind the prefix, and the other way round.
        try ObjectKey.validate(key)
        return prefix + key
    }

    private func withoutPrefix(_ key: String) -> String {
        // By bytes: as characters, a combining accent behind the slash would belong to the slash.
        String(decoding: key.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }

    private func renamed(_ metadata: ObjectMetadata, to key: String) -> ObjectMetadata {
        var metadata = metadata
        metadata.key = key
        return metadata
    }
}

/// An upload to the base of a ``PrefixedObjectStore``.
private struct PrefixedUpload: ObjectUpload {
    let base: any ObjectUpload
    let key: String

    func write(_ bytes: [UInt8]) async throws { try await base.write(bytes) }

    func complete() async throws -> ObjectMetadata {
        var metadata = try await base.complete()
        metadata.key = key
        return metadata
    }

    func abort() async { await base.abort() }
}
