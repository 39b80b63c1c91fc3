internal import ObjectStorage

/// The entries that the id index must have, sorted: those of all rows of the compacted segments.
///
/// Memory: 64 MiB while two million entries are sorted, which are all there are in most journals; beyond that, sorted
/// lists of them are put aside on another store, 14 bytes an entry.
actor CatalogIdentifiers {
    private let makeScratch: @Sendable () throws -> any ObjectStore
    private let generator: UUIDv7Generator
    private let capacity: Int
    private let gate = AsyncGate()
    private var scratch: (any ObjectStore)?
    private var buffer: [IndexEntry] = []
    private var spills: [[IndexRun]] = []
    /// How many entries were added.
    private var count = 0

    /// An empty collection.
    ///
    /// - Parameters:
    ///   - generator: Names what is put aside.
    ///   - capacity: How many entries are held in memory.
    ///   - scratch: Makes the store for what is put aside; called once at most.
    init(
        generator: UUIDv7Generator,
        capacity: Int = IndexLimits.standard.bufferedEntries,
        scratch: @escaping @Sendable () throws -> any ObjectStore
    ) {
        self.generator = generator
        self.capacity = max(1, capacity)
        makeScratch = scratch
    }

    /// Adds entries in any order.
    ///
    /// - Throws: Why they could not be put aside.
    func add(_ entries: [IndexEntry]) async throws {
        try await gate.pass {
            var rest = entries[...]
            while !rest.isEmpty {
                let part = rest.prefix(max(1, capacity - buffer.count))
                buffer.append(contentsOf: part)
                count += part.count
                rest = rest.dropFirst(part.count)
                if buffer.count >= capacity { try await spill() }
            }
        }
    }

    /// All entries that were added so far, in order.
    func sorted() async -> Sorted {
        await gate.pass {
            IndexEntry.sort(&buffer)
            return Sorted(store: scratch ?? MemoryObjectStore(), spills: spills, rest: buffer, count: count)
        }
    }

    /// Entries in order, which can be read any number of times until they are discarded.
    struct Sorted: Sendable {
        fileprivate let store: any ObjectStore
        fileprivate let spills: [[IndexRun]]
        fileprivate let rest: [IndexEntry]
        /// How many there are, those that are equal included.
        let count: Int

        /// Streams them to a closure; those that are equal may come more than once.
        ///
        /// - Throws: Why what was put aside could not be read, or what the closure threw.
        func read(_ body: ([IndexEntry]) async throws -> Void) async throws {
            try await IndexMerge(store: store).run(spills, with: rest, body)
        }
    }

    /// Forgets all entries, and deletes what was put aside.
    func discard() async {
        if let scratch { await IndexBuilder.discard(spills.flatMap(\.self), in: scratch) }
        (spills, buffer, count) = ([], [], 0)
    }

    private func spill() async throws {
        let store = try scratch ?? makeScratch()
        scratch = store
        var entries: [IndexEntry] = []
        swap(&entries, &buffer)
        IndexEntry.sort(&entries)
        var writer = IndexRunWriter(
            store: store,
            level: .spill,
            identifier: generator.next(),
            expectedEntries: entries.count
        )
        do {
            try await writer.append(entries)
            spills.append(try await writer.finish())
        } catch {
            await writer.abort()
            throw error
        }
        entries.removeAll(keepingCapacity: true)
        buffer = entries
    }
}
