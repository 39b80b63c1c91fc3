#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension LocalDirectory {
    /// Reads an object, whole or in part.
    func get(_ key: String, range: ByteRange?) throws -> GetResult {
        let target = try path(of: key)
        let object = try openObject(target)
        let status = object.status
        let bounds = try ObjectStoreError.resolve(range, size: status.size, key: key, in: location)
        guard let count = Int(exactly: bounds.upperBound - bounds.lowerBound) else {
            throw ObjectStoreError(.invalidRange, "\(target.path) has \(status.size) bytes; read it in parts.")
        }
        let bytes: [UInt8]
        do {
            bytes = try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
                initializedCount = try unsafe SystemCall.read(
                    object.file,
                    at: bounds.lowerBound,
                    into: UnsafeMutableRawBufferPointer(buffer)
                )
            }
        } catch let error as SystemError {
            throw ObjectStoreError.reading(target.path, error)
        }
        guard bytes.count == count else {
            throw ObjectStoreError(
                .damaged,
                "\(target.path) ended at \(bounds.lowerBound + UInt64(bytes.count)), not at \(status.size), while it was "
                    + "read; find out who changes files of the store in place."
            )
        }
        return GetResult(bytes: bytes, offset: bounds.lowerBound, metadata: status.metadata(key))
    }

    /// The metadata of an object.
    func head(_ key: String) throws -> ObjectMetadata {
        let target = try path(of: key)
        guard let status = try status(of: target) else { throw ObjectStoreError.missing(key, in: location) }
        return status.metadata(key)
    }

    /// The status of an object's file; `nil` when there is no object.
    func status(of target: LocalPath) throws -> FileStatus? {
        do {
            let status = try SystemCall.status(ofPath: target.path)
            return status.kind == .file ? status : nil
        } catch  where error.number == ENOENT || error.number == ENOTDIR {
            return nil
        } catch {
            throw ObjectStoreError.examining(target.path, error)
        }
    }

    /// Opens an object for reading.
    func openObject(_ target: LocalPath) throws -> OpenObject {
        do {
            // A FIFO that somebody put there would block without O_NONBLOCK.
            let file = try SystemCall.open(target.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
            let status = try SystemCall.status(of: file)
            guard status.kind == .file else { throw ObjectStoreError.missing(target.key, in: location) }
            return OpenObject(file: file, status: status)
        } catch let error as SystemError {
            if [ENOENT, ENOTDIR, ELOOP, ENXIO].contains(error.number) {
                throw ObjectStoreError.missing(target.key, in: location)
            }
            throw ObjectStoreError.opening(target.path, error)
        }
    }
}

/// An object's file, open for reading, and what it was when it was opened.
struct OpenObject: ~Copyable {
    let file: FileDescriptor
    let status: FileStatus
}
