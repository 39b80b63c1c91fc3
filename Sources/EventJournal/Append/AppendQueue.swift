internal import Parquet
internal import Synchronization

/// Group commit: what arrives while one object is being stored goes into the next.
///
/// There is no task of its own. The first caller to find the queue idle leads: it stores everything that waits as one
/// object, answers the others, and hands the lead to the first of those that came meanwhile. So a lone caller pays for
/// one put and nothing else, and any number of concurrent ones share puts.
final class AppendQueue: Sendable {
    /// What a waiting caller is told.
    private enum Answer {
        case stored
        case failed(any Error)
        /// Nobody stores for you any more: do it yourself, for all that wait.
        case lead
    }

    private struct Waiting {
        var batch: EventBatch
        var continuation: CheckedContinuation<Answer, Never>?
    }

    private struct State {
        var isLed = false
        var waiting: [Waiting] = []
    }

    private let state = Mutex(State())
    private let store: @Sendable (EventBatch) async throws -> Void
    /// At most this much payload is put into one object together; a larger batch goes alone.
    private let groupPayloadBytes: Int

    init(groupPayloadBytes: Int, store: @escaping @Sendable (EventBatch) async throws -> Void) {
        self.groupPayloadBytes = groupPayloadBytes
        self.store = store
    }

    /// How many callers wait for a later group than the one that is being stored.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Stores a batch, alone or with others, and returns when it is durable.
    ///
    /// - Throws: What storing threw. When the leader's task was cancelled, the others do not fail with it: they store
    ///   again, which is safe since the first write of an id wins.
    func append(_ batch: EventBatch) async throws {
        let answer = await withCheckedContinuation { continuation in
            let leads = state.withLock { state in
                if state.isLed {
                    state.waiting.append(Waiting(batch: batch, continuation: continuation))
                    return false
                }
                state.isLed = true
                state.waiting.insert(Waiting(batch: batch, continuation: nil), at: 0)
                return true
            }
            if leads { continuation.resume(returning: .lead) }
        }
        switch answer {
        case .stored: return
        case .failed(let error): throw error
        case .lead: try await lead()
        }
    }

    /// Stores the group at the head of the queue, of which the caller is the first, then passes the lead on.
    private func lead() async throws {
        let group = state.withLock { state in takeGroup(&state) }
        let result: Result<Void, any Error>
        do {
            try await store(join(group.map(\.batch)))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        let followers = group.dropFirst()
        if case .failure(let error) = result, error is CancellationError {
            // The effect is unknown and the fault is not theirs.
            state.withLock { $0.waiting.insert(contentsOf: followers, at: 0) }
        } else {
            for follower in followers {
                switch result {
                case .success: follower.continuation?.resume(returning: .stored)
                case .failure(let error): follower.continuation?.resume(returning: .failed(error))
                }
            }
        }
        let next = state.withLock { state -> CheckedContinuation<Answer, Never>? in
            guard !state.waiting.isEmpty else {
                state.isLed = false
                return nil
            }
            defer { state.waiting[0].continuation = nil }
            return state.waiting[0].continuation
        }
        next?.resume(returning: .lead)
        try result.get()
    }

    private func takeGroup(_ state: inout State) -> ArraySlice<Waiting> {
        var bytes = 0
        var count = 0
        for waiting in state.waiting {
            bytes += waiting.batch.payloads.payloadBytes
            if count > 0, bytes > groupPayloadBytes { break }
            count += 1
        }
        defer { state.waiting.removeFirst(count) }
        return state.waiting.prefix(count)
    }

    private func join(_ batches: [EventBatch]) -> EventBatch {
        guard batches.count > 1 else { return batches[0] }
        var joined = batches[0]
        for batch in batches.dropFirst() { joined.append(contentsOf: batch) }
        return joined
    }
}
