#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension LocalDirectory {
    /// Deletes objects and brings that to stable storage: one synchronisation for each directory.
    func delete(_ keys: [String]) -> [DeleteFailure] {
        var failures: [DeleteFailure] = []
        var removed: [PathBytes: [String]] = [:]
        for key in keys {
            do {
                let target = try path(of: key)
                if try remove(target) { removed[PathBytes(target.directory), default: []].append(key) }
            } catch let error as ObjectStoreError {
                failures.append(DeleteFailure(key: key, error: error))
            } catch {
                failures.append(DeleteFailure(key: key, error: ObjectStoreError(.failed, "\(error)", cause: error)))
            }
        }
        for (directory, keys) in removed {
            do {
                try willDo(.synchronizeDirectory(directory.path))
                try SystemCall.synchronize(directory: directory.path)
            } catch  where error.number == ENOENT {
                // The directory itself is gone, and so are its entries.
            } catch {
                let error = ObjectStoreError.synchronizing(directory.path, error)
                failures += keys.map { DeleteFailure(key: $0, error: error) }
            }
        }
        return failures
    }

    /// - Returns: Whether there was an object.
    private func remove(_ target: LocalPath) throws -> Bool {
        try withLock(target.key, creatingDirectories: false) {
            do {
                try SystemCall.unlink(target.path)
                return true
            } catch let error as SystemError {
                if error.number == ENOENT || error.number == ENOTDIR { return false }
                // A directory is no object. Linux calls the attempt EISDIR, others EPERM.
                if [EISDIR, EPERM].contains(error.number), try status(of: target) == nil { return false }
                throw ObjectStoreError.deleting(target.path, error)
            }
        } ?? false
    }

    /// Copies an object; the file system may let the two share their blocks.
    func copy(_ source: String, to destination: String, mode: PutMode) throws -> ObjectMetadata {
        let from = try path(of: source)
        let to = try path(of: destination)
        let object = try openObject(from)
        let scratch = try makeScratch(for: to, mode: mode, isLongLived: false)
        let size = object.status.size
        var offset = shareBlocks(of: object.file, with: scratch) ? size : 0
        var buffer: [UInt8] = []
        while offset < size {
            let count = Int(min(size - offset, 1 << 20))
            do {
                buffer = try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
                    initializedCount = try unsafe SystemCall.read(
                        object.file,
                        at: offset,
                        into: UnsafeMutableRawBufferPointer(buffer)
                    )
                }
            } catch let error as SystemError {
                throw ObjectStoreError.reading(from.path, error)
            }
            guard !buffer.isEmpty else {
                throw ObjectStoreError(.damaged, "\(from.path) became shorter while it was copied; copy it again.")
            }
            try write(buffer, to: scratch, for: to)
            offset += UInt64(buffer.count)
        }
        return try publish(scratch, at: to, mode: mode)
    }

    /// Lets a new file share the blocks of another, where the file system does that (Btrfs, XFS, bcachefs).
    ///
    /// - Returns: Whether it did; if not, nothing happened.
    private func shareBlocks(of file: borrowing FileDescriptor, with scratch: ScratchFile) -> Bool {
        #if os(Linux)
        // FICLONE of linux/fs.h, see ioctl_ficlone(2).
        let request: UInt = 0x4004_9409
        return ioctl(scratch.descriptor.number, request, file.number) == 0
        #else
        return false
        #endif
    }
}
