import EventJournal

/// Which batch ids an actor must know of: what it writes sorts behind them.
struct Causality {
    /// For each actor the greatest batch id that its journal has stored or listed.
    private var known: [UUIDv7?]

    init(actors: Int) { known = Array(repeating: nil, count: actors) }

    /// The actor begins as a new process that knows nothing.
    mutating func forget(_ actor: Int) { known[actor] = nil }

    /// The actor has stored or listed these.
    mutating func learn(_ actor: Int, _ batches: some Sequence<UUIDv7>) {
        known[actor] = batches.reduce(known[actor]) { greatest, batch in greatest.map { max($0, batch) } ?? batch }
    }

    /// Whether the actor may give this batch id to what it writes.
    func allows(_ batch: UUIDv7, _ actor: Int) -> Bool { known[actor].map { $0 < batch } ?? true }
}
