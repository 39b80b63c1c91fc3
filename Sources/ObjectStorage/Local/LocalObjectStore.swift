/// A directory as an object store: each object is a file, each `/` of a key a directory.
///
/// A put writes a temporary file, brings it to stable storage, gives it its name (`link(2)` if the key must be absent,
/// else `rename(2)`) and brings the directory to stable storage. So it is atomic and durable, and between processes
/// the file system decides who wins. Entity tags are compared under a lock between processes (`flock(2)`).
///
/// What a directory cannot do: hold `a` and `a/b` at once, or a component of more than 255 bytes
/// (``ObjectStoreError/Code/invalidKey``); on a file system that ignores case, keys that differ in case alone are one.
/// Files are not to be changed in place by others, and all of the directory has to be on one file system. Symbolic
/// links are no objects and not listed; one to a directory is followed where a key names it. Names that are not UTF-8
/// are not listed. `.highwater-tmp` in the root holds temporary files and locks.
///
/// The directory is created by the first put; until then it reads as empty. System calls block only threads of a pool
/// of their own. Copies of the value share what it knows.
public struct LocalObjectStore: ObjectStore {
    private let directory: LocalDirectory
    private let threads: IOThreads

    /// Opens a directory, which need not exist; touches nothing yet.
    ///
    /// - Parameter directory: Its path; a relative one begins at the working directory of this moment.
    public init(directory: String) {
        self.init(directory: directory, threads: .shared)
    }

    /// Opens a directory whose system calls run on the threads given.
    ///
    /// - Parameters:
    ///   - directory: Its path.
    ///   - threads: Where to block.
    ///   - beforeStep: Called before each step that durability depends on; what it throws is taken for the step's
    ///     failure. For tests.
    package init(
        directory: String,
        threads: IOThreads,
        beforeStep: (@Sendable (LocalStep) throws(SystemError) -> Void)? = nil
    ) {
        self.directory = LocalDirectory(directory, beforeStep: beforeStep)
        self.threads = threads
    }

    /// The absolute path of the directory.
    public var location: String { directory.location }

    /// Reads an object: three system calls and one for the bytes.
    public func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        try Task.checkCancellation()
        return try await threads.run { [directory] in try directory.get(key, range: range) }
    }

    /// The metadata of an object: one system call.
    public func head(_ key: String) async throws -> ObjectMetadata {
        try Task.checkCancellation()
        return try await threads.run { [directory] in try directory.head(key) }
    }

    /// Stores an object, with one synchronisation of its file and one of its directory.
    ///
    /// The first put into a directory also synchronises those above it. When an error comes from the last
    /// synchronisation the object is there, but may not survive a loss of power.
    @discardableResult
    public func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        try Task.checkCancellation()
        return try await threads.run { [directory] in try directory.put(key, bytes, mode: mode) }
    }

    /// Begins writing a temporary file; hand in pieces of 100 KB and more, since each costs a system call.
    public func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload {
        try Task.checkCancellation()
        return try await threads.run { [directory, threads] in
            let target = try directory.path(of: key)
            let scratch = try directory.makeScratch(for: target, mode: mode, isLongLived: true)
            return LocalUpload(scratch, at: target, mode: mode, in: directory, threads: threads)
        }
    }

    /// Deletes objects, with one synchronisation for each directory they were in; directories stay.
    public func delete(_ keys: [String]) async throws -> [DeleteFailure] {
        try Task.checkCancellation()
        return try await threads.run { [directory] in directory.delete(keys) }
    }

    /// Copies an object inside the kernel, where it can share blocks if the file system does that.
    @discardableResult
    public func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata {
        try Task.checkCancellation()
        return try await threads.run { [directory] in try directory.copy(source, to: destination, mode: mode) }
    }

    /// One page, in the order of the keys' bytes.
    ///
    /// Reads the directories that can hold matching keys, once per listing, and unless keys will do one file status per
    /// object returned; those of a large page on two threads. Memory: the names in the directories on the way to the
    /// current key.
    public func list(_ options: ListOptions) async throws -> ListPage {
        try Task.checkCancellation()
        let (page, rest) = try await threads.run { [directory] in
            let (plan, continuation) = try directory.planPage(options)
            var page = ListPage(commonPrefixes: plan.commonPrefixes, continuation: continuation)
            var parts = plan.halves(ifMoreThan: options.keysOnly ? .max : 200)[...]
            // A small page is done here and now, without another change of threads.
            if parts.count == 1 { page.objects = try directory.lookUp(parts.removeFirst(), keysOnly: options.keysOnly) }
            return (page, parts)
        }
        guard let first = rest.first, let second = rest.dropFirst().first else { return page }
        let (front, back) = try await beside {
            try await threads.run { [directory] in try directory.lookUp(second, keysOnly: false) }
        } _: {
            try await threads.run { [directory] in try directory.lookUp(first, keysOnly: false) }
        }
        var whole = page
        whole.objects = front + back
        return whole
    }
}
