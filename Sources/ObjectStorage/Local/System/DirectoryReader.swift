#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Goes through the entries of a directory, in the file system's order.
enum DirectoryReader {
    /// Calls a closure with each entry but `.` and `..` until it returns false.
    ///
    /// The name is that of the file system: no NUL, no slash, but not necessarily UTF-8. It is valid during the call.
    static func forEach(
        _ path: String,
        _ body: (_ name: UnsafeRawBufferPointer, _ kind: FileStatus.Kind) -> Bool
    ) throws(SystemError) {
        guard let directory = unsafe opendir(path) else { throw SystemError(number: errno) }
        defer { unsafe closedir(directory) }
        guard let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) else { throw SystemError(number: EINVAL) }
        while true {
            errno = 0
            guard let entry = unsafe readdir(directory) else {
                if errno != 0 { throw SystemError(number: errno) }
                return
            }
            let name = unsafe UnsafeRawPointer(entry) + nameOffset
            let length = unsafe strlen(name.assumingMemoryBound(to: CChar.self))
            let bytes = unsafe UnsafeRawBufferPointer(start: name, count: length)
            if unsafe isDots(bytes) { continue }
            guard unsafe body(bytes, kind(of: entry.pointee.d_type, bytes, in: path)) else { return }
        }
    }

    private static func isDots(_ name: UnsafeRawBufferPointer) -> Bool {
        guard name.count <= 2 else { return false }
        return unsafe name.allSatisfy { $0 == UInt8(ascii: ".") }
    }

    /// The kind, which not every file system says in the entry.
    private static func kind(of type: UInt8, _ name: UnsafeRawBufferPointer, in path: String) -> FileStatus.Kind {
        switch Int(type) {
        case Int(DT_REG): return .file
        case Int(DT_DIR): return .directory
        case Int(DT_UNKNOWN):
            let name = unsafe String(decoding: name, as: UTF8.self)
            do {
                return try SystemCall.status(ofPath: path + "/" + name).kind
            } catch {
                // It vanished meanwhile, or has a name that is not UTF-8 and so no key.
                return .other
            }
        default: return .other
        }
    }
}

/// The entries of a small directory, by name.
package enum DirectoryEntries {
    struct Entry {
        let name: String
        let kind: FileStatus.Kind
    }

    /// All entries; a name that is not UTF-8 is mended, so that it names nothing.
    static func all(of path: String) throws(SystemError) -> [Entry] {
        var entries: [Entry] = []
        try unsafe DirectoryReader.forEach(path) { name, kind in
            unsafe entries.append(Entry(name: String(decoding: name, as: UTF8.self), kind: kind))
            return true
        }
        return entries
    }

    /// The names of all entries, in no order.
    package static func names(of path: String) throws(SystemError) -> [String] { try all(of: path).map(\.name) }
}
