internal import CDeflate

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A segment that is being fetched into a cache; it goes when it is not finished.
final class CachePart: Sendable {
    private let path: String
    private let stem: String
    private let file: Int32

    init(path: String, stem: String, file: Int32) {
        (self.path, self.stem, self.file) = (path, stem, file)
    }

    deinit {
        // After it was published nothing has this name, or another process has begun with it anew.
        var (mine, named) = (stat(), stat())
        if unsafe fstat(file, &mine) == 0, unsafe lstat(path, &named) == 0, mine.st_ino == named.st_ino {
            _ = unsafe unlink(path)
        }
        close(file)
    }

    /// Writes bytes at their place.
    func write(_ bytes: [UInt8], at offset: Int) throws(SQLError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
                return unsafe pwrite(file, rest.baseAddress, rest.count, off_t(offset + done))
            }
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw CacheDirectory.failure("\(path) cannot be written")
            }
        }
    }

    /// The CRC-32 of what was written; `nil` when it cannot be read back.
    func checksum(bytes: Int) -> UInt32? { fileChecksum(file, bytes: bytes) }

    /// Puts it into the cache, and gives it a name for the query that fetched it.
    func publish(checksum: UInt32, link: String) throws(SQLError) {
        let name = stem + hexadecimal(checksum, digits: 8) + CacheDirectory.segment
        guard unsafe hardLink(path, link) == 0, unsafe rename(path, name) == 0 else {
            throw CacheDirectory.failure("\(name) cannot be made")
        }
    }
}

func hardLink(_ path: UnsafePointer<CChar>, _ link_: UnsafePointer<CChar>) -> Int32 { unsafe link(path, link_) }

/// The CRC-32 of an open file, from its beginning; `nil` when it cannot be read or has another length.
func fileChecksum(_ file: Int32, bytes: Int) -> UInt32? {
    var status = stat()
    guard unsafe fstat(file, &status) == 0, Int(status.st_size) == bytes else { return nil }
    var checksum: UInt32 = 0
    var position = 0
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while position < bytes {
        let count = unsafe pread(file, &chunk, chunk.count, off_t(position))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return nil }
        checksum = unsafe chunk.withUnsafeBytes { unsafe libdeflate_crc32(checksum, $0.baseAddress, count) }
        position += count
    }
    return checksum
}
