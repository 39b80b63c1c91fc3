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

    /// What is on the next page, and where it ends if there is another.
    mutating func nextPage(limit: Int) throws -> (plan: ListPlan, end: ListPosition?) {
        var plan = ListPlan()
        var count = 0
        var end: ListPosition?
        var lastNumber: Int?
        while count < limit {
            guard let item = try pending ?? next() else { return (plan, nil) }
            pending = nil
            count += 1
            switch item {
            case .commonPrefix(let prefix):
                let text = String(decoding: prefix, as: UTF8.self)
                plan.commonPrefixes.append(text)
                if count == limit { end = ListPosition(text, coversPrefix: true) }
            case .object(let entry):
                let level = levels[levels.count - 1]
                if lastNumber != level.number {
                    lastNumber = level.number
                    plan.runs.append(ListRun(path: path(of: level.key), key: level.key, names: level.names))
                }
                plan.runs[plan.runs.count - 1].entries.append(entry)
                if count == limit { end = ListPosition(level.names.key(entry, below: level.key), coversPrefix: false) }
            }
        }
        pending = try next()
        return (plan, pending == nil ? nil : end)
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
