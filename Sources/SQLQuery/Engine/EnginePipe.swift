#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A pipe between this program and an engine.
struct EnginePipe {
    let readEnd: Int32
    let writeEnd: Int32

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

    /// Closes one of the ends.
    static func close(_ descriptor: Int32) {
        #if canImport(Glibc)
        Glibc.close(descriptor)
        #elseif canImport(Musl)
        Musl.close(descriptor)
        #else
        Darwin.close(descriptor)
        #endif
    }
}
