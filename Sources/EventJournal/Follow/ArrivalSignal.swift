internal import Synchronization

/// Wakes followers of this process when it has appended something.
final class ArrivalSignal: Sendable {
    private struct State {
        var count: UInt64 = 0
        var next: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }
    private let state = Mutex(State())

    /// How many arrivals there were.
    var count: UInt64 { state.withLock { $0.count } }

    /// Something has arrived.
    func notify() {
        let waiting = state.withLock { state in
            state.count += 1
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits until there were more arrivals than `count`, or for some time.
    ///
    /// - Throws: `CancellationError`, at once when the task is cancelled.
    func wait(behind count: UInt64, for duration: Duration, _ time: JournalTime) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.arrival(behind: count) }
            group.addTask { try await time.sleep(duration) }
            defer { group.cancelAll() }
            try await group.next()
        }
        try Task.checkCancellation()
    }

    private func arrival(behind count: UInt64) async {
        let ticket = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.count > count || Task.isCancelled { return true }
                    state.waiting[ticket] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume()
        }
    }
}
