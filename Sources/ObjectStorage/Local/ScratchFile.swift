internal import Synchronization

/// A file that is being written and is not an object yet.
///
/// It goes when its owner lets go of it, unless it was published before.
final class ScratchFile: Sendable {
    let descriptor: FileDescriptor
    /// Where it is; `nil` for a file without a name, which the kernel clears even if the process is killed.
    let path: String?
    private let isPublished = Atomic(false)

    init(_ descriptor: consuming FileDescriptor, path: String?) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { discard() }

    /// Removes the temporary name now, if there is one; the descriptor stays open.
    func discard() {
        guard let path, !isPublished.exchange(true, ordering: .relaxed) else { return }
        do {
            try SystemCall.unlink(path)
        } catch {
            // What cannot be cleared now is cleared as a leftover later; there is nobody here to tell.
        }
    }

    /// Notes that the name is gone from the scratch directory.
    func markPublished() { isPublished.store(true, ordering: .relaxed) }

    /// The name for messages.
    func description(for target: LocalPath) -> String { path ?? target.path }
}
