internal import ObjectStorage
internal import Synchronization

/// Reads one window ahead of the consumer.
///
/// An `AsyncSequence` has no scope that could own a child task, so this makes a task of its own, as ``ReadAhead`` does
/// for requests. It lives as long as the iterator: `deinit` cancels it, and so does cancellation of the consumer.
final class ReplayPipeline: Sendable {
    private typealias Window = Task<[EventBatch]?, any Error>

    private let source: ReplaySource
    private let ahead = Mutex<Window?>(nil)

    init(_ source: ReplaySource) { self.source = source }

    deinit { ahead.withLock { $0?.cancel() } }

    /// The next window's batches; `nil` behind the last, and from then on.
    func next() async throws -> [EventBatch]? {
        try Task.checkCancellation()
        let current = ahead.withLock { $0 } ?? read()
        let batches = try await withTaskCancellationHandler {
            try await current.value
        } onCancel: {
            current.cancel()
        }
        if batches != nil { _ = read() }
        return batches
    }

    private func read() -> Window {
        let source = source
        let task = Window(executorPreference: IOThreads.shared) { try await source.next() }
        ahead.withLock { $0 = task }
        return task
    }
}
