#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A listing of a directory between two pages: the directories on the way to the current key, with the names in them
/// that are still to come.
struct ListCursor: Sendable {
    /// One directory on the way.
    private struct Level: Sendable {
        /// Which directory of the listing it is, counted as they are entered.
        let number: Int
        /// What the keys in it begin with.
        let key: [UInt8]
        let names: DirectoryNames
        var next = 0
    }

    /// What comes next in the order of keys.
    private enum Item: Sendable {
        /// An entry of the innermost directory.
        case object(DirectoryNames.Entry)
        case commonPrefix([UInt8])
    }

    private let root: String
    private let filter: ListFilter
    private let delimiter: [UInt8]
    private var levels: [Level] = []
    private var enteredCount = 0
    /// The common prefix that was last handed out; what else is under it is passed over.
    private var finishedPrefix: [UInt8]?
    /// What was looked at to know whether there is another page.
    private var pending: Item?

    /// Begins a listing at its start, or anew at a position.
    init(_ options: ListOptions, at position: ListPosition?, root: String) throws {
        self.root = root
        filter = ListFilter(prefix: options.prefix, position: position)
        delimiter = Array((options.delimiter ?? "").utf8)
        // Nothing above the last slash of the prefix needs to be read.
        let end = filter.prefix.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        let base = Array(filter.prefix[..<end])
        guard end == 0 || Self.isDirectoryKey(base) else { return }
        if let bound = filter.bound, !bound.starts(with: base), base.lexicographicallyPrecedes(bound) { return }
        try enter(base)
    }

    /// About how much memory the listing takes.
    var byteCount: Int { levels.reduce(0) { $0 + $1.names.byteCount } }

    /// The next page, and whether there is another.
    mutating func nextPage(limit: Int) throws -> (page: ListPage, position: ListPosition?) {
        var page = ListPage()
        var position: ListPosition?
        var open: (level: Int, directory: OpenDirectory?)?
        while page.objects.count + page.commonPrefixes.count < limit {
            guard let item = try pending ?? next() else { return (page, nil) }
            pending = nil
            switch item {
            case .commonPrefix(let prefix):
                let text = String(decoding: prefix, as: UTF8.self)
                page.commonPrefixes.append(text)
                position = ListPosition(text, coversPrefix: true)
                open = nil
            case .object(let entry):
                let level = levels[levels.count - 1]
                if open?.level != level.number { open = (level.number, try OpenDirectory(path(of: level.key))) }
                guard let status = try open?.directory?.status(of: entry, in: level.names) else { continue }
                let key = level.names.key(entry, below: level.key)
                page.objects.append(status.metadata(key))
                position = ListPosition(key, coversPrefix: false)
            }
        }
        pending = try next()
        return (page, pending == nil ? nil : position)
    }

    /// The next object or common prefix; the object may have vanished since its directory was read.
    private mutating func next() throws -> Item? {
        while !levels.isEmpty {
            let top = levels.count - 1
            guard levels[top].next < levels[top].names.entries.count else {
                levels.removeLast()
                continue
            }
            let entry = levels[top].names.entries[levels[top].next]
            levels[top].next += 1
            if delimiter.isEmpty, !entry.isDirectory { return .object(entry) }
            let key = levels[top].key + levels[top].names.name(entry)
            if let finishedPrefix, key.starts(with: finishedPrefix) { continue }
            if let common = commonPrefix(of: key) {
                // A directory counts only if something is in it. Where the listing begins in the middle of one, that
                // has to be wanted, too, so it is gone through as if there were no delimiter.
                if entry.isDirectory {
                    if filter.cutsThrough(key) {
                        try enter(key)
                        continue
                    }
                    guard try holdsObject(key) else { continue }
                }
                finishedPrefix = common
                return .commonPrefix(common)
            }
            guard entry.isDirectory else { return .object(entry) }
            try enter(key)
        }
        return nil
    }

    private mutating func enter(_ key: [UInt8]) throws {
        let path = path(of: key)
        do {
            let names = try DirectoryNames(path, levelKey: key, filter: filter)
            enteredCount += 1
            levels.append(Level(number: enteredCount, key: key, names: names))
        } catch {
            // It vanished, or another thing has its name by now.
            if error.number == ENOENT || error.number == ENOTDIR { return }
            throw ObjectStoreError.listing(path, error)
        }
    }

    private func holdsObject(_ key: [UInt8]) throws -> Bool {
        let path = path(of: key)
        var found = false
        var directories: [[UInt8]] = []
        do {
            try unsafe DirectoryReader.forEach(path) { name, kind in
                guard kind != .other, unsafe ListFilter.isPartOfKey(name) else { return true }
                if kind == .directory {
                    unsafe directories.append(key + name + [UInt8(ascii: "/")])
                } else {
                    found = true
                }
                return !found
            }
        } catch {
            if error.number == ENOENT || error.number == ENOTDIR { return false }
            throw ObjectStoreError.listing(path, error)
        }
        return try found || directories.contains(where: holdsObject)
    }

    private func commonPrefix(of key: [UInt8]) -> [UInt8]? {
        guard !delimiter.isEmpty, key.count >= filter.prefix.count + delimiter.count else { return nil }
        for start in filter.prefix.count...key.count - delimiter.count where key[start...].starts(with: delimiter) {
            return Array(key[..<(start + delimiter.count)])
        }
        return nil
    }

    private func path(of key: [UInt8]) -> String {
        root + "/" + String(decoding: key.dropLast(), as: UTF8.self)
    }

    /// Whether the part of a prefix up to its last slash can be that of keys, so that it cannot lead out of the root.
    private static func isDirectoryKey(_ key: [UInt8]) -> Bool {
        let text = String(decoding: key.dropLast(), as: UTF8.self)
        guard ObjectKey.firstViolation(in: text) == nil else { return false }
        return text.utf8.split(separator: UInt8(ascii: "/"))
            .allSatisfy {
                !$0.elementsEqual(LocalDirectory.scratchName.utf8)
            }
    }
}

/// A directory that is open to look up files in it.
private final class OpenDirectory {
    private let descriptor: FileDescriptor
    private let path: String

    /// Opens a directory; `nil` when it is gone.
    init?(_ path: String) throws {
        self.path = path
        do {
            descriptor = try SystemCall.open(path, O_RDONLY | O_DIRECTORY)
        } catch {
            if error.number == ENOENT || error.number == ENOTDIR { return nil }
            throw ObjectStoreError.listing(path, error)
        }
    }

    /// The status of a file; `nil` when it is gone.
    func status(of entry: DirectoryNames.Entry, in names: DirectoryNames) throws -> FileStatus? {
        let directory = descriptor.number
        do {
            let status = try unsafe names.withCString(entry) { name in
                Result { () throws(SystemError) in
                    try unsafe SystemCall.status(ofEntry: name, in: directory)
                }
            }?
            .get()
            return status?.kind == .file ? status : nil
        } catch {
            if error.number == ENOENT { return nil }
            throw ObjectStoreError.examining(path, error)
        }
    }
}
