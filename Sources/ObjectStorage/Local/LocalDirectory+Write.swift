internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension LocalDirectory {
    /// Stores an object.
    func put(_ key: String, _ bytes: [UInt8], mode: PutMode) throws -> ObjectMetadata {
        let target = try path(of: key)
        let scratch = try makeScratch(for: target, mode: mode, isLongLived: false)
        try write(bytes, to: scratch, for: target)
        return try publish(scratch, at: target, mode: mode)
    }

    /// A file to write an object to, which nobody sees yet.
    ///
    /// An if-absent put of Linux uses a file without a name: linking it is then the only change to a directory, which
    /// makes the put faster, and nothing is left when the process dies. Replacing needs a name to rename.
    func makeScratch(for target: LocalPath, mode: PutMode, isLongLived: Bool) throws -> ScratchFile {
        removeLeftovers()
        if case .ifMatches(let expected) = mode {
            // Losing early saves writing the bytes; what decides is the comparison under the lock.
            try check(target, expected: expected)
        }
        #if os(Linux)
        if mode == .ifAbsent, let scratch = try makeUnnamedScratch(in: target.directory) { return scratch }
        #endif
        return try makeNamedScratch(isLongLived: isLongLived)
    }

    #if os(Linux)
    private func makeUnnamedScratch(in directory: String) throws -> ScratchFile? {
        let unnamed: Int32 = 0o20_000_000 | O_DIRECTORY
        for _ in 0..<8 where hasUnnamedFiles.load(ordering: .relaxed) {
            do {
                return ScratchFile(try SystemCall.open(directory, O_RDWR | unnamed, mode: 0o666), path: nil)
            } catch {
                switch error.number {
                case ENOENT: try makeDirectories(directory)
                case EOPNOTSUPP, EISDIR, EINVAL: hasUnnamedFiles.store(false, ordering: .relaxed)
                default: throw ObjectStoreError.creating(directory, error)
                }
            }
        }
        return nil
    }
    #endif

    /// Appends bytes to a file that is not an object yet.
    func write(_ bytes: [UInt8], to scratch: ScratchFile, for target: LocalPath) throws {
        do {
            try willDo(.write)
            try unsafe SystemCall.write(bytes.span.bytes, to: scratch.descriptor)
        } catch {
            throw ObjectStoreError.writing(scratch.description(for: target), error)
        }
    }

    /// Makes a written file an object: durably, and at once for every reader.
    func publish(_ scratch: ScratchFile, at target: LocalPath, mode: PutMode) throws -> ObjectMetadata {
        let status: FileStatus
        do {
            try SystemCall.stampTime(of: scratch.descriptor)
            try willDo(.synchronizeData)
            try SystemCall.synchronizeData(of: scratch.descriptor)
            status = try SystemCall.status(of: scratch.descriptor)
        } catch {
            throw ObjectStoreError.synchronizing(scratch.description(for: target), error)
        }
        switch mode {
        case .ifAbsent: try add(scratch, at: target)
        case .overwrite: try replace(scratch, at: target, expected: nil)
        case .ifMatches(let expected): try replace(scratch, at: target, expected: expected)
        }
        try synchronizeDirectories(from: target.directory)
        return status.metadata(target.key)
    }

    /// Gives the file the object's name if nothing has it: `link(2)` decides, between processes too.
    private func add(_ scratch: ScratchFile, at target: LocalPath) throws {
        try place(at: target) { () throws(SystemError) in
            if let path = scratch.path {
                try SystemCall.link(path, to: target.path)
                return
            }
            #if os(Linux)
            try SystemCall.link(scratch.descriptor, to: target.path)
            #endif
        } whenTaken: {
            throw ObjectStoreError.exists(target.key, in: location)
        }
        scratch.discard()
    }

    /// Gives the file the object's name, whatever has it now.
    ///
    /// Under the key's lock, so that no replacement or removal comes between comparing and renaming. An if-absent put
    /// needs no lock: it cannot change an object that exists, and the comparison fails when none does.
    private func replace(_ scratch: ScratchFile, at target: LocalPath, expected: String?) throws {
        guard let path = scratch.path else {
            throw ObjectStoreError(
                .failed,
                "A file without a name cannot replace \(target.path); this is a mistake here."
            )
        }
        try withLock(target.key, creatingDirectories: true) {
            if let expected { try check(target, expected: expected) }
            try place(at: target) { () throws(SystemError) in
                try SystemCall.rename(path, to: target.path)
            } whenTaken: {
                throw ObjectStoreError.placing(target.path, SystemError(number: EISDIR))
            }
            scratch.markPublished()
        }
    }

    private func check(_ target: LocalPath, expected: String) throws {
        let found = try status(of: target)?.entityTag
        if found != expected {
            throw ObjectStoreError.mismatch(target.key, in: location, expected: expected, found: found)
        }
    }

    /// Runs a call that gives a file its name, and mends what can be mended when it fails: a missing directory is
    /// created, and an empty one in the way (deleted objects leave them) is removed.
    private func place(
        at target: LocalPath,
        _ call: () throws(SystemError) -> Void,
        whenTaken: () throws -> Void
    ) throws {
        var last = SystemError(number: ENOENT)
        for _ in 0..<8 {
            do {
                try willDo(.place(target.path))
                return try call()
            } catch {
                last = error
                switch error.number {
                case ENOENT:
                    try makeDirectories(target.directory)
                case EEXIST, EISDIR, ENOTEMPTY:
                    let kind = try? SystemCall.status(ofPath: target.path).kind
                    guard kind == .directory else {
                        try whenTaken()
                        continue
                    }
                    guard removeEmptyDirectories(target.path) else {
                        throw ObjectStoreError.placing(target.path, SystemError(number: EISDIR))
                    }
                default:
                    throw ObjectStoreError.placing(target.path, error)
                }
            }
        }
        throw ObjectStoreError.placing(target.path, last)
    }
}
