#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A file without a name that a child process prints to, for what is to be read afterwards; gone with this.
final class TemporaryOutput: Sendable {
    let descriptor: Int32

    /// Makes the file where temporary files go.
    ///
    /// - Throws: ``CommandError`` when that cannot be written to.
    init() throws {
        let folder = SQLEngine.temporaryDirectory
        var path = Array("\(folder)/highwater-XXXXXX".utf8CString)
        let descriptor = unsafe path.withUnsafeMutableBufferPointer { path in
            guard let base = path.baseAddress else { return Int32(-1) }
            let descriptor = unsafe mkstemp(base)
            if descriptor >= 0 { unsafe unlink(base) }
            return descriptor
        }
        guard descriptor >= 0 else {
            throw CommandError(
                status: Failure.storage,
                message:
                    "No temporary file can be made in \(folder): \(unsafe String(cString: strerror(errno))). Set TMPDIR."
            )
        }
        self.descriptor = descriptor
    }

    /// What has been printed.
    ///
    /// - Throws: ``CommandError`` when it cannot be read.
    func text() throws -> String {
        var bytes: [UInt8] = []
        var offset: off_t = 0
        while true {
            let count = unsafe withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
                let count = unsafe pread(descriptor, buffer.baseAddress, buffer.count, offset)
                if count > 0 { unsafe bytes.append(contentsOf: buffer[..<count]) }
                return count
            }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            if count < 0 {
                if errno == EINTR { continue }
                throw CommandError(
                    status: Failure.storage,
                    message: "A temporary file cannot be read: \(unsafe String(cString: strerror(errno)))."
                )
            }
            offset += off_t(count)
        }
    }

    deinit { _ = close(descriptor) }
}
