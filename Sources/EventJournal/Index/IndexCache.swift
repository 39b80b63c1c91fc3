internal import Synchronization

/// What a reader keeps of runs: filters, and small runs whole; the least recently used goes first.
final class IndexCache: Sendable {
    /// Something kept.
    enum Item: Sendable {
        case filter(IndexFilter)
        case whole(IndexPages)

        var byteCount: Int {
            switch self {
            case .filter(let filter): filter.byteCount
            case .whole(let pages): pages.byteCount
            }
        }
    }

    private struct State {
        var items: [String: (item: Item, used: UInt64)] = [:]
        var bytes = 0
        var clock: UInt64 = 0
        /// Runs of the top that were asked once and whose filter is not here.
        var asked: Set<String> = []
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

    /// Notes a look-up in a run.
    ///
    /// - Returns: Whether it is not the first one.
    func note(_ run: IndexRun) -> Bool {
        state.withLock { state in
            if state.asked.count >= 4096 { state.asked = [] }
            return !state.asked.insert(run.path).inserted
        }
    }

    /// Keeps something of a run.
    func keep(_ item: Item, of run: IndexRun) {
        guard accepts(item.byteCount) else { return }
        state.withLock { state in
            if let old = state.items.removeValue(forKey: run.path) { state.bytes -= old.item.byteCount }
            while state.bytes + item.byteCount > capacity,
                let oldest = state.items.min(by: { $0.value.used < $1.value.used })
            {
                state.items.removeValue(forKey: oldest.key)
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
