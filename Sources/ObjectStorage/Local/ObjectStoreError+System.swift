#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// One factory for each thing that can fail in a directory.
extension ObjectStoreError {
    static func opening(_ path: String, _ error: SystemError, at source: SourceLocation = SourceLocation()) -> Self {
        system("open", path, error, at: source)
    }

    static func reading(_ path: String, _ error: SystemError, at source: SourceLocation = SourceLocation()) -> Self {
        system("read", path, error, at: source)
    }

    static func examining(_ path: String, _ error: SystemError, at source: SourceLocation = SourceLocation()) -> Self {
        system("look up", path, error, at: source)
    }

    static func listing(_ path: String, _ error: SystemError, at source: SourceLocation = SourceLocation()) -> Self {
        system("list the directory", path, error, at: source)
    }

    static func creating(_ path: String, _ error: SystemError, at source: SourceLocation = SourceLocation()) -> Self {
        system("create a file for", path, error, at: source)
    }

    static func makingDirectory(
        _ path: String,
        _ error: SystemError,
        at source: SourceLocation = SourceLocation()
    ) -> Self {
        system("create the directory", path, error, at: source)
    }

    static func writing(_ path: String, _ error: SystemError, at source: SourceLocation = SourceLocation()) -> Self {
        system("write", path, error, at: source)
    }

    static func synchronizing(
        _ path: String,
        _ error: SystemError,
        at source: SourceLocation = SourceLocation()
    ) -> Self {
        system("bring to stable storage", path, error, at: source)
    }

    static func placing(_ path: String, _ error: SystemError, at source: SourceLocation = SourceLocation()) -> Self {
        system("put in place", path, error, at: source)
    }

    static func locking(_ path: String, _ error: SystemError, at source: SourceLocation = SourceLocation()) -> Self {
        system("lock", path, error, at: source)
    }

    static func deleting(_ path: String, _ error: SystemError, at source: SourceLocation = SourceLocation()) -> Self {
        system("delete", path, error, at: source)
    }

    private static func system(
        _ action: String,
        _ path: String,
        _ error: SystemError,
        at source: SourceLocation
    ) -> Self {
        let (code, advice) = meaning(of: error.number)
        return Self(code, "Could not \(action) \(path): \(error.reason). \(advice)", cause: error, location: source)
    }

    private static func meaning(of number: Int32) -> (Code, String) {
        switch number {
        case ENOENT:
            (.notFound, "Check that nobody moves or deletes directories of the store while it is in use.")
        case EACCES, EPERM:
            (.permissionDenied, "Give this user the permission, or choose a directory of its own.")
        case EROFS:
            (.readOnly, "Mount the file system for writing, or choose another directory.")
        case ENOSPC:
            (.storageFull, "Free some space (or inodes: see `df -i`) and try again.")
        case EDQUOT:
            (.storageFull, "Free some space or raise the quota, and try again.")
        case EFBIG:
            (.storageFull, "The file system or `ulimit -f` allows no larger file; raise the limit.")
        case ENAMETOOLONG:
            (.invalidKey, "Use a key whose components have at most 255 bytes.")
        case ENOTDIR:
            (.invalidKey, "An object has the name of a directory above it, and a directory store cannot hold both.")
        case EISDIR, ENOTEMPTY, EEXIST:
            (.invalidKey, "Other objects are in a directory of that name, and a directory store cannot hold both.")
        case ELOOP:
            (.invalidKey, "It is a symbolic link, which a store does not follow; remove it.")
        case EMFILE, ENFILE:
            (.unavailable, "Raise the limit of open files (`ulimit -n`) and try again.")
        case EAGAIN, EBUSY, EINTR, ENOMEM, ENOLCK, ESTALE, ETIMEDOUT:
            (.unavailable, "Try again.")
        case EXDEV:
            (.failed, "It is on another file system than the store's root; mount only whole stores.")
        case EIO:
            (.failed, "The device failed; look at the system's log before trusting it again.")
        default:
            (.failed, "See errno(3) for the number, and the system's log.")
        }
    }
}
