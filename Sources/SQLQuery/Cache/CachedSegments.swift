internal import EventJournal
internal import ObjectStorage
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Segments of a store as files of this machine, for as long as a query reads them.
final class CachedSegments: Sendable {
    /// The directory they are in: `0.parquet` and so on.
    var path: String { use.path }
    private let cache: SegmentCache
    private let use: ScratchDirectory

    /// So many requests are made side by side, for so many bytes each: what a fetch takes of memory.
    private static let requests = 16
    private static let requestBytes = 4 << 20

    /// Makes a directory for them.
    ///
    /// - Parameter cache: Where they are kept.
    /// - Throws: ``SQLError/Code/failed`` when nothing can be written there.
    init(in cache: SegmentCache) throws(SQLError) {
        try CacheDirectory.make(cache.directory)
        self.cache = cache
        use = try ScratchDirectory(in: cache.directory)
    }

    /// The name of a file.
    static func name(_ index: Int) -> String { "\(index).parquet" }

    /// Takes segments from the cache, and fetches those that are not there; those taken before are let go.
    ///
    /// Cost: a read of all of their bytes on this machine, to compare checksums. Memory: 64 MiB,
    /// however many there are.
    ///
    /// - Parameters:
    ///   - objects: What is wanted.
    ///   - store: Where they are.
    ///   - progress: Is told how many bytes were fetched, and of how many.
    /// - Returns: How many bytes came from the store.
    /// - Throws: ``SQLError/Code/limit`` when they do not fit; `ObjectStoreError`; `JournalError` for one that is
    ///   damaged in the store.
    func take(
        _ objects: [CachedObject],
        from store: any ObjectStore,
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> Int {
        for index in objects.indices { _ = unsafe unlink("\(path)/\(CachedSegments.name(index))") }
        let location = store.location
        var fetched = 0
        var wanted = Array(objects.enumerated())
        while !wanted.isEmpty {
            let (found, begun) = try await CachedSegments.plan(wanted, location, use, cache)
            // What is in the cache may have been damaged since.
            let damaged = try await mapConcurrently(found, limit: 4) { [use] file in
                let path = "\(use.path)/\(CachedSegments.name(file.index))"
                let checksum = CachedSegments.checksum(path, bytes: file.bytes)
                return checksum == nil || checksum != file.checksum
            }
            for (file, isDamaged) in zip(found, damaged) where isDamaged {
                _ = unsafe unlink("\(path)/\(CachedSegments.name(file.index))")
                var directory = try await CacheDirectory(cache.directory)
                directory.remove(file.entry)
            }
            try await CachedSegments.fetch(begun, store, use, progress)
            fetched += begun.reduce(0) { $0 + $1.object.bytes }
            let done = Set(begun.map(\.index) + zip(found, damaged).filter { !$0.1 }.map(\.0.index))
            wanted.removeAll { done.contains($0.offset) }
            // Others are fetching what is left.
            if !wanted.isEmpty, begun.isEmpty, !damaged.contains(true) { try await Task.sleep(for: .milliseconds(20)) }
        }
        return fetched
    }

    private struct Found: Sendable {
        var index: Int
        var bytes: Int
        var checksum: UInt32?
        var entry: String
    }

    private struct Begun: Sendable {
        var index: Int
        var object: CachedObject
        var part: CachePart
    }

    /// Decides under the lock what is there, and begins what is not.
    private static func plan(
        _ wanted: [(offset: Int, element: CachedObject)],
        _ location: String,
        _ use: ScratchDirectory,
        _ cache: SegmentCache
    ) async throws -> (found: [Found], begun: [Begun]) {
        var directory = try await CacheDirectory(cache.directory)
        let sought = wanted.map { index, object in
            let stem = object.stem(location)
            return (index: index, object: object, stem: stem, isFetched: directory.isFetched(stem))
        }
        directory.look()
        var found: [Found] = []
        var missing: [(index: Int, object: CachedObject, stem: String)] = []
        for (index, object, stem, isFetched) in sought {
            if let entry = directory.find(stem, checksum: object.checksum) {
                // The name says the checksum also of those that only this cache has one of.
                let digits = entry.name.dropFirst(stem.utf8.count).prefix(8)
                if directory.use(entry, as: "\(use.path)/\(name(index))") {
                    found.append(
                        Found(index: index, bytes: object.bytes, checksum: UInt32(digits, radix: 16), entry: entry.name)
                    )
                    continue
                }
                directory.remove(entry.name)
            }
            if !isFetched { missing.append((index, object, stem)) }
        }
        let needed = missing.reduce(0) { $0 + $1.object.bytes }
        let lacking = needed == 0 ? 0 : directory.makeRoom(for: needed, limit: cache.limitBytes)
        guard lacking == 0 else {
            throw SQLError(
                .limit,
                "The query needs segments of \(needed) bytes from \(location), for which the cache \(cache.directory) of "
                    + "\(cache.limitBytes) bytes has \(lacking) too few beside what queries are reading. Narrow it to a range of "
                    + "time, or allow the cache more."
            )
        }
        var begun: [Begun] = []
        for (index, object, stem) in missing {
            if let part = try directory.begin(stem, bytes: object.bytes) {
                begun.append(Begun(index: index, object: object, part: part))
            }
        }
        return (found, begun)
    }

    private static func fetch(
        _ begun: [Begun],
        _ store: any ObjectStore,
        _ use: ScratchDirectory,
        _ progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws {
        let total = begun.reduce(0) { $0 + $1.object.bytes }
        let pieces = begun.flatMap { item in
            stride(from: 0, to: item.object.bytes, by: requestBytes).map { (item, $0) }
        }
        let counter = ByteCounter()
        _ = try await mapConcurrently(pieces, limit: requests) { item, start in
            let end = min(start + requestBytes, item.object.bytes)
            let bytes = try await store.get(item.object.key, range: .range(UInt64(start)..<UInt64(end))).bytes
            guard bytes.count == end - start else {
                throw ObjectStoreError(.invalidRange, "\(item.object.key) ends before byte \(end)")
            }
            try item.part.write(bytes, at: start)
            progress(counter.add(bytes.count), total)
        }
        _ = try await mapConcurrently(begun, limit: 4) { item in
            guard let found = item.part.checksum(bytes: item.object.bytes),
                item.object.checksum.map({ $0 == found }) ?? true
            else {
                throw JournalError(
                    .damagedSegment,
                    "\(item.object.key) in \(store.location) is damaged: its bytes do not match their checksum. Restore it "
                        + "from a copy.",
                    object: item.object.key
                )
            }
            try item.part.publish(checksum: found, link: "\(use.path)/\(name(item.index))")
        }
    }

    /// The CRC-32 of a file; `nil` when it cannot be read or has another length.
    private static func checksum(_ path: String, bytes: Int) -> UInt32? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return fileChecksum(file, bytes: bytes)
    }
}

/// Adds up what several tasks have done.
private final class ByteCounter: Sendable {
    private let bytes = Atomic<Int>(0)

    func add(_ more: Int) -> Int { bytes.add(more, ordering: .relaxed).newValue }
}
