internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A pipe between this program and an engine, open as long as this object is, but for its write end.
final class EnginePipe: Sendable {
    let readEnd: Int32
    let writeEnd: Int32
    private let isWritable = Mutex(true)

    /// Makes a pipe.
    ///
    /// One with a name will not do: `/dev/stdin` would be opened anew, and wait for a writer that has gone.
    init() throws(SQLError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else {
            throw SQLError(.failed, "A pipe to DuckDB cannot be made: \(unsafe String(cString: strerror(errno))).")
        }
        // Not at once with the making, which not every system can; children of swift-subprocess inherit nothing anyway.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        endWriting()
        close(readEnd)
    }

    /// Closes the write end, after a last use of it; neither does anything when it is closed already.
    func endWriting(after last: (Int32) -> Void = { _ in }) {
        isWritable.withLock { writable in
            if writable {
                last(writeEnd)
                close(writeEnd)
            }
            writable = false
        }
    }
}
