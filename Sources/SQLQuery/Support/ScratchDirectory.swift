#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A directory for the files of one query, which goes away with it.
///
/// Its owner holds a lock in it (`flock(2)`), so that whoever comes later can tell those that a killed process left
/// behind, and removes them.
package final class ScratchDirectory: Sendable {
    /// Its absolute path.
    package let path: String
    private let lock: Int32

    private static let prefix = "highwater-sql-"
    /// What a directory is called until its lock is held.
    private static let newPrefix = "highwater-new-"
    private static let lockName = "lock"
    /// One that is called new for so long was left behind; to lock it takes a moment.
    private static let longestNew = 3600

    /// Makes one.
    ///
    /// - Parameter parent: Where; a directory for temporary files.
    /// - Throws: ``SQLError/Code/failed`` when nothing can be written there.
    package init(in parent: String) throws(SQLError) {
        ScratchDirectory.sweep(parent)
        // It gets the name that others sweep by when its lock is held, so nobody ever finds it without an owner.
        var template = Array("\(parent)/\(ScratchDirectory.newPrefix)XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw ScratchDirectory.failure("A directory for temporary files cannot be made in \(parent)")
        }
        let new = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let lock = unsafe open("\(new)/\(ScratchDirectory.lockName)", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        let path = "\(parent)/\(ScratchDirectory.prefix)\(new.suffix(6))"
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0, unsafe rename(new, path) == 0 else {
            let error = ScratchDirectory.failure("\(new) cannot be locked and named")
            if lock >= 0 { close(lock) }
            ScratchDirectory.remove(new)
            throw error
        }
        (self.path, self.lock) = (path, lock)
    }

    deinit {
        ScratchDirectory.remove(path)
        close(lock)
    }

    /// Writes a file.
    func write(_ name: String, _ text: String) throws(SQLError) {
        var file = try create(name)
        try file.write(Array(text.utf8))
        try file.close()
    }

    /// Makes a directory in it.
    func makeDirectory(_ name: String) throws(SQLError) {
        guard unsafe mkdir("\(path)/\(name)", 0o700) == 0 else {
            throw ScratchDirectory.failure("\(path)/\(name) cannot be made")
        }
    }

    /// Begins a file.
    func create(_ name: String) throws(SQLError) -> ScratchFile { try ScratchFile("\(path)/\(name)") }

    /// The beginning of a file; what is no UTF-8 in it is replaced.
    func read(_ name: String, limit: Int) throws(SQLError) -> String {
        let file = unsafe open("\(path)/\(name)", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw ScratchDirectory.failure("\(path)/\(name) cannot be read") }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < limit {
            let count = unsafe readDescriptor(file, &chunk, min(chunk.count, limit - bytes.count))
            if count == 0 { break }
            if count > 0 {
                bytes.append(contentsOf: chunk[..<count])
            } else if errno != EINTR {
                throw ScratchDirectory.failure("\(path)/\(name) cannot be read")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes a file to an open one, as a closure makes it piece by piece.
    func copy(
        _ name: String,
        to descriptor: Int32,
        _ transform: (ArraySlice<UInt8>) -> [UInt8] = { Array($0) }
    ) throws(SQLError) {
        let file = unsafe open("\(path)/\(name)", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw ScratchDirectory.failure("\(path)/\(name) cannot be read") }
        defer { close(file) }
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = unsafe readDescriptor(file, &chunk, chunk.count)
            if count == 0 { return }
            if count < 0 {
                if errno == EINTR { continue }
                throw ScratchDirectory.failure("\(path)/\(name) cannot be read")
            }
            let piece = transform(chunk[..<count])
            var start = 0
            while start < piece.count {
                let written = unsafe piece.withUnsafeBytes { bytes in
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[start...])
                    return unsafe writeDescriptor(descriptor, rest.baseAddress, rest.count)
                }
                if written >= 0 {
                    start += written
                } else if errno == EPIPE {
                    throw SQLError(.closed, "Nobody reads the rows any more.")
                } else if errno != EINTR {
                    let reason = unsafe String(cString: strerror(errno))
                    throw SQLError(.failed, "The rows cannot be written: \(reason).")
                }
            }
        }
    }

    /// Keeps a file, whatever becomes of its name: by another name for it, or a copy where that cannot be had.
    ///
    /// - Returns: Whether it is there.
    func keep(_ file: String, as name: String) throws(SQLError) -> Bool {
        _ = unsafe unlink("\(path)/\(name)")
        if unsafe link(file, "\(path)/\(name)") == 0 { return true }
        let source = unsafe open(file, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else {
            if errno == ENOENT { return false }
            throw ScratchDirectory.failure("\(file) cannot be read")
        }
        defer { close(source) }
        var copy = try create(name)
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = unsafe readDescriptor(source, &chunk, chunk.count)
            if count > 0 { try copy.write(Array(chunk[..<count])) }
            if count == 0 { break }
            if count < 0, errno != EINTR { throw ScratchDirectory.failure("\(file) cannot be read") }
        }
        try copy.close()
        return true
    }

    /// Makes a name that stands for another path, whatever it stood for.
    func replaceLink(_ name: String, with target: String) throws(SQLError) {
        _ = unsafe unlink("\(path)/\(name)")
        guard unsafe symlink(target, "\(path)/\(name)") == 0 else {
            throw ScratchDirectory.failure("\(path)/\(name) cannot be made")
        }
    }

    static func failure(_ what: String) -> SQLError {
        SQLError(.failed, "\(what): \(unsafe String(cString: strerror(errno))). TMPDIR says where temporary files go.")
    }

    /// Removes directories whose owner is gone.
    ///
    /// What cannot be removed stays: it is not this query's concern.
    static func sweep(_ parent: String) {
        for name in names(parent) {
            let path = "\(parent)/\(name)"
            if name.hasPrefix(newPrefix) {
                var information = stat()
                guard unsafe lstat(path, &information) == 0,
                    time(nil) - modified(information) > longestNew
                else { continue }
            } else if !name.hasPrefix(prefix) {
                continue
            }
            let lock = unsafe open("\(path)/\(lockName)", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            guard lock >= 0 else {
                // An old one may have died before there was a lock.
                if name.hasPrefix(newPrefix), errno == ENOENT { remove(path) }
                continue
            }
            defer { close(lock) }
            if flock(lock, LOCK_EX | LOCK_NB) == 0, isThere(lock) { remove(path) }
        }
    }

    /// Whether an open file has a name: the one that took it away may have made place for another directory.
    private static func isThere(_ file: Int32) -> Bool {
        var information = stat()
        return unsafe fstat(file, &information) == 0 && information.st_nlink > 0
    }

    private static func modified(_ information: stat) -> Int {
        #if canImport(Darwin)
        information.st_mtimespec.tv_sec
        #else
        information.st_mtim.tv_sec
        #endif
    }

    /// The names in a directory; none when it cannot be read.
    static func names(_ directory: String) -> [String] {
        guard let stream = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes a directory with all that is in it; links are removed, not followed.
    private static func remove(_ path: String) {
        for name in names(path) {
            let child = "\(path)/\(name)"
            if unsafe unlink(child) != 0 { remove(child) }
        }
        unsafe rmdir(path)
    }
}

/// A file of a ``ScratchDirectory`` that is being written.
struct ScratchFile: ~Copyable {
    let path: String
    /// What it is written by; the file's.
    private(set) var descriptor: Int32

    init(_ path: String) throws(SQLError) {
        self.path = path
        descriptor = unsafe open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw ScratchDirectory.failure("\(path) cannot be written") }
    }

    deinit { if descriptor >= 0 { closeDescriptor(descriptor) } }

    mutating func write(_ bytes: [UInt8]) throws(SQLError) {
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[start...])
                return unsafe writeDescriptor(descriptor, rest.baseAddress, rest.count)
            }
            if count >= 0 {
                start += count
            } else if errno != EINTR {
                throw ScratchDirectory.failure("\(path) cannot be written")
            }
        }
    }

    mutating func close() throws(SQLError) {
        let open = descriptor
        descriptor = -1
        guard closeDescriptor(open) == 0 else { throw ScratchDirectory.failure("\(path) cannot be written") }
    }
}

@discardableResult
private func closeDescriptor(_ descriptor: Int32) -> Int32 { close(descriptor) }

private func writeDescriptor(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}

private func readDescriptor(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
    unsafe read(descriptor, bytes, count)
}
