internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The blocking half of ``LocalObjectStore``: every method makes system calls on the thread that calls it.
final class LocalDirectory: Sendable {
    /// The hidden directory of temporary files and locks; a component of that name is refused in keys at every level,
    /// since a store may be opened inside another's directory.
    static let scratchName = ".highwater-tmp"

    /// The store's root, absolute and without a slash at its end (empty for the root of the file system).
    let root: String
    let cursors = ListCursors()

    /// Directories whose own entries, up to the root and it in its parent, are on stable storage.
    private let durable = Mutex<Set<PathBytes>>([])
    /// Whether the file system has files without names, as far as is known.
    let hasUnnamedFiles = Atomic(LocalDirectory.systemHasUnnamedFiles)
    private let isScratchClean = Atomic(false)
    /// What tests look at, and let fail, before it is done.
    private let beforeStep: (@Sendable (LocalStep) throws(SystemError) -> Void)?

    init(_ directory: String, beforeStep: (@Sendable (LocalStep) throws(SystemError) -> Void)? = nil) {
        self.beforeStep = beforeStep
        precondition(!directory.utf8.contains(0), "A directory's path cannot contain a NUL byte")
        var path = AbsolutePath.of(directory)
        while path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
        root = path
    }

    /// To be called before each step of a put that its durability depends on.
    func willDo(_ step: @autoclosure () -> LocalStep) throws(SystemError) {
        if let beforeStep { try beforeStep(step()) }
    }

    /// The root for people.
    var location: String { root.isEmpty ? "/" : root }

    var scratch: String { root + "/" + Self.scratchName }

    /// Where an object is.
    ///
    /// - Throws: ``ObjectStoreError/Code/invalidKey``.
    func path(of key: String) throws -> LocalPath {
        if let violation = ObjectKey.firstViolation(in: key) ?? Self.firstViolation(in: key) {
            throw ObjectStoreError(
                .invalidKey,
                "The key \(ObjectKey.quoted(key)) for \(location) \(violation); choose another."
            )
        }
        return LocalPath(key: key, path: root + "/" + key)
    }

    /// The rule of directories, beyond those of all stores, that a key breaks.
    private static func firstViolation(in key: String) -> String? {
        guard key.utf8.count > 255 || key.utf8.contains(UInt8(ascii: ".")) else { return nil }
        for component in key.utf8.split(separator: UInt8(ascii: "/")) {
            if component.count > 255 { return "has a component of more than 255 bytes, which no file system takes" }
            if component.elementsEqual(scratchName.utf8) {
                return "has the component `\(scratchName)`, which is kept for temporary files"
            }
        }
        return nil
    }

    /// Files without names need the kernel's `/proc` to be given one without privileges.
    private static let systemHasUnnamedFiles: Bool = {
        #if os(Linux)
        unsafe access("/proc/self/fd", X_OK) == 0
        #else
        false
        #endif
    }()
}

// MARK: Directories

extension LocalDirectory {
    /// Creates a directory and those above it, as far as they are missing.
    func makeDirectories(_ path: String) throws {
        // Somebody may delete a directory right after it was created, but hardly several times over.
        for _ in 0..<8 {
            do {
                // Before it exists, so that nobody takes the new directory for one that was known.
                _ = durable.withLock { $0.remove(PathBytes(path)) }
                try SystemCall.makeDirectory(path)
                // What is above the root is not looked after by `synchronizeDirectories`.
                if path.utf8.count <= root.utf8.count { try synchronize(LocalPath.parent(of: path)) }
                return
            } catch let error as SystemError where error.number == ENOENT && path != "/" {
                try makeDirectories(LocalPath.parent(of: path))
            } catch let error as SystemError where error.number == EEXIST {
                return
            } catch let error as SystemError {
                throw ObjectStoreError.makingDirectory(path, error)
            }
        }
        throw ObjectStoreError.makingDirectory(path, SystemError(number: ENOENT))
    }

    /// Brings the entries of a directory to stable storage and, the first time, those of the directories above it.
    ///
    /// The second matters although they exist: whoever created them may not have synchronised them yet.
    func synchronizeDirectories(from directory: String) throws {
        try synchronize(directory)
        if durable.withLock({ $0.contains(PathBytes(directory)) }) { return }
        var path = directory
        var passed: [PathBytes] = []
        // The root of the file system is above itself.
        while path.utf8.count > max(root.utf8.count, 1) {
            passed.append(PathBytes(path))
            path = LocalPath.parent(of: path)
            try synchronize(path)
        }
        if !root.isEmpty {
            passed.append(PathBytes(root))
            do {
                try willDo(.synchronizeDirectory(LocalPath.parent(of: root)))
                try SystemCall.synchronize(directory: LocalPath.parent(of: root))
            } catch let error where error.number == EACCES || error.number == EPERM {
                // We did not create the root then, and may not read the directory in which somebody else did.
            } catch {
                throw ObjectStoreError.synchronizing(LocalPath.parent(of: root), error)
            }
        }
        durable.withLock { durable in
            if durable.count > 10_000 { durable.removeAll() }
            durable.formUnion(passed)
        }
    }

