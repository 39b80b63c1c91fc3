import EventJournal
import ObjectStorage
import ObjectStorageTesting
import Synchronization

/// What a journal must say, worked out in the plainest way from the rows that are on the store.
struct JournalModel {
    /// Every row on the store.
    private(set) var rows: [StoredRow] = []
    private var known: Set<String> = []

    /// Reads the segments that have come since the last call, and returns their rows by segment.
    mutating func update(from store: MemoryObjectStore) async throws -> [[StoredRow]] {
        var new: [[StoredRow]] = []
        for object in try await store.list(ListOptions(prefix: "_inbox/")).objects
        where known.insert(object.key).inserted {
            let bytes = try await store.get(object.key, range: nil).bytes
            new.append(try SegmentRows.read(object.key, bytes))
        }
        rows += new.joined()
        return new
    }

    /// The row that counts for each id: the first write.
    var winners: [String: StoredRow] {
        Dictionary(rows.map { ($0.event.id, $0) }) { $0.arrived(before: $1) ? $0 : $1 }
    }

    /// What a replay of a range gives.
    func replay(after: Timestamp?, through: Timestamp?) -> [Event] {
        winners.values
            .filter { row in
                after.map { row.event.timestamp > $0 } ?? true && through.map { row.event.timestamp <= $0 } ?? true
            }
            .sorted { left, right in
                left.event.timestamp != right.event.timestamp
                    ? left.event.timestamp < right.event.timestamp : left.arrived(before: right)
            }
            .map(\.event)
    }
}

/// A clock that a test sets; it may stand still and go back.
final class FakeClock: Sendable {
    private let time: Mutex<Int64>

    init(_ microseconds: Int64) { time = Mutex(microseconds) }

    var now: Timestamp { Timestamp(microseconds: time.withLock { $0 }) }
    func move(by microseconds: Int64) { time.withLock { $0 += microseconds } }
}

/// The weather a program runs in: which requests fail, by chance, until it clears.
final class FaultyWeather: Sendable {
    private struct State {
        var random: SeededRandom
        var hurtful = 0
        var truncated = 0
    }
    private let state: Mutex<State>
    /// How many of a hundred requests fail.
    private let percent: Int

    init(seed: UInt64, percent: Int) {
        state = Mutex(State(random: SeededRandom(seed: seed)))
        self.percent = percent
    }

    /// How many faults were injected that a caller can notice.
    var hurtful: Int { state.withLock { $0.hurtful } }
    /// How many of them cut a body short.
    var truncated: Int { state.withLock { $0.truncated } }

    func faults(for request: StoreRequest) -> [Fault] {
        state.withLock { state in
            var faults: [Fault] = []
            if Int.random(in: 0..<100, using: &state.random) < 20 {
                faults.append(.yieldBefore(Int.random(in: 1..<4, using: &state.random)))
            }
            guard Int.random(in: 0..<100, using: &state.random) < percent else { return faults }
            state.hurtful += 1
            switch Int.random(in: 0..<4, using: &state.random) {
            case 0: faults.append(.errorBefore(.unavailable))
            case 1: faults.append(.errorAfter(.unavailable))
            case 2 where request.operation == .get:
                state.truncated += 1
                faults.append(.truncate(Double.random(in: 0..<1, using: &state.random)))
            default: faults.append(.errorAfter(.failed))
            }
            return faults
        }
    }
}
