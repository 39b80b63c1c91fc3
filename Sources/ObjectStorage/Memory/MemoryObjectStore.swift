internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A store in the memory of the process: the twin of ``LocalObjectStore`` for tests and for journals that may vanish.
///
/// Every request is atomic under one lock, and lists are in the order of the keys' bytes. Nothing in it outlives the
/// process, so it is durable only in that sense.
public final class MemoryObjectStore: ObjectStore {
    /// `memory:`, with the name when it has one.
    public let location: String
    private let objects = Mutex(MemoryObjects())
    private let clock: @Sendable () -> Int64

    /// Makes an empty store.
    ///
    /// - Parameter name: For ``location`` only; ``ObjectStoreRegistry`` is what shares stores by name.
    public init(name: String = "") {
        location = "memory:\(name)"
        clock = MemoryObjectStore.now
    }

    /// The same with a clock of one's own, in microseconds since 1970 UTC, for tests.
    package init(name: String = "", clock: @escaping @Sendable () -> Int64) {
        location = "memory:\(name)"
        self.clock = clock
    }

    /// Reads an object from memory.
    ///
    /// Logarithmic in the number of objects, plus the copy of a part.
    public func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        try begin(key)
        guard let object = objects.withLock({ $0.object(key) }) else { throw missing(key) }
        let bounds = try ObjectStoreError.resolve(range, size: UInt64(object.bytes.count), key: key, in: location)
        let bytes =
            bounds.count == object.bytes.count
            ? object.bytes : Array(object.bytes[Int(bounds.lowerBound)..<Int(bounds.upperBound)])
        return GetResult(bytes: bytes, offset: bounds.lowerBound, metadata: object.metadata(key))
    }

    /// The metadata of an object.
    public func head(_ key: String) async throws -> ObjectMetadata {
        try begin(key)
        guard let object = objects.withLock({ $0.object(key) }) else { throw missing(key) }
        return object.metadata(key)
    }

    /// Stores an object.
    ///
    /// A new key costs moving up to all of the other keys, 24 bytes each.
    @discardableResult
    public func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        try begin(key)
        return try store(key, bytes, mode)
    }

    /// Begins storing an object whose pieces are gathered in memory.
    public func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload {
        try begin(key)
        return MemoryUpload { [self] bytes in
            try store(key, bytes, mode)
        } describe: { [location] in
            "\(ObjectKey.quoted(key)) in \(location)"
        }
    }

    /// Deletes objects; fails only for keys that no store would take.
    public func delete(_ keys: [String]) async throws -> [DeleteFailure] {
        try Task.checkCancellation()
        var failures: [DeleteFailure] = []
        for key in keys {
            do {
                try ObjectKey.validate(key)
                objects.withLock { $0.remove(key) }
            } catch let error as ObjectStoreError {
                failures.append(DeleteFailure(key: key, error: error))
            }
        }
        return failures
    }

    /// Copies an object; the two share their bytes.
    @discardableResult
    public func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata {
        try begin(source)
        try ObjectKey.validate(destination)
        guard let object = objects.withLock({ $0.object(source) }) else { throw missing(source) }
        return try store(destination, object.bytes, mode)
    }

    /// One page, in the order of the keys' bytes.
    public func list(_ options: ListOptions) async throws -> ListPage {
        try Task.checkCancellation()
        let position = try ListPosition(options)
        return objects.withLock { $0.page(options, from: position) }
    }

    private func begin(_ key: String) throws {
        try Task.checkCancellation()
        try ObjectKey.validate(key)
    }

    private func store(_ key: String, _ bytes: [UInt8], _ mode: PutMode) throws -> ObjectMetadata {
        let now = clock()
        return try objects.withLock { objects in
            try ObjectStoreError.check(mode, against: objects.object(key)?.entityTag, key: key, in: location)
            return objects.insert(key, bytes, at: now)
        }
    }

    private func missing(_ key: String) -> ObjectStoreError {
        .missing(key, in: location)
    }

    @Sendable
    private static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
