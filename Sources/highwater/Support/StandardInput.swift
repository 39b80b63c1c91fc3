#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Standard input as one piece.
enum StandardInput {
    /// Reads to the end.
    ///
    /// - Throws: ``CommandError`` when there is more than `limit` bytes, or reading fails.
    static func readAll(limit: Int, what: String = "payload") throws -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe read(STDIN_FILENO, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                let reason = unsafe String(cString: strerror(errno))
                throw CommandError(status: Failure.storage, message: "Standard input cannot be read: \(reason).")
            }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else {
                throw CommandError(
                    status: Failure.usage,
                    message: "The \(what) is larger than \(Text.bytes(limit)); split it."
                )
            }
        }
    }
}
