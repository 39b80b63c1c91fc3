internal import Dispatch

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// What an engine answers while it runs: its own end takes it some milliseconds that nobody has to wait for.
///
/// A pipe with a name in the directory that the engine works in, so that what it prints to its output is left to rows.
final class EngineOutput: Sendable {
    /// What has been read.
    struct Text {
        /// As it was printed, without the line that ends it; what is no UTF-8 in it is replaced.
        var text: String
        /// Whether that line came.
        var isComplete: Bool
    }

    /// What the engine has to print to: `.output` with this name.
    static let name = "answer"
    private let pipe: EnginePipe

    /// Makes the pipe.
    ///
    /// - Parameter scratch: Where the engine works.
    /// - Throws: ``SQLError/Code/failed`` when it cannot be made.
    init(in scratch: ScratchDirectory) throws(SQLError) {
        pipe = try EnginePipe(path: "\(scratch.path)/\(EngineOutput.name)")
    }

    /// Says that the engine has ended, and so that nothing comes any more; whoever runs it has to.
    func end() { pipe.endWriting() }

    /// Reads through a line, or what there is when the engine ends before, or more than so many bytes.
    ///
    /// A thread waits meanwhile. This is not cancelled by itself: the engine is, and its end ends this.
    func text(throughLine line: String, limit: Int) async -> Text {
        let ending = Array("\(line)\n".utf8)
        return await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .userInitiated)
                .async {
                    continuation.resume(returning: self.readAll(ending, limit))
                }
        }
    }

    private func readAll(_ ending: [UInt8], _ limit: Int) -> Text {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(pipe.readEnd, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            // Behind that it is still taken, for an engine that cannot print does not end.
            if bytes.count < limit { bytes += chunk[..<count] }
            if bytes.suffix(ending.count).elementsEqual(ending) {
                bytes.removeLast(ending.count)
                return Text(text: String(decoding: bytes, as: UTF8.self), isComplete: true)
            }
        }
        return Text(text: String(decoding: bytes, as: UTF8.self), isComplete: false)
    }
}
