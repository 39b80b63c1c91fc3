public import EventJournal
internal import ObjectStorage
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A file as the sink of a replay, or standard output: NDJSON, a line for each event.
///
/// A batch counts when it is on stable storage. A job that is resumed cuts off a line that a crash left unfinished, and
/// goes on behind it.
public final class FileReplaySink: ReplaySink {
    private let path: String?
    private let format: RecordFormat
    private let descriptor = Mutex<Int32?>(nil)

    /// The path.
    public var name: String { path ?? "standard output" }
    /// At most so many events at a time.
    public var batchRecords: Int { 10_000 }
    /// And none more once their payloads have so many bytes.
    public var batchBytes: Int { 16 << 20 }

    /// Makes a sink of a file.
    ///
    /// - Parameters:
    ///   - path: The file, which a new job makes; `nil` for standard output.
    ///   - format: How events are written.
    public init(path: String?, format: RecordFormat) {
        self.path = path
        self.format = format
    }

    deinit { descriptor.withLock { if let open = $0, path != nil { close(open) } } }

    /// Makes the file, or opens it to go on.
    ///
    /// - Throws: ``ReplayJobError/Code/exists`` when a new job finds the file there and not empty,
    ///   ``ReplayJobError/Code/notFound`` when a resumed one finds none that it could go on with.
    public func begin(isResuming: Bool) async throws {
        guard let path else { return descriptor.withLock { $0 = STDOUT_FILENO } }
        let opened = try await IOThreads.shared.run { try FileReplaySink.open(path, isResuming: isResuming) }
        descriptor.withLock { $0 = opened }
    }

    /// Appends lines, and returns when they are on stable storage.
    ///
    /// - Throws: ``ReplayJobError/Code/refused`` for a payload that cannot stand on a line,
    ///   ``ReplayJobError/Code/unavailable`` when the file cannot be written.
    public func send(_ batch: EventBatch) async throws {
        var lines: [UInt8] = []
        for row in 0..<batch.count {
            try format.append(batch, row, to: &lines)
            lines.append(UInt8(ascii: "\n"))
        }
        let (text, path) = (lines, path)
        guard let descriptor = descriptor.withLock({ $0 }) else { return }
        try await IOThreads.shared.run {
            do throws(SystemFailure) {
                try FileReplaySink.writeAll(text, to: descriptor)
                if path != nil { try FileReplaySink.check(fsync(descriptor)) }
            } catch {
                throw ReplayJobError(.unavailable, "Writing \(path ?? "standard output") failed: \(error.reason).")
            }
        }
    }

    private struct SystemFailure: Error {
        let reason = unsafe String(cString: strerror(errno))
        let code = errno
    }

    private static func check(_ result: some BinaryInteger) throws(SystemFailure) {
        if result < 0 { throw SystemFailure() }
    }

    private static func open(_ path: String, isResuming: Bool) throws -> Int32 {
        #if canImport(Darwin)
        let descriptor = unsafe Darwin.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        #elseif canImport(Musl)
        let descriptor = unsafe Musl.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        #else
        let descriptor = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        #endif
        do {
            try check(descriptor)
            try seekEnd(descriptor, path, isResuming: isResuming)
            return descriptor
        } catch {
            if descriptor >= 0 { close(descriptor) }
            guard let error = error as? SystemFailure else { throw error }
            throw ReplayJobError(.unavailable, "\(path) cannot be written: \(error.reason).")
        }
    }

    /// Goes to where the next line belongs, and cuts off what a crash left of one.
    private static func seekEnd(_ descriptor: Int32, _ path: String, isResuming: Bool) throws {
        var information = stat()
        try check(unsafe fstat(descriptor, &information))
        // A pipe or a device has no end to go to.
        guard information.st_mode & S_IFMT == S_IFREG, information.st_size > 0 else { return }
        guard isResuming else {
            throw ReplayJobError(
                .exists,
                "\(path) is there already and not empty. Delete it, or send to another file."
            )
        }
        var end = information.st_size
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        search: while end > 0 {
            let start = max(0, end - off_t(chunk.count))
            let count = unsafe chunk.withUnsafeMutableBytes { buffer in
                unsafe pread(descriptor, buffer.baseAddress, Int(end - start), start)
            }
            try check(count)
            for index in stride(from: count - 1, through: 0, by: -1) where chunk[index] == UInt8(ascii: "\n") {
                end = start + off_t(index) + 1
                break search
            }
            end = start
        }
        try check(ftruncate(descriptor, end))
        try check(lseek(descriptor, end, SEEK_SET))
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(SystemFailure) {
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[start...])
                #if canImport(Darwin)
                return unsafe Darwin.write(descriptor, rest.baseAddress, rest.count)
                #elseif canImport(Musl)
                return unsafe Musl.write(descriptor, rest.baseAddress, rest.count)
                #else
                return unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
                #endif
            }
            if count < 0, errno == EINTR { continue }
            try check(count)
            start += count
        }
    }
}
