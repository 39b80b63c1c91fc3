internal import Synchronization

/// An upload into a file that becomes an object at the end.
final class LocalUpload: ObjectUpload {
    private enum State {
        case open(ScratchFile)
        /// A call is at work.
        case busy
        case ended
    }

    private let directory: LocalDirectory
    private let target: LocalPath
    private let mode: PutMode
    private let threads: IOThreads
    private let state: Mutex<State>

    init(_ scratch: ScratchFile, at target: LocalPath, mode: PutMode, in directory: LocalDirectory, threads: IOThreads)
    {
        self.directory = directory
        self.target = target
        self.mode = mode
        self.threads = threads
        state = Mutex(.open(scratch))
    }

    func write(_ bytes: [UInt8]) async throws {
        try Task.checkCancellation()
        let scratch = try takeScratch()
        // After an error it is not known how much was written: the upload then stays ended, and its file goes.
        var next = State.ended
        defer { giveBack(next) }
        try await threads.run { [directory, target] in try directory.write(bytes, to: scratch, for: target) }
        next = .open(scratch)
    }

    func complete() async throws -> ObjectMetadata {
        try Task.checkCancellation()
        let scratch = try takeScratch()
        defer { giveBack(.ended) }
        return try await threads.run { [directory, target, mode] in
            try directory.publish(scratch, at: target, mode: mode)
        }
    }

    func abort() async {
        let abandoned: ScratchFile? = state.withLock { state in
            defer { state = .ended }
            guard case .open(let scratch) = state else { return nil }
            return scratch
        }
        guard let abandoned else { return }
        do {
            try await threads.run { abandoned.discard() }
        } catch {
            // The closure throws nothing.
        }
    }

    /// The file, for one call to work on.
    private func takeScratch() throws -> ScratchFile {
        let taken: ScratchFile? = try state.withLock { state in
            switch state {
            case .open(let scratch):
                state = .busy
                return scratch
            case .busy:
                throw ObjectStoreError(
                    .failed,
                    "Two calls on the upload of \(target.path) overlap; await each before the next."
                )
            case .ended:
                return nil
            }
        }
        guard let taken else { throw ObjectStoreError.uploadEnded(target.path) }
        return taken
    }

    private func giveBack(_ next: State) {
        state.withLock { state in
            // An abort in the meantime stands.
            if case .busy = state { state = next }
        }
    }
}
