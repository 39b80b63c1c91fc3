#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The names in a directory that can be part of wanted keys, sorted as the keys are.
///
/// A directory's name ends with a slash here, since that is what its keys are compared by. One buffer for all names:
/// 16 bytes and the name for each.
struct DirectoryNames: Sendable {
    struct Entry: Sendable {
        let offset: Int
        let length: Int32
        let isDirectory: Bool
    }

    private(set) var entries: [Entry] = []
    /// Each name with a NUL behind it.
    private var bytes: [UInt8] = []

    /// Reads a directory.
    ///
    /// - Parameters:
    ///   - path: The directory.
    ///   - levelKey: What the keys of its objects begin with, up to and with the last slash.
    ///   - filter: Which keys are wanted.
    /// - Throws: Why the directory could not be read.
    init(_ path: String, levelKey: [UInt8], filter: ListFilter) throws(SystemError) {
        let levelFilter = filter.level(levelKey)
        let longestName = ObjectKey.maximumByteCount - levelKey.count
        try unsafe DirectoryReader.forEach(path) { name, kind in
            guard kind != .other, name.count <= longestName, unsafe ListFilter.isPartOfKey(name) else {
                return true
            }
            let offset = bytes.count
            unsafe bytes.append(contentsOf: name)
            if kind == .directory { bytes.append(UInt8(ascii: "/")) }
            let end = bytes.count
            guard levelFilter.admits(bytes[offset..<end], isDirectory: kind == .directory) else {
                bytes.removeSubrange(offset..<end)
                return true
            }
            bytes.append(0)
            entries.append(Entry(offset: offset, length: Int32(end - offset), isDirectory: kind == .directory))
            return true
        }
        sort()
    }

    private mutating func sort() {
        unsafe bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            entries.sort { left, right in
                let order = unsafe memcmp(
                    base + left.offset,
                    base + right.offset,
                    Int(min(left.length, right.length))
                )
                return order != 0 ? order < 0 : left.length < right.length
            }
        }
    }

    /// About how much memory the names take.
    var byteCount: Int { bytes.count + entries.count * MemoryLayout<Entry>.stride }

    /// The bytes of a name, a directory's with its slash.
    func name(_ entry: Entry) -> ArraySlice<UInt8> { bytes[entry.offset..<entry.offset + Int(entry.length)] }

    /// Calls a closure with a name as a C string.
    func withCString<Value>(_ entry: Entry, _ body: (UnsafePointer<CChar>) -> Value) -> Value? {
        unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return nil }
            return unsafe body((base + entry.offset).assumingMemoryBound(to: CChar.self))
        }
    }

    /// The key of an object: what the level's keys begin with, and its name.
    func key(_ entry: Entry, below levelKey: [UInt8]) -> String {
        let length = Int(entry.length)
        return unsafe String(unsafeUninitializedCapacity: levelKey.count + length) { target in
            let target = UnsafeMutableRawBufferPointer(target)
            unsafe levelKey.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
            unsafe bytes.withUnsafeBytes { source in
                let name = unsafe UnsafeRawBufferPointer(rebasing: source[entry.offset..<entry.offset + length])
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: target[levelKey.count...])
                unsafe rest.copyMemory(from: name)
            }
            return levelKey.count + length
        }
    }
}
