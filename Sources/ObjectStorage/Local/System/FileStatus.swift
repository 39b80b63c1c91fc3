#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What `stat(2)` says of a file, as far as a store needs it.
struct FileStatus: Sendable {
    enum Kind: Sendable {
        case file
        case directory
        case other
    }

    let kind: Kind
    let inode: UInt64
    let size: UInt64
    let seconds: Int64
    let nanoseconds: Int64

    init(_ status: stat) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .directory
        default: kind = .other
        }
        inode = UInt64(status.st_ino)
        size = UInt64(max(status.st_size, 0))
        #if canImport(Darwin)
        let time = status.st_mtimespec
        #else
        let time = status.st_mtim
        #endif
        seconds = Int64(time.tv_sec)
        nanoseconds = Int64(time.tv_nsec)
    }

    /// The time of modification in microseconds since 1970.
    var lastModified: Int64 { seconds &* 1_000_000 &+ nanoseconds / 1000 }

    /// The entity tag: inode, size and time of modification in hexadecimal.
    ///
    /// A replaced object has another inode than the one before it, but may get that of an earlier version. Every write
    /// therefore stamps its file with the clock's nanoseconds, where the kernel's own stamp may stand still for
    /// milliseconds; so a tag comes again only if an inode does in the very same nanosecond.
    var entityTag: String {
        unsafe String(unsafeUninitializedCapacity: 50) { buffer in
            var end = 0
            func append(_ value: UInt64) {
                var shift = max(0, (63 - value.leadingZeroBitCount) / 4) * 4
                while shift >= 0 {
                    let digit = UInt8((value >> UInt64(shift)) & 15)
                    unsafe buffer[end] = digit < 10 ? digit + 48 : digit + 87
                    end += 1
                    shift -= 4
                }
            }
            func appendDash() {
                unsafe buffer[end] = UInt8(ascii: "-")
                end += 1
            }
            append(inode)
            appendDash()
            append(size)
            appendDash()
            append(UInt64(bitPattern: seconds &* 1_000_000_000 &+ nanoseconds))
            return end
        }
    }

    /// The metadata of the object that the file holds.
    func metadata(_ key: String) -> ObjectMetadata {
        ObjectMetadata(key: key, size: size, entityTag: entityTag, lastModified: lastModified)
    }
}
