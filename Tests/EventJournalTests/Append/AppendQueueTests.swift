import Synchronization
import Testing

@testable import EventJournal

@Suite("Append queue")
struct AppendQueueTests {
    private struct Refused: Error, Equatable {
        var group: [String]
    }

    /// What a queue stores into: it notes each group, and holds it until the test lets it go.
    private final class Sink: Sendable {
        private struct State {
            var groups: [[String]] = []
            var outcomes: [Result<Void, any Error>] = []
            var held: CheckedContinuation<Void, Never>?
        }
        private let state = Mutex(State())

        /// The ids of each group, in the order they were stored.
        var groups: [[String]] { state.withLock { $0.groups } }

        func store(_ batch: EventBatch) async throws {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    state.groups.append((0..<batch.count).map { batch[$0].id })
                    state.held = continuation
                }
            }
            try Task.checkCancellation()
            try state.withLock { $0.outcomes.removeFirst() }.get()
        }

        /// Waits for group `number` to be underway.
        func waitForGroup(_ number: Int) async {
            while state.withLock({ $0.groups.count <= number || $0.held == nil }) { await Task.yield() }
        }

        /// Ends the storing of group `number` in this way.
        func end(_ number: Int, _ outcome: Result<Void, any Error> = .success(())) async {
            await waitForGroup(number)
            let held = state.withLock { state in
                state.outcomes = [outcome]
                defer { state.held = nil }
                return state.held
            }
            held?.resume()
        }
    }

    private static func batch(_ id: String, bytes: Int = 1) -> EventBatch {
        EventBatch([Event(id: id, timestamp: 0, data: Array(repeating: 0, count: bytes))])
    }

    /// Begins an append and returns when it is in the queue behind `others` that wait.
    private static func begin(_ queue: AppendQueue, _ id: String, bytes: Int = 1, behind others: Int) async
        -> Task<Void, any Error>
    {
        let task = Task { try await queue.append(batch(id, bytes: bytes)) }
        while queue.waitingCount <= others { await Task.yield() }
        return task
    }

    /// A queue whose first caller, `leader`, is storing, and callers with these ids that wait in this order.
    private static func busy(
        _ sink: Sink,
        groupPayloadBytes: Int = 1000,
        waiting: [(id: String, bytes: Int)]
    ) async -> (leader: Task<Void, any Error>, followers: [Task<Void, any Error>]) {
        let queue = AppendQueue(groupPayloadBytes: groupPayloadBytes) { try await sink.store($0) }
        let leader = Task { try await queue.append(batch("leader")) }
        await sink.waitForGroup(0)
        var followers: [Task<Void, any Error>] = []
        for (number, caller) in waiting.enumerated() {
            followers.append(await begin(queue, caller.id, bytes: caller.bytes, behind: number))
        }
        return (leader, followers)
    }

    @Test("a lone caller's batch goes at once and alone")
    func alone() async throws {
        let sink = Sink()
        let (leader, _) = await Self.busy(sink, waiting: [])
        await sink.end(0)
        try await leader.value
        #expect(sink.groups == [["leader"]])
    }

    @Test("what arrives while one group is being stored goes into the next, in order")
    func sharing() async throws {
        let sink = Sink()
        let (leader, followers) = await Self.busy(sink, waiting: [("a", 1), ("b", 1), ("c", 1)])
        await sink.end(0)
        try await leader.value
        await sink.end(1)
        for follower in followers { try await follower.value }
        #expect(sink.groups == [["leader"], ["a", "b", "c"]])
    }

    @Test("a group ends before its payload passes the bound, and a larger batch goes alone")
    func bound() async throws {
        let sink = Sink()
        let (leader, followers) = await Self.busy(
            sink,
            groupPayloadBytes: 10,
            waiting: [("a", 4), ("b", 6), ("c", 1), ("huge", 50), ("d", 10), ("e", 0), ("f", 1)]
        )
        for number in 0..<6 { await sink.end(number) }
        try await leader.value
        for follower in followers { try await follower.value }
        #expect(sink.groups == [["leader"], ["a", "b"], ["c"], ["huge"], ["d", "e"], ["f"]])
    }

    @Test("an error reaches every caller of its group and nobody else")
    func errors() async throws {
        let sink = Sink()
        let (leader, followers) = await Self.busy(
            sink,
            groupPayloadBytes: 2,
            waiting: [("a", 1), ("b", 1), ("c", 1), ("d", 1)]
        )
        await sink.end(0, .failure(Refused(group: ["leader"])))
        await #expect(throws: Refused(group: ["leader"])) { try await leader.value }
        await sink.end(1, .failure(Refused(group: ["a", "b"])))
        for follower in followers.prefix(2) {
            await #expect(throws: Refused(group: ["a", "b"])) { try await follower.value }
        }
        await sink.end(2)
        for follower in followers.suffix(2) { try await follower.value }
        #expect(sink.groups == [["leader"], ["a", "b"], ["c", "d"]])
    }

    @Test("callers do not fail with a leader that was cancelled: they store again, without it")
    func cancelledLeader() async throws {
        let sink = Sink()
        let (leader, followers) = await Self.busy(sink, waiting: [("a", 1), ("b", 1), ("c", 1)])
        await sink.end(0)
        try await leader.value
        await sink.waitForGroup(1)
        followers[0].cancel()
        await sink.end(1)
        await #expect(throws: CancellationError.self) { try await followers[0].value }
        await sink.end(2)
        for follower in followers.dropFirst() { try await follower.value }
        #expect(sink.groups == [["leader"], ["a", "b", "c"], ["b", "c"]])
    }

    @Test("a caller that is cancelled while others store for it gets their answer")
    func cancelledFollower() async throws {
        let sink = Sink()
        let (leader, followers) = await Self.busy(sink, waiting: [("a", 1), ("b", 1)])
        followers[1].cancel()
        await sink.end(0)
        try await leader.value
        await sink.end(1)
        for follower in followers { try await follower.value }
        #expect(sink.groups == [["leader"], ["a", "b"]])
    }

    @Test("is as good as new after each outcome")
    func idleAgain() async throws {
        let sink = Sink()
        let queue = AppendQueue(groupPayloadBytes: 10) { try await sink.store($0) }
        for number in 0..<6 {
            let fails = number % 2 == 1
            let task = Task { try await queue.append(Self.batch("\(number)")) }
            if number % 3 == 2 { task.cancel() }
            await sink.end(number, fails ? .failure(Refused(group: [])) : .success(()))
            let result = await task.result
            switch (result, number % 3 == 2, fails) {
            case (.success, false, false): break
            case (.failure(let error), true, _): #expect(error is CancellationError)
            case (.failure(let error), false, true): #expect(error is Refused)
            default: Issue.record("append \(number) ended with \(result)")
            }
        }
        #expect(sink.groups.count == 6 && queue.waitingCount == 0)
    }
}
