#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The files of a ``SegmentCache``, as one holder of its lock sees them.
///
/// `lock` is locked (`flock(2)`) by whoever looks at the directory or changes it, which takes milliseconds. A segment
/// is `<stem><checksum>.parquet`. While it is fetched it is `<stem>.part`, has its length from the beginning on, so
/// that it counts, and is locked by its fetcher, so that others can tell one whose fetcher has died. A query has a hard
/// link to each segment that it reads in a directory of its own (``ScratchDirectory``): more links than one mean it is
/// in use.
struct CacheDirectory: ~Copyable {
    struct Entry {
        var name: String
        var bytes: Int
        /// Seconds and nanoseconds.
        var used: (Int, Int)
        var isInUse: Bool
        var isPart: Bool { name.hasSuffix(CacheDirectory.part) }
    }

    let path: String
    private let lock: Int32
    private(set) var entries: [Entry] = []

    static let part = ".part"
    static let segment = ".parquet"

    /// Waits for the lock.
    init(_ path: String) async throws {
        self.path = path
        lock = unsafe open("\(path)/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw CacheDirectory.failure("\(path)/lock cannot be made") }
        while flock(lock, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw CacheDirectory.failure("\(path)/lock cannot be locked")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Lists what is there.
    mutating func look() {
        entries = []
        for name in ScratchDirectory.names(path) where name.hasSuffix(Self.part) || name.hasSuffix(Self.segment) {
            var status = stat()
            guard unsafe lstat("\(path)/\(name)", &status) == 0 else { continue }
            #if canImport(Darwin)
            let time = status.st_mtimespec
            #else
            let time = status.st_mtim
            #endif
            entries.append(
                Entry(
                    name: name,
                    bytes: Int(status.st_size),
                    used: (Int(time.tv_sec), Int(time.tv_nsec)),
                    isInUse: status.st_nlink > 1
                )
            )
        }
    }

    deinit { close(lock) }

    /// Makes a directory and those above it.
    static func make(_ path: String) throws(SQLError) {
        if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw failure("\(path) cannot be made")
        }
        try make(String(path[..<slash]))
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("\(path) cannot be made") }
    }

    /// The segment whose name begins so.
    func find(_ stem: String, checksum: UInt32?) -> Entry? {
        if let checksum {
            let name = stem + hexadecimal(checksum, digits: 8) + Self.segment
            return entries.first { $0.name == name }
        }
        return entries.first { $0.name.hasPrefix(stem) && !$0.isPart }
    }

    /// Gives a segment another name, under which it stays however it fares in the cache, and notes that it was used.
    ///
    /// - Returns: Whether it is there.
    mutating func use(_ entry: Entry, as link: String) -> Bool {
        _ = unsafe utimensat(AT_FDCWD, "\(path)/\(entry.name)", nil, 0)
        guard unsafe hardLink("\(path)/\(entry.name)", link) == 0 else { return false }
        for index in entries.indices where entries[index].name == entry.name { entries[index].isInUse = true }
        return true
    }

    /// Whether a process is fetching a segment.
    ///
    /// Asked before ``look()``: segments are published without the lock, so one that was finished meanwhile is seen.
    func isFetched(_ stem: String) -> Bool {
        let file = unsafe open("\(path)/\(stem)\(Self.part)", O_RDWR | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return flock(file, LOCK_EX | LOCK_NB) != 0
    }

    /// Takes a segment out of the cache.
    mutating func remove(_ name: String) {
        _ = unsafe unlink("\(path)/\(name)")
        entries.removeAll { $0.name == name }
    }

    /// Makes room: removes what died while it was fetched, then what was not used for longest.
    ///
    /// - Returns: How many bytes are missing still, since the rest is in use; 0 when there is room.
    mutating func makeRoom(for bytes: Int, limit: Int) -> Int {
        for entry in entries where entry.isPart {
            let file = unsafe open("\(path)/\(entry.name)", O_RDWR | O_CLOEXEC)
            guard file >= 0 else { continue }
            defer { close(file) }
            if flock(file, LOCK_EX | LOCK_NB) == 0 { remove(entry.name) }
        }
        var total = entries.reduce(bytes) { $0 + $1.bytes }
        for entry in entries.sorted(by: { $0.used < $1.used }) where total > limit && !entry.isInUse && !entry.isPart {
            remove(entry.name)
            total -= entry.bytes
        }
        return max(0, total - limit)
    }

    /// Begins a segment.
    ///
    /// - Returns: `nil` when another process is fetching it.
    func begin(_ stem: String, bytes: Int) throws(SQLError) -> CachePart? {
        let name = "\(path)/\(stem)\(Self.part)"
        let file = unsafe open(name, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw CacheDirectory.failure("\(name) cannot be made") }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            return nil
        }
        let part = CachePart(path: name, stem: "\(path)/\(stem)", file: file)
        guard ftruncate(file, 0) == 0, ftruncate(file, off_t(bytes)) == 0 else {
            throw CacheDirectory.failure("\(name) cannot be written")
        }
        return part
    }

    static func failure(_ what: String) -> SQLError {
        let reason = unsafe String(cString: strerror(errno))
        return SQLError(.failed, "\(what): \(reason). Segments of journals on other machines are kept there.")
    }
}
