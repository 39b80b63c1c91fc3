internal import CloudSupport
internal import ObjectStorage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The reader of our output has gone; not worth a word.
struct BrokenPipe: Error {}

/// Standard output behind a large buffer, and lines for standard error.
struct Output: ~Copyable {
    private var buffer: [UInt8] = []
    private let capacity = 1 << 18
    /// Bytes written so far, buffered ones included.
    private(set) var bytes = 0

    init() { buffer.reserveCapacity(capacity + (capacity >> 2)) }

    /// Adds bytes; writes when the buffer is full.
    mutating func write(_ more: UnsafeRawBufferPointer) throws {
        unsafe buffer.append(contentsOf: more)
        bytes += more.count
        if buffer.count >= capacity { try flush() }
    }

    /// Adds text.
    mutating func write(_ text: String) throws {
        buffer.append(contentsOf: text.utf8)
        bytes += text.utf8.count
        if buffer.count >= capacity { try flush() }
    }

    /// Lets `body` write into the buffer itself.
    mutating func write(_ body: (inout [UInt8]) -> Void) throws {
        let before = buffer.count
        body(&buffer)
        bytes += buffer.count - before
        if buffer.count >= capacity { try flush() }
    }

    /// Writes what is buffered.
    ///
    /// - Throws: ``BrokenPipe`` when nobody reads any more, ``CommandError`` for anything else.
    mutating func flush() throws {
        try Output.writeAll(buffer, to: STDOUT_FILENO)
        buffer.removeAll(keepingCapacity: true)
    }

    /// One line on standard output.
    static func line(_ text: String) throws { try writeAll(Array((text + "\n").utf8), to: STDOUT_FILENO) }

    /// One line on standard error, or several; nothing in it is obeyed by the terminal, whoever wrote it.
    static func error(_ text: String) { errorText(ForeignText.lines(text) + "\n") }

    /// Text on standard error; where that cannot be written to there is nobody to tell.
    static func errorText(_ text: String) {
        do { try writeAll(Array(text.utf8), to: STDERR_FILENO) } catch { return }
    }

    /// Whether standard error is a terminal.
    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// The columns of the terminal that is standard output; `nil` when it is none.
    static var width: Int? { columns(of: STDOUT_FILENO) }

    /// The columns of the terminal that is standard error; `nil` when it is none.
    static var errorWidth: Int? { columns(of: STDERR_FILENO) }

    private static func columns(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Runs `body` while somebody reads standard output: who waits for something to print would not notice otherwise.
    ///
    /// - Throws: What `body` throws; ``BrokenPipe`` soon after the reader of a pipe has gone.
    static func whileRead<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while !isReaderGone { try await Task.sleep(for: .milliseconds(500)) }
                throw BrokenPipe()
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }

    /// Whether standard output is a pipe that nobody reads any more.
    private static var isReaderGone: Bool {
        var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return unsafe poll(&output, 1, 0) > 0 && output.revents & Int16(POLLERR | POLLHUP) != 0
    }

    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws {
        do throws(SystemError) {
            try unsafe SystemCall.write(bytes.span.bytes, to: descriptor)
        } catch {
            if error.number == EPIPE { throw BrokenPipe() }
            throw CommandError(status: Failure.storage, message: "Writing the output failed: \(error.reason).")
        }
    }
}
