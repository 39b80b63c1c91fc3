internal import ObjectStorage

/// Takes entries in any order and as many as there are, and makes them part of the index: an external sort.
///
/// Compaction adds what it absorbs and ends with ``finish(updating:)``; `reindex` adds the whole journal and ends with
/// ``finish(replacing:)``. Entries beyond the buffer are put aside as sorted runs under `_index/`, deleted at the end.
///
/// Memory: 64 MiB for the buffer while sorting, and what ``IndexMerge`` and ``IndexRunWriter`` take; for any number of
/// entries.
struct IndexBuilder {
    private let store: any ObjectStore
    private let generator: UUIDv7Generator
    private let maintenance: IndexMaintenance
    private var buffer: [IndexEntry] = []
    private var spills: [[IndexRun]] = []
    private var spilledEntries = 0

    /// A builder for the index of a journal.
    init(store: any ObjectStore, generator: UUIDv7Generator, limits: IndexLimits = .standard) {
        self.store = store
        self.generator = generator
        maintenance = IndexMaintenance(limits: limits)
    }

    /// How many entries were added, repeated ones too.
    var count: Int { spilledEntries + buffer.count }

    /// Adds entries.
    ///
    /// - Throws: Why they could not be put aside; then call ``abandon()``.
    mutating func add(_ entries: [IndexEntry]) async throws {
        var rest = entries[...]
        while !rest.isEmpty {
            let part = rest.prefix(max(1, maintenance.limits.bufferedEntries - buffer.count))
            buffer.append(contentsOf: part)
            rest = rest.dropFirst(part.count)
            if buffer.count >= maintenance.limits.bufferedEntries { try await spill() }
        }
    }

    /// Merges what was added into the index.
    ///
    /// - Parameter runs: The index as the catalog has it.
    /// - Returns: The index with the entries in it; nothing is part of it before that is committed.
    /// - Throws: ``JournalError/Code/damagedIndex``, or why the store could not; nothing is left then but what could
    ///   not be deleted.
    mutating func finish(updating runs: [IndexRun]) async throws -> IndexChange {
        guard count > 0 else { return IndexChange(runs: runs, added: [], removed: []) }
        let plan = maintenance.plan(runs, newEntries: count)
        let added = try await write(plan)
        let replaced = plan.merged.flatMap(\.self).map(\.path)
        let all = plan.level == .top ? added + plan.kept : added
        return IndexChange(runs: all, added: added, removed: replaced)
    }

    /// Makes what was added the whole index.
    ///
    /// - Parameter runs: The index as the catalog has it; not read.
    /// - Returns: The index of the entries added alone.
    /// - Throws: As ``finish(updating:)``.
    mutating func finish(replacing runs: [IndexRun]) async throws -> IndexChange {
        let plan = maintenance.plan([], newEntries: count)
        let added = count > 0 ? try await write(plan) : []
        return IndexChange(runs: added, added: added, removed: runs.map(\.path))
    }

    /// Forgets what was added, and deletes what was put aside.
    mutating func abandon() async {
        await IndexBuilder.discard(spills.flatMap(\.self), in: store)
        spills = []
        buffer = []
        spilledEntries = 0
    }

    /// Deletes runs that no catalog names.
    ///
    /// What cannot be deleted now is left to vacuum, which deletes any object under
    /// `_index/` that is old and not named.
    static func discard(_ runs: [IndexRun], in store: any ObjectStore) async {
        guard !runs.isEmpty else { return }
        // Failures are answered by key, or thrown when none was tried: either way vacuum finds what is left.
        _ = try? await store.delete(runs.map(\.path))
    }

    private mutating func write(_ plan: IndexMaintenance.Plan) async throws -> [IndexRun] {
        IndexEntry.sort(&buffer)
        let old = plan.merged.reduce(0) { $0 + $1.reduce(0) { $0 + $1.entries } }
        do {
            let runs = try await write(spills + plan.merged, with: buffer, level: plan.level, expecting: old + count)
            await abandon()
            return runs
        } catch {
            await abandon()
            throw error
        }
    }

    private mutating func spill() async throws {
        if spills.count >= maintenance.limits.spills {
            let merged = try await write(spills, with: [], level: .spill, expecting: spilledEntries)
            await IndexBuilder.discard(spills.flatMap(\.self), in: store)
            spills = [merged]
        }
        IndexEntry.sort(&buffer)
        spills.append(try await write([], with: buffer, level: .spill, expecting: buffer.count))
        spilledEntries += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }

    private func write(
        _ sources: [[IndexRun]],
        with entries: [IndexEntry],
        level: IndexRun.Level,
        expecting count: Int
    ) async throws -> [IndexRun] {
        var writer = IndexRunWriter(
            store: store,
            level: level,
            identifier: generator.next(),
            expectedEntries: count,
            limit: maintenance.limits.entriesPerRun
        )
        do {
            try await IndexMerge(store: store).run(sources, with: entries) { try await writer.append($0) }
            return try await writer.finish()
        } catch {
            await writer.abort()
            throw error
        }
    }
}
