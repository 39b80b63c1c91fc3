internal import Parquet

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// What a file that a job has sent to is known by: how long it was, what its last bytes were, and which file it was.
///
/// A file with whole lines may be anybody's; one that has these bytes at this place was the job's, also where it was
/// copied to. Of an empty one only the device and the inode tell.
struct FileMark: Hashable {
    private var length: Int
    /// XXH64 of the last bytes, at most ``tail`` of them.
    private var hash: UInt64
    private var device: UInt64
    private var inode: UInt64

    private static let tail = 64 << 10

    /// How a file that is there differs from the one that was marked.
    enum Difference: String {
        case isShorter = "is shorter than what the job has sent to it"
        case hasOtherLines = "has other lines than those that the job has sent to it"
        case isAnother = "is another file than the one that the job made, and not empty"
    }

    /// Looks at an open file, up to its position.
    ///
    /// One read of 64 KiB.
    ///
    /// - Returns: `nil` when it cannot be read, or is no file.
    init?(of descriptor: Int32) {
        let length = lseek(descriptor, 0, SEEK_CUR)
        guard length >= 0 else { return nil }
        self.init(of: descriptor, length: Int(length))
    }

    private init?(of descriptor: Int32, length: Int) {
        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG,
            let hash = FileMark.hash(descriptor, upTo: length)
        else { return nil }
        self.length = length
        self.hash = hash
        device = UInt64(truncatingIfNeeded: information.st_dev)
        inode = UInt64(truncatingIfNeeded: information.st_ino)
    }

    private static func hash(_ descriptor: Int32, upTo end: Int) -> UInt64? {
        var bytes = [UInt8](repeating: 0, count: min(tail, end))
        var filled = 0
        while filled < bytes.count {
            let place = off_t(end - bytes.count + filled)
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                return unsafe pread(descriptor, rest.baseAddress, rest.count, place)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            filled += count
        }
        return BloomFilter.hash(bytes)
    }

    /// Whether an open file is the one that was marked, perhaps with more behind it.
    ///
    /// - Returns: How it differs; `nil` when it does not, and for what is no file.
    func difference(to descriptor: Int32) -> Difference? {
        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
        guard information.st_size >= length else { return .isShorter }
        guard length == 0 else {
            return FileMark.hash(descriptor, upTo: length) == hash ? nil : .hasOtherLines
        }
        let isSame =
            UInt64(truncatingIfNeeded: information.st_dev) == device
            && UInt64(truncatingIfNeeded: information.st_ino) == inode
        return isSame || information.st_size == 0 ? nil : .isAnother
    }

    // MARK: - Text

    /// As it is noted.
    var text: String { [UInt64(length), hash, device, inode].map { String($0, radix: 16) }.joined(separator: "-") }

    /// Reads the text; `nil` for another.
    init?(_ text: String) {
        let parts = text.split(separator: "-").compactMap { UInt64($0, radix: 16) }
        guard parts.count == 4, let length = Int(exactly: parts[0]) else { return nil }
        (self.length, hash, device, inode) = (length, parts[1], parts[2], parts[3])
    }
}