    /// Brings the entries of one directory to stable storage.
    func synchronize(_ directory: String) throws {
        let path = directory.isEmpty ? "/" : directory
        do {
            try willDo(.synchronizeDirectory(path))
            try SystemCall.synchronize(directory: path)
        } catch {
            throw ObjectStoreError.synchronizing(path, error)
        }
    }

    /// Removes a directory that holds nothing but directories, at any depth; they are what deleted objects leave.
    ///
    /// - Returns: Whether it is gone.
    func removeEmptyDirectories(_ path: String) -> Bool {
        do {
            for entry in try DirectoryEntries.all(of: path) {
                guard entry.kind == .directory, removeEmptyDirectories(path + "/" + entry.name) else { return false }
            }
            try SystemCall.removeDirectory(path)
            return true
        } catch {
            // Not empty any more, not a directory, or not ours to remove: the caller then fails with its own error.
            return false
        }
    }
}

// MARK: Scratch

extension LocalDirectory {
    /// A new file in the scratch directory.
    ///
    /// - Parameter isLongLived: Whether it may be at work for longer than leftovers are left alone.
    /// - Returns: The file, which goes with the result unless it is published.
    /// - Throws: Why none could be created.
    func makeNamedScratch(isLongLived: Bool) throws -> ScratchFile {
        let path = scratch + "/put-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        for _ in 0..<8 {
            do {
                let file = try SystemCall.open(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o666)
                // Without the lock (some network file systems have none) the upload is only in danger after an hour
                // without a write, and then fails cleanly.
                if isLongLived { _ = try? SystemCall.lockIfFree(file) }
                return ScratchFile(file, path: path)
            } catch  where error.number == ENOENT {
                try makeDirectories(scratch)
            } catch {
                throw ObjectStoreError.creating(path, error)
            }
        }
        throw ObjectStoreError.creating(path, SystemError(number: ENOENT))
    }

    /// Clears temporary files that killed processes left, once for each store that is opened.
    ///
    /// Cheap: one call when there is no scratch directory. Only files older than an hour that nobody holds locked.
    func removeLeftovers() {
        guard !isScratchClean.exchange(true, ordering: .relaxed) else { return }
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        let oldest = Int64(now.tv_sec) - 3600
        // Most often there is no scratch directory.
        guard let entries = try? DirectoryEntries.all(of: scratch) else { return }
        for entry in entries where entry.name.utf8.starts(with: "put-".utf8) {
            let path = scratch + "/" + entry.name
            do {
                guard try SystemCall.status(ofPath: path).seconds < oldest else { continue }
                let file = try SystemCall.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
                guard try SystemCall.lockIfFree(file) else { continue }
                try SystemCall.unlink(path)
            } catch {
                // Another process was faster, or may do what this one may not. A leftover does no harm but for its
                // space, so it is no reason to refuse work.
            }
        }
    }

    /// Runs a closure under the lock under which the object of a key may be replaced or removed.
    ///
    /// The lock excludes other processes, too. Many keys share one of 64 files, which are never deleted: a lock on a
    /// deleted file would exclude nobody.
    ///
    /// - Returns: `nil`, without calling the closure, when the root does not exist and is not to be created.
    func withLock<Value>(_ key: String, creatingDirectories: Bool, _ body: () throws -> Value) throws -> Value? {
        let path = scratch + "/lock-" + String(Self.lockNumber(key))
        for _ in 0..<8 {
            do {
                let file = try SystemCall.open(path, O_RDONLY | O_CREAT, mode: 0o666)
                try SystemCall.lock(file)
                // Closing the file gives the lock back.
                defer { _ = file.number }
                return try body()
            } catch let error as SystemError {
                guard error.number == ENOENT else { throw ObjectStoreError.locking(path, error) }
                guard creatingDirectories || rootExists else { return nil }
                try makeDirectories(scratch)
            }
        }
        throw ObjectStoreError.locking(path, SystemError(number: ENOENT))
    }

    private static func lockNumber(_ key: String) -> UInt64 {
        // FNV-1a: every process and version must come to the same number.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return (hash ^ (hash >> 32)) % 64
    }

    private var rootExists: Bool { unsafe access(location, F_OK) == 0 }
}
