internal import Synchronization

/// What a reader keeps of runs: filters, lists of hashes, and small runs whole; the least recently used goes first.
final class IndexCache: Sendable {
    /// Something kept.
    enum Item: Sendable {
        case filter(IndexFilter)
        case hashes(IndexHashes)
        case whole(IndexPages)

        var byteCount: Int {
            switch self {
            case .filter(let filter): filter.byteCount
            case .hashes(let hashes): hashes.byteCount
            case .whole(let pages): pages.byteCount
            }
        }

        /// Whether the run has no entry with a hash, for certain.
        func excludes(_ hash: UInt64) -> Bool {
            switch self {
            case .filter(let filter): !filter.mightContain(hash)
            case .hashes(let hashes): !hashes.contains(hash)
            case .whole: false
            }
        }
    }

    private struct State {
        var items: [String: (item: Item, used: UInt64)] = [:]
        var bytes = 0
        var clock: UInt64 = 0
        /// How often runs of the top were asked since they were first asked, or since what was kept of them went.
        var asked: [String: Int] = [:]
    }

    /// The most bytes it holds.
    let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// What is kept of a run.
    func item(_ run: IndexRun) -> Item? {
        state.withLock { state in
            guard let item = state.items[run.path]?.item else { return nil }
            state.clock += 1
            state.items[run.path]?.used = state.clock
            return item
        }
    }

    /// Whether it would keep so many bytes for one run: a quarter of all at most.
    func accepts(_ bytes: Int) -> Bool { bytes <= capacity / 4 }

    /// Whether it would keep the hashes of all of these runs beside other things: seven eighths of all at most.
    func acceptsHashes(of runs: [IndexRun]) -> Bool {
        runs.reduce(0) { $0 + IndexHashes.byteCount(entries: $1.entries) } <= capacity / 8 * 7
    }

    /// Counts a look-up in a run.
    ///
    /// - Returns: Which one it is, from 1.
    func count(_ run: IndexRun) -> Int {
        state.withLock { state in
            if state.asked.count >= 4096 { state.asked = [:] }
            state.asked[run.path, default: 0] += 1
            return state.asked[run.path, default: 1]
        }
    }

    /// Counts the look-ups in a run anew.
    func restart(_ run: IndexRun) {
        state.withLock { state in state.asked[run.path] = nil }
    }

    /// Keeps something of a run.
    func keep(_ item: Item, of run: IndexRun) {
        if case .hashes = item {
            guard item.byteCount <= capacity / 8 * 7 else { return }
        } else {
            guard accepts(item.byteCount) else { return }
        }
        state.withLock { state in
            // A filter that was read at the same time says less.
            if case .filter = item, case .hashes = state.items[run.path]?.item { return }
            if let old = state.items.removeValue(forKey: run.path) { state.bytes -= old.item.byteCount }
            while state.bytes + item.byteCount > capacity,
                let oldest = state.items.min(by: { $0.value.used < $1.value.used })
            {
                state.items.removeValue(forKey: oldest.key)
                state.asked[oldest.key] = nil
                state.bytes -= oldest.value.item.byteCount
            }
            state.clock += 1
            state.items[run.path] = (item, state.clock)
            state.bytes += item.byteCount
        }
    }

    /// The bytes it holds.
    var bytes: Int { state.withLock { $0.bytes } }
}
