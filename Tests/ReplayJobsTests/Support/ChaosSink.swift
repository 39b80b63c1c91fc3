import EventJournal
import ObjectStorageTesting
import ReplayJobs
import Synchronization

/// A sink in memory that keeps what comes, and fails at random: before a batch, in it, or behind it.
final class ChaosSink: ReplaySink {
    struct Failure: Error {}

    private struct State {
        var random: SeededRandom
        var events: [Event] = []
        var batches: [Int] = []
        var failures = 0.0
        var calls = 0
    }

    private let state: Mutex<State>
    private let delay: Duration

    var name: String { "chaos" }
    let batchRecords: Int
    var batchBytes: Int { 1 << 20 }

    init(seed: UInt64 = 1, failures: Double = 0, batchRecords: Int = 5, delay: Duration = .zero) {
        state = Mutex(State(random: SeededRandom(seed: seed), failures: failures))
        self.batchRecords = batchRecords
        self.delay = delay
    }

    /// All that came.
    var events: [Event] { state.withLock(\.events) }
    /// How many events each batch had that was acknowledged.
    var batches: [Int] { state.withLock(\.batches) }
    /// How many batches came to it, the one it is busy with included.
    var calls: Int { state.withLock(\.calls) }
    /// The share of batches that fail.
    var failures: Double {
        get { state.withLock(\.failures) }
        set { state.withLock { $0.failures = newValue } }
    }

    func send(_ batch: EventBatch) async throws {
        state.withLock { $0.calls += 1 }
        if delay > .zero { try await Task.sleep(for: delay) }
        try state.withLock { state in
            let events = (0..<batch.count).map { batch[$0] }
            guard Double.random(in: 0..<1, using: &state.random) < state.failures else {
                state.events += events
                state.batches.append(events.count)
                return
            }
            state.events += events.prefix(Int.random(in: 0...events.count, using: &state.random))
            throw Failure()
        }
    }
}
