import ObjectStorage
import ObjectStorageTesting
import Synchronization

/// Which operation a task works for; child tasks inherit it.
enum CurrentOperation {
    @TaskLocal static var number = 0
}

/// Decides which requests go wrong.
///
/// A request is told from others by the operation it is made for, its kind, the folder of its key, and how many such
/// there were: batch ids and what else differs from run to run have no part in it, and taking operations out of a
/// program leaves the weather of the others as it was.
final class Weather: Sendable {
    /// What went wrong so far.
    struct Tally: Sendable {
        /// Faults that a caller may notice.
        var hurtful = 0
        /// Those that cut a body short.
        var truncated = 0
    }

    private struct Kind: Hashable {
        var operation: Int
        var request: StoreOperation
        var folder: Substring
    }

    private struct State {
        var tally = Tally()
        var occurrences: [Kind: Int] = [:]
        var isClear = false
    }

    private let state = Mutex(State())
    private let seed: UInt64
    private let percent: Int

    init(seed: UInt64, percent: Int) {
        self.seed = seed
        self.percent = percent
    }

    var tally: Tally { state.withLock { $0.tally } }

    /// Ends all faults.
    func clear() { state.withLock { $0.isClear = true } }

    /// The faults of a request by a process.
    func faults(_ request: StoreRequest, _ process: ModelProcess) -> [Fault] {
        let death = process.request()
        return state.withLock { state in
            if let death {
                state.tally.hurtful += 1
                return [death]
            }
            if state.isClear { return [] }
            let folder = request.key.prefix { $0 != "/" }
            let kind = Kind(operation: CurrentOperation.number, request: request.operation, folder: folder)
            let occurrence = state.occurrences[kind, default: 0]
            state.occurrences[kind] = occurrence + 1
            var random = SeededRandom(seed: hash(kind, occurrence))
            return draw(request, &random, &state.tally)
        }
    }

    private func draw(_ request: StoreRequest, _ random: inout SeededRandom, _ tally: inout Tally) -> [Fault] {
        var faults: [Fault] = []
        switch Int.random(in: 0..<10, using: &random) {
        case 0: faults.append(.yieldBefore(Int.random(in: 1..<4, using: &random)))
        case 1: faults.append(.yieldAfter(Int.random(in: 1..<4, using: &random)))
        default: break
        }
        guard Int.random(in: 0..<100, using: &random) < percent else { return faults }
        tally.hurtful += 1
        switch Int.random(in: 0..<5, using: &random) {
        case 0: faults.append(.errorBefore(.unavailable))
        case 1: faults.append(.errorAfter(.unavailable))
        case 2: faults.append(.errorAfter(.timedOut))
        case 3 where request.operation == .get:
            tally.truncated += 1
            faults.append(.truncate(Double.random(in: 0..<1, using: &random)))
        default: faults.append(.errorAfter(.failed))
        }
        return faults
    }

    private func hash(_ kind: Kind, _ occurrence: Int) -> UInt64 {
        // FNV-1a over the text, then rounds of SplitMix64 for the numbers; Swift's own hashing differs from run to run.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in kind.request.rawValue.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        for byte in kind.folder.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        for number in [UInt64(kind.operation), UInt64(occurrence)] {
            var random = SeededRandom(seed: hash ^ seed ^ number &* 0x9E37_79B9_7F4A_7C15)
            hash = random.next()
        }
        return hash
    }
}

/// A process as the store sees it: once it has died, nothing it asks has an effect.
final class ModelProcess: Sendable {
    private struct State {
        /// Requests it may make before it dies.
        var left: Int?
        var isDead = false
    }
    private let state = Mutex(State())

    /// Makes it die at its next request but so many.
    func die(at request: Int) { state.withLock { $0.left = request } }

    /// Takes a planned death back, if there was no time for it.
    func survive() { state.withLock { if !$0.isDead { $0.left = nil } } }

    var isDead: Bool { state.withLock { $0.isDead } }

    /// Counts a request; gives its fault when the process dies there, or is dead.
    func request() -> Fault? {
        state.withLock { state in
            if state.isDead { return .errorBefore(.failed) }
            guard let left = state.left else { return nil }
            state.left = left - 1
            if left > 0 { return nil }
            state.isDead = true
            // The last request of every other process still takes effect.
            return left == 0 && CurrentOperation.number % 2 == 0 ? .errorAfter(.failed) : .errorBefore(.failed)
        }
    }
}
