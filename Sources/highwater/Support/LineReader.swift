internal import EventImport
internal import ObjectStorage
internal import Synchronization

/// Blocks of lines of several inputs, one input after the other, read off the threads that compute.
final class LineReader: Sendable {
    /// A block and the input it is from.
    struct Piece: Sendable {
        var input: String
        var block: LineBlock
    }

    private struct Open: ~Copyable {
        let name: String
        var chunker: LineChunker
    }

    private struct State: ~Copyable {
        var waiting: ArraySlice<String>
        var open: Open?
        var failures: [InputError] = []
    }

    private let state: Mutex<State>
    private let blockLength: Int

    /// Makes a reader of files; `-` is standard input.
    init(_ paths: [String], blockLength: Int) {
        state = Mutex(State(waiting: paths[...]))
        self.blockLength = blockLength
    }

    /// Inputs that could not be read to their end so far.
    var failures: [InputError] { state.withLock { $0.failures } }

    /// The next block; `nil` behind the last input.
    func next() async throws -> Piece? {
        try Task.checkCancellation()
        return try await IOThreads.shared.run { self.read() }
    }

    private func read() -> Piece? {
        state.withLock { state in
            while true {
                do throws(InputError) {
                    if state.open == nil {
                        guard let path = state.waiting.popFirst() else { return nil }
                        let source = try InputSource(path: path)
                        state.open = Open(name: source.name, chunker: LineChunker(source, blockLength: blockLength))
                    }
                    if let name = state.open?.name, let block = try state.open?.chunker.next() {
                        return Piece(input: name, block: block)
                    }
                } catch {
                    state.failures.append(error)
                }
                state.open = nil
            }
        }
    }
}
