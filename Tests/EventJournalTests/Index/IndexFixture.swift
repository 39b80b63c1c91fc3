import ObjectStorage
import ObjectStorageTesting

@testable import EventJournal

/// An index in memory beside the plain dictionary it must agree with.
struct IndexFixture {
    let store = MemoryObjectStore()
    let counting: CountingObjectStore
    let generator = UUIDv7Generator()
    var limits = IndexLimits.standard
    var runs: [IndexRun] = []
    var model: [UInt64: Set<Int64>] = [:]

    init(limits: IndexLimits = .standard) {
        counting = CountingObjectStore(store)
        self.limits = limits
    }

    /// Adds entries to both.
    @discardableResult
    mutating func add(_ entries: [IndexEntry]) async throws -> IndexChange {
        var builder = IndexBuilder(store: counting, generator: generator, limits: limits)
        try await builder.add(entries)
        let change = try await builder.finish(updating: runs)
        runs = change.runs
        for entry in entries { model[entry.hash, default: []].insert(entry.timestamp) }
        return change
    }

    /// One run of its own, at the level asked for.
    static func run(
        _ entries: [IndexEntry],
        level: IndexRun.Level = .bottom,
        in store: any ObjectStore,
        limit: Int = IndexLimits.standard.entriesPerRun
    ) async throws -> [IndexRun] {
        var writer = IndexRunWriter(
            store: store,
            level: level,
            identifier: UUIDv7Generator().next(),
            expectedEntries: entries.count,
            limit: limit
        )
        try await writer.append(entries.sorted())
        return try await writer.finish()
    }

    /// The timestamps the model has for a hash, in order.
    func expected(_ hash: UInt64) -> [Int64] { model[IndexEntry.significant(hash), default: []].sorted() }

    /// Entries with evenly spread hashes.
    static func entries(_ count: Int, seed: UInt64) -> [IndexEntry] {
        var random = SeededRandom(seed: seed)
        return (0..<count)
            .map { _ in
                IndexEntry(hash: random.next(), timestamp: Int64(truncatingIfNeeded: random.next()))
            }
    }
}

/// A place in a list of matches, that can be compared.
struct IndexMatch: Hashable, Comparable {
    var position: Int
    var timestamp: Int64

    init(_ position: Int, _ timestamp: Int64) {
        self.position = position
        self.timestamp = timestamp
    }

    static func < (left: IndexMatch, right: IndexMatch) -> Bool {
        (left.position, left.timestamp) < (right.position, right.timestamp)
    }
}
