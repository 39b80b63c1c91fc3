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
    private let writeEnd: Int32
    private let isWritable = Mutex(true)

    /// Makes a pipe.
    init() throws(SQLError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw EnginePipe.failure("A pipe to DuckDB cannot be made") }
        // Not at once with the making, which not every system can; children of swift-subprocess inherit nothing anyway.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    /// Makes a pipe with a name (`mkfifo(3)`), for others to write to.
    ///
    /// It does not end while this program's own write end is open, whether anybody else has opened it or not.
    init(path: String) throws(SQLError) {
        guard unsafe mkfifo(path, 0o600) == 0 else { throw ScratchDirectory.failure("\(path) cannot be made") }
        // To open one waits for somebody at the other end, unless told not to.
        readEnd = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard readEnd >= 0 else { throw ScratchDirectory.failure("\(path) cannot be read") }
        writeEnd = unsafe open(path, O_WRONLY | O_CLOEXEC)
        guard writeEnd >= 0, fcntl(readEnd, F_SETFL, 0) == 0 else {
            let error = ScratchDirectory.failure("\(path) cannot be opened")
            if writeEnd >= 0 { close(writeEnd) }
            close(readEnd)
            throw error
        }
    }

    deinit {
        endWriting()
        close(readEnd)
    }

    /// Writes to the pipe, unless its write end is closed.
    func write(_ body: (Int32) -> Void) {
        isWritable.withLock { writable in
            if writable { body(writeEnd) }
        }
    }

    /// Closes the write end, if it is open.
    func endWriting() {
        isWritable.withLock { writable in
            if writable { close(writeEnd) }
            writable = false
        }
    }

    private static func failure(_ what: String) -> SQLError {
        SQLError(.failed, "\(what): \(unsafe String(cString: strerror(errno))).")
    }
}
