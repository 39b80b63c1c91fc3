internal import EventImport
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Says on standard error which lines were rejected, and keeps them in a file if one is named.
final class RejectLog: Sendable {
    private struct State {
        var count = 0
        var buffer: [UInt8] = []
    }

    /// More than these are only counted, lest a wrong field name fill the terminal.
    private static let shown = 100
    private let descriptor: Int32?
    private let path: String
    private let state = Mutex(State())

    /// - Throws: ``CommandError`` when the file cannot be created.
    init(path: String?) throws {
        self.path = path ?? ""
        guard let path else {
            descriptor = nil
            return
        }
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw CommandError(status: Failure.storage, message: "\(path) cannot be written: \(reason).")
        }
        self.descriptor = descriptor
    }

    deinit { if let descriptor { close(descriptor) } }

    /// Reports one line.
    func add(_ line: RejectedEvent) throws {
        try state.withLock { state in
            state.count += 1
            if state.count <= RejectLog.shown {
                let column = line.column.map { ":\($0)" } ?? ""
                Output.error("\(line.input):\(line.line)\(column): \(line.reason)")
            } else if state.count == RejectLog.shown + 1 {
                Output.error(
                    "… further rejected lines are only counted\(descriptor == nil ? "" : " and kept in \(path)")."
                )
            }
            guard let descriptor else { return }
            state.buffer.append(contentsOf: line.bytes)
            state.buffer.append(UInt8(ascii: "\n"))
            if state.buffer.count >= 1 << 18 { try RejectLog.flush(&state, to: descriptor) }
        }
    }

    /// Writes what is buffered.
    func finish() throws {
        guard let descriptor else { return }
        try state.withLock { try RejectLog.flush(&$0, to: descriptor) }
    }

    private static func flush(_ state: inout State, to descriptor: Int32) throws {
        try Output.writeAll(state.buffer, to: descriptor)
        state.buffer.removeAll(keepingCapacity: true)
    }
}
