#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Tells an engine that has been started what to do, as soon as that is known.
///
/// The engine starts with `-f /dev/stdin`, which is a pipe, and waits for a line of it while others prepare what it
/// is to read. The pipe ends when this object is closed, or this program is; so whoever starts an engine by it gives
/// it behind that nothing that may run if a line never came.
final class EngineInput: Sendable {
    /// The end the engine reads; the object's, open as long as it is.
    var readEnd: Int32 { pipe.readEnd }
    private let pipe: EnginePipe

    /// Makes a pipe.
    ///
    /// One with a name will not do: `/dev/stdin` would be opened anew, and wait for a writer that has gone.
    init() throws(SQLError) { pipe = try EnginePipe() }

    /// Has the engine read a script in the directory it works in.
    ///
    /// A few such lines fit into an empty pipe, and as this end of it is open to read as well, writing neither waits
    /// nor ends by a signal when the engine has gone.
    func read(script name: String) {
        let line = Array(".read \(name)\n".utf8)
        pipe.write { end in
            var count = -1
            repeat { count = unsafe write(end, line, line.count) } while count < 0 && errno == EINTR
        }
    }

    /// Ends the pipe, and with it what the engine was to be told.
    func close() { pipe.endWriting() }
}
