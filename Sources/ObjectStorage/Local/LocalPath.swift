/// Where an object is in the file system.
struct LocalPath: Sendable {
    /// The object.
    let key: String
    /// Its file.
    let path: String

    /// The directory that the file is in.
    var directory: String { Self.parent(of: path) }

    /// The path without its last component.
    static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
    }
}

/// A path that equals another only if all bytes do, as in most file systems; `String` itself ignores how accents are
/// encoded.
struct PathBytes: Hashable, Sendable {
    let path: String

    init(_ path: String) { self.path = path }

    static func == (left: Self, right: Self) -> Bool { left.path.utf8.elementsEqual(right.path.utf8) }

    func hash(into hasher: inout Hasher) {
        var path = path
        path.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
