#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Files of configuration and credentials: read at once, and not when they are large.
package enum SmallFile {
    /// Why a file could not be read.
    package struct Failure: Error, CustomStringConvertible {
        /// What the system said of which file.
        package let description: String
        /// Whether there is no such file.
        package let isMissing: Bool
    }

    /// The text of a file of at most 1 MiB.
    ///
    /// - Throws: ``Failure``.
    package static func read(_ path: String) throws(Failure) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw failure(path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { buffer in
                unsafe readSystem(descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path, errno)
            }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
            if bytes.count > 1 << 20 {
                throw Failure(
                    description: "\(path) has more than 1 MiB and is hardly what it should be",
                    isMissing: false
                )
            }
        }
    }

    private static func readSystem(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
        unsafe Glibc.read(descriptor, buffer, count)
        #elseif canImport(Musl)
        unsafe Musl.read(descriptor, buffer, count)
        #else
        unsafe Darwin.read(descriptor, buffer, count)
        #endif
    }

    private static func failure(_ path: String, _ code: Int32) -> Failure {
        let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        return Failure(description: "\(path): \(reason)", isMissing: code == ENOENT || code == ENOTDIR)
    }
}
