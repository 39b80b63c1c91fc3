public import EventJournal
internal import ObjectStorage
internal import Parquet
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
/// A batch counts when it is on stable storage; in a pipe or a device when it is written. A job that is resumed cuts
/// off a line that a crash left unfinished, and goes on behind it.
public final class FileReplaySink: ReplaySink {
    private let path: String?
    private let format: RecordFormat
    private let target = Mutex<Target?>(nil)

    /// What is open, and whether it keeps what it gets.
    private struct Target: Sendable {
        var descriptor: Int32
        var isStored: Bool
        /// What the file is known by; `nil` of pipes and devices.
        var mark: FileMark?
    }

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

    deinit { target.withLock { if let open = $0, path != nil { close(open.descriptor) } } }

    /// Makes the file, or opens it to go on.
    ///
    /// A named pipe is opened when there is something to send: to open one waits for its reader, which takes a close
    /// for the end.
    ///
    /// - Throws: ``ReplayJobError/Code/exists`` when a new job finds the file there and not empty,
    ///   ``ReplayJobError/Code/notFound`` when a resumed one finds none that it could go on with.
    public func begin(_ start: ReplaySinkStart) async throws { try await begin(start, mark: nil) }

    /// The same, unless the file is not the one that the job has sent to.
    ///
    /// - Throws: As ``begin(_:)``; ``ReplayJobError/Code/notFound`` also when the file is another one than was marked,
    ///   and ``ReplayJobError/Code/exists`` when that is not known to have got anything.
    public func begin(_ start: ReplaySinkStart, mark: String?) async throws {
        let mark = mark.flatMap { FileMark($0) }
        guard let path else {
            return target.withLock { $0 = Target(descriptor: STDOUT_FILENO, isStored: false) }
        }
        let opened = try await IOThreads.shared.run { () throws -> Target? in
            FileReplaySink.kind(of: path) == S_IFIFO ? nil : try FileReplaySink.open(path, start, mark)
        }
        target.withLock { $0 = opened }
    }

    /// What the file is known by: its length, its last bytes, its device and inode; `nil` of pipes and devices.
    public var mark: String? { target.withLock { $0?.mark?.text } }

    /// Appends lines, and returns when they are on stable storage.
    ///
    /// - Throws: ``ReplayJobError/Code/refused`` for a payload that cannot stand on a line,
    ///   ``ReplayJobError/Code/unavailable`` when the file cannot be written.
    public func send(_ batch: EventBatch) async throws { try await append(lines(batch)) }

    /// Makes lines of events.
    ///
    /// - Throws: ``ReplayJobError/Code/refused`` for a payload that cannot stand on a line.
    public func encode(_ batch: EventBatch) async throws -> EncodedBatch {
        let lines = try lines(batch)
        return EncodedBatch { try await self.append(lines) }
    }

    private func lines(_ batch: EventBatch) throws -> [UInt8] {
        var lines: [UInt8] = []
        lines.reserveCapacity(batch.payloads.payloadBytes + batch.count)
        for row in 0..<batch.count {
            try format.append(batch, row, to: &lines)
            lines.append(UInt8(ascii: "\n"))
        }
        return lines
    }

    private func append(_ text: [UInt8]) async throws {
        let path = path
        let known = target.withLock(\.self)
        let target = try await IOThreads.shared.run { () throws -> Target? in
            if let known { return known }
            return try path.map { try FileReplaySink.open($0, .repeated, nil) }
        }
        guard let target else { return }
        self.target.withLock { $0 = target }
        let mark = try await IOThreads.shared.run {
            do throws(SystemError) {
                try unsafe SystemCall.write(text.span.bytes, to: target.descriptor)
                // A second one after one that failed can succeed although the lines are lost.
                if target.isStored, fsync(target.descriptor) < 0 { throw SystemError(number: errno) }
            } catch {
                throw ReplayJobError(.unavailable, "Writing \(path ?? "standard output") failed: \(error.reason).")
            }
            return target.isStored ? FileMark(of: target.descriptor) : nil
        }
        self.target.withLock { $0?.mark = mark }
    }

    /// What a path names, as `S_IFMT` tells; `nil` when there is nothing.
    private static func kind(of path: String) -> mode_t? {
        var information = stat()
        return unsafe stat(path, &information) == 0 ? information.st_mode & S_IFMT : nil
    }

    private static func open(_ path: String, _ start: ReplaySinkStart, _ mark: FileMark?) throws -> Target {
        let kind = kind(of: path)
        let isFile = kind == nil || kind == S_IFREG
        // A new file in the place of the one that was sent to would hide that its records are gone.
        let flags = (isFile ? (start == .resumed ? O_RDWR : O_RDWR | O_CREAT) : O_WRONLY) | O_CLOEXEC
        var descriptor: Int32 = -1
        do {
            descriptor = try SystemCall.check { openFile(path, flags) }
            if start != .first, let difference = mark?.difference(to: descriptor) {
                throw start == .resumed ? gone(path, difference.rawValue) : taken(path, difference.rawValue)
            }
            let isStored = try seekEnd(descriptor, path, start)
            return Target(
                descriptor: descriptor,
                isStored: isStored,
                mark: isStored ? FileMark(of: descriptor) : nil
            )
        } catch {
            if descriptor >= 0 { close(descriptor) }
            guard let error = error as? SystemError else { throw error }
            if error.number == ENOENT, start == .resumed { throw gone(path, "is not there") }
            throw ReplayJobError(.unavailable, "\(path) cannot be written: \(error.reason).")
        }
    }

    private static func taken(_ path: String, _ state: String) -> ReplayJobError {
        ReplayJobError(.exists, "\(path) \(state). Move it away, or send to another file.")
    }

    private static func gone(_ path: String, _ state: String) -> ReplayJobError {
        ReplayJobError(
            .notFound,
            "The job has sent records to \(path), but on this machine it \(state). Resume the job where the file is, or put it back; if the "
                + "records are lost, cancel the job and begin another with `replay-to`."
        )
    }

    /// Goes to where the next line belongs, and cuts off what a crash left of one.
    ///
    /// - Returns: Whether it is a file; a pipe or a device has no end to go to.
    private static func seekEnd(_ descriptor: Int32, _ path: String, _ start: ReplaySinkStart) throws -> Bool {
        var information = stat()
        try SystemCall.check { unsafe fstat(descriptor, &information) }
        guard information.st_mode & S_IFMT == S_IFREG else { return false }
        if start == .first {
            if information.st_size == 0 { return true }
            throw taken(path, "is there already and not empty")
        }
        var end = information.st_size
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        search: while end > 0 {
            let start = max(0, end - off_t(chunk.count))
            let count = try SystemCall.check {
                unsafe chunk.withUnsafeMutableBytes { buffer in
                    unsafe pread(descriptor, buffer.baseAddress, Int(end - start), start)
                }
            }
            for index in stride(from: count - 1, through: 0, by: -1) where chunk[index] == UInt8(ascii: "\n") {
                end = start + off_t(index) + 1
                break search
            }
            end = start
        }
        // Nothing is cut off what has no line of this job.
        if end == 0, start == .resumed {
            throw gone(path, information.st_size == 0 ? "is empty" : "has not one whole line")
        }
        try SystemCall.check { ftruncate(descriptor, end) }
        try SystemCall.check { lseek(descriptor, end, SEEK_SET) }
        return true
    }
}

// Inside the sink the bare name means its own method.
private func openFile(_ path: String, _ flags: Int32) -> Int32 { unsafe open(path, flags, 0o644) }
