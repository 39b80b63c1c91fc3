#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What is on a page of a listing, before the files are looked up.
struct ListPlan: Sendable {
    var commonPrefixes: [String] = []
    /// The objects, by directory.
    var runs: [ListRun] = []

    /// The runs in at most two parts, to be looked up at the same time; in one part when there are few objects.
    func halves(ifMoreThan few: Int) -> [[ListRun]] {
        let total = runs.reduce(0) { $0 + $1.entries.count }
        let count = total > few ? (total + 1) / 2 : max(total, 1)
        var parts: [[ListRun]] = []
        var room = 0
        for run in runs {
            var rest = run.entries[...]
            while !rest.isEmpty {
                if room == 0 {
                    parts.append([])
                    room = count
                }
                var part = run
                part.entries = Array(rest.prefix(room))
                parts[parts.count - 1].append(part)
                room -= part.entries.count
                rest = rest.dropFirst(part.entries.count)
            }
        }
        return parts
    }
}

/// Objects in one directory that are on a page.
struct ListRun: Sendable {
    /// The directory.
    let path: String
    /// What the keys in it begin with.
    let key: [UInt8]
    let names: DirectoryNames
    var entries: [DirectoryNames.Entry] = []

    /// Appends the keys, without a look at the files.
    func appendKeys(to objects: inout [ObjectMetadata]) {
        for entry in entries {
            objects.append(ObjectMetadata(key: names.key(entry, below: key), size: 0, entityTag: "", lastModified: 0))
        }
    }

    /// Looks the files up and appends what they are; what has vanished is left out.
    func append(to objects: inout [ObjectMetadata]) throws {
        do {
            let directory = try SystemCall.open(path, O_RDONLY | O_DIRECTORY)
            for entry in entries {
                guard let status = try status(of: entry, in: directory.number) else { continue }
                objects.append(status.metadata(names.key(entry, below: key)))
            }
        } catch {
            if error.number == ENOENT || error.number == ENOTDIR { return }
            throw ObjectStoreError.listing(path, error)
        }
    }

    private func status(of entry: DirectoryNames.Entry, in directory: Int32) throws(SystemError) -> FileStatus? {
        let result = unsafe names.withCString(entry) { name in
            Result { () throws(SystemError) in try unsafe SystemCall.status(ofEntry: name, in: directory) }
        }
        do {
            let status = try result?.get()
            return status?.kind == .file ? status : nil
        } catch {
            if error.number == ENOENT { return nil }
            throw error
        }
    }
}
