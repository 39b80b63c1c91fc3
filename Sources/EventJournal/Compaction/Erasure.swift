internal import DeltaLake
internal import JMESPath
internal import ObjectStorage
internal import Parquet

/// Removes events for good: delete, compaction of what holds them, deletion of all objects that held them.
///
/// Current readers of an older version of the table lose the objects they read; they get an error, never wrong events.
struct Erasure: Sendable {
    let journal: Journal
    let options: ErasureOptions
    var progress: (@Sendable (String) -> Void)?

    private var context: CompactionContext { journal.compaction }

    /// Erases events by id, key or condition.
    ///
    /// - Parameters:
    ///   - ids: Ids of events, or of events that were there once.
    ///   - keys: Keys of events; all events that have one now.
    ///   - condition: Erases all events for which it is truthy now.
    /// - Returns: The proof.
    /// - Throws: ``JournalError``; what was done until then stands, and may be gone on with by erasing the same again.
    func run(ids: [String], keys: [String], where condition: JMESPathExpression?) async throws -> ErasureReport {
        var report = ErasureReport(started: journal.clock())
        progress?("finding the events")
        let selection = EventSelection(where: condition)
        let targets = try await targets(ids, keys, condition == nil ? nil : selection)
        let unread = selection.counts.notJSON + selection.counts.failed
        if unread > 0 {
            report.warnings.append(
                "\(unread) payload\(unread == 1 ? " is" : "s are") not JSON, or not what a function of the condition takes; not erased."
            )
        }
        report.erased = targets.map(\.id)
        let present = Set(report.erased)
        report.notFound = ids.filter { !present.contains($0) }
        let all = report.erased + report.notFound
        if all.isEmpty {
            report.completed = journal.clock()
            return report
        }
        // What holds the data now is looked at before it is replaced.
        let wanted = ErasedIDs(all)
        progress?("finding the objects that hold them")
        var holders = try await holders(of: wanted)
        if !targets.isEmpty {
            for start in stride(from: 0, to: targets.count, by: 10_000) {
                let some = targets[start..<min(start + 10_000, targets.count)]
                // Nothing but what names the event: the row of the deletion must not hold what is erased.
                try await journal.store(.delete, some.map { Event(id: $0.id, timestamp: $0.timestamp, data: []) })
            }
        }
        progress?("compacting what holds them")
        var compactor = Compactor(context: context, policy: CompactionPolicy(force: true, appliesChanges: true))
        compactor.absorbsOnly = true
        let compaction = try await compactor.run()
        report.version = compaction.version
        report.warnings += compaction.warnings
        for (key, holder) in try await self.holders(of: wanted) { holders[key] = holder }
        for replacement in compaction.replacements {
            for key in replacement.replaced { holders[key]?.replacedBy = replacement.by }
        }
        try await delete(&holders, &report, wanted)
        report.holders = holders.values.sorted { $0.key < $1.key }
        return report
    }

    // MARK: - Finding

    private struct Target {
        var id: String
        var timestamp: Timestamp
    }

    private func targets(_ ids: [String], _ keys: [String], _ selection: EventSelection?) async throws -> [Target] {
        var found: [String: Target] = [:]
        for id in ids {
            if let event = try await journal.event(id) { found[id] = Target(id: id, timestamp: event.timestamp) }
        }
        if !keys.isEmpty {
            let wanted = Set(keys.map { Array($0.utf8) })
            for try await batch in journal.replay() {
                guard let column = batch.keys else { continue }
                for row in 0..<batch.count {
                    guard let key = column[row], wanted.contains(key), let id = batch.ids.text(at: row) else {
                        continue
                    }
                    found[id] = Target(id: id, timestamp: Timestamp(microseconds: batch.timestamps[row]))
                }
            }
        }
        if let selection {
            for try await batch in journal.replay(options: ReplayOptions(selection: selection)) {
                for row in 0..<batch.count {
                    guard let id = batch.ids.text(at: row) else { continue }
                    found[id] = Target(id: id, timestamp: Timestamp(microseconds: batch.timestamps[row]))
                }
            }
        }
        return found.values.sorted { $0.id < $1.id }
    }

    /// Every segment on the store that has a row of the events, whether or not anybody still reads it.
    private func holders(of wanted: ErasedIDs) async throws -> [String: ErasureReport.Holder] {
        let store = context.store
        var objects: [ObjectMetadata] = []
        do {
            objects += try await store.listAll(prefix: Segment.inbox).collect(upTo: .max)
            objects += try await store.listAll(prefix: Segment.folder).collect(upTo: .max)
        } catch {
            throw JournalError.wrapping(error, "Listing \(store.location) failed")
        }
        let listing = try await context.listing()
        // Other programs put files of the table where they like.
        let known = Set(objects.map(\.key))
        let foreign = listing.state.segments.filter { !known.contains($0.key) }
        var candidates = objects.filter { $0.key.hasSuffix(Segment.suffix) }.map { (key: $0.key, bytes: Int($0.size)) }
        candidates += foreign.map { (key: $0.key, bytes: $0.objectBytes) }
        for (key, tombstone) in listing.state.table?.tombstones ?? [:] where !known.contains(key) {
            candidates.append((key: key, bytes: tombstone.size.flatMap { Int(exactly: $0) } ?? 0))
        }
        let found = try await mapConcurrently(candidates, limit: context.parallelism) { key, bytes in
            let rows = try await wanted.rows(in: key, of: store)
            return rows == 0
                ? nil : ErasureReport.Holder(key: key, bytes: bytes, rows: rows, replacedBy: [], deleted: nil)
        }
        return Dictionary(found.compactMap(\.self).map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: - Deleting

    /// Deletes the holders as soon as no reader relies on them, and looks whether anything is left.
    private func delete(
        _ holders: inout [String: ErasureReport.Holder],
        _ report: inout ErasureReport,
        _ wanted: ErasedIDs
    ) async throws {
        let listing = try await context.listing()
        let needed = Set(listing.state.segments.map(\.key) + listing.waiting.map(\.key))
        let old = Set(holders.keys).subtracting(needed)
        let settled = try await settled(old, listing.state)
        try await remove(settled, &holders, &report)
        let young = old.subtracting(settled)
        if !young.isEmpty {
            guard options.waits else {
                report.warnings.append(
                    "\(young.count) object\(young.count == 1 ? " still holds" : "s still hold") the data: readers may rely on it until two minutes after the commit. Then erase the same again, by their ids."
                )
                return
            }
            progress?("waiting until no reader relies on \(young.count) objects any more")
            try await context.time.sleep(Catalog.absorbedStay)
            try await remove(young, &holders, &report)
        }
        progress?("looking for copies that are left")
        let left = try await self.holders(of: wanted)
        for key in left.keys where holders[key] == nil { holders[key] = left[key] }
        if left.isEmpty {
            report.completed = journal.clock()
        } else {
            let names = left.keys.sorted().prefix(3).joined(separator: ", ")
            report.warnings.append(
                "\(left.count) objects hold events with these ids: \(names). They came meanwhile, or others hold them."
            )
        }
    }

    /// Those that commits took out of use so long ago that no reader relies on them, whoever made the commits.
    ///
    /// Cost: when there are any objects, a put, a list, and a get for each commit of the last hour.
    private func settled(_ keys: Set<String>, _ state: CatalogState) async throws -> Set<String> {
        if keys.isEmpty { return [] }
        let cutoff = try await StoreClock(store: context.store).now() - AbsorbedCleanup.strangersStay
        let recent = try await RecentCommits.load(context, upTo: state.version, since: cutoff)
        if recent.isIncomplete { return [] }
        let tombstones = state.table?.tombstones ?? [:]
        return keys.filter { key in
            if let arrival = Segment(key: key)?.arrival, state.absorbed.contains(arrival) {
                return !recent.batchIDs.contains(arrival)
            }
            return tombstones[key] != nil && !recent.removed.contains(key)
        }
    }

    private func remove(
        _ keys: Set<String>,
        _ holders: inout [String: ErasureReport.Holder],
        _ report: inout ErasureReport
    ) async throws {
        if keys.isEmpty { return }
        let failures: [DeleteFailure]
        do {
            failures = try await context.store.delete(keys.sorted())
        } catch {
            throw JournalError.wrapping(error, "Deleting \(keys.count) objects of \(context.store.location) failed")
        }
        let deleted = keys.subtracting(failures.map(\.key))
        let now = journal.clock()
        for key in deleted { holders[key]?.deleted = now }
        context.absorbed.noteDeleted(deleted)
        report.warnings += failures.map { "\($0.key) was not deleted: \($0.error)" }
    }
}

/// Ids of which no row may be left.
struct ErasedIDs: Sendable {
    private let ids: Set<[UInt8]>
    private let hashes: Set<UInt64>

    init(_ ids: [String]) {
        self.ids = Set(ids.map { Array($0.utf8) })
        hashes = Set(self.ids.map { BloomFilter.hash($0) })
    }

    /// How many rows of a segment have one of the ids and hold data; 0 when the object is gone, too.
    ///
    /// Cost: the footer and the column of ids; with a hit the columns of data, since the row of a deletion holds none.
    func rows(in key: String, of store: any ObjectStore) async throws -> Int {
        do {
            let source = ObjectRanges(store: store, key: key)
            var tail = try await source.tail(64 << 10)
            let size = Int(tail.metadata.size)
            var opening = try ParquetFile.open(tail: tail.bytes, fileByteCount: size)
            if case .needsTail(let count) = opening {
                tail = try await source.tail(count)
                opening = try ParquetFile.open(tail: tail.bytes, fileByteCount: size)
            }
            guard case .opened(let file) = opening else {
                throw JournalError(.damagedSegment, "The footer of \(key) is longer than it says.", object: key)
            }
            var rows = 0
            for group in file.metadata.rowGroups.indices { rows += try await self.rows(of: group, file, source) }
            return rows
        } catch let error as ObjectStoreError where error.code == .notFound {
            return 0
        } catch {
            guard let error = error as? ParquetError else {
                throw JournalError.wrapping(error, "Reading \(key) failed", object: key)
            }
            throw JournalError(
                .damagedSegment,
                "Whether \(key) holds erased events cannot be told: \(error). Delete the object if its events are not needed.",
                object: key,
                cause: error
            )
        }
    }

    private func rows(of group: Int, _ file: ParquetFile, _ source: ObjectRanges) async throws -> Int {
        let names = [SegmentColumn.eventID.name, SegmentColumn.op.name]
        let columns = names.compactMap { name in file.schema.columns.firstIndex { $0.path == [name] } }
        guard !columns.isEmpty else { return 0 }
        let plan = try file.plan(rowGroup: group, columns: columns, rows: nil)
        let fetched = file.isInMemory ? [] : try await source.read(plan.ranges)
        var decoder = file.isInMemory ? try file.decoder(plan) : try file.decoder(plan, bytes: fetched)
        var rows = 0
        while let batch = try decoder.next() {
            let found = try batch.columns[0].spaced()
            let operations = columns.count > 1 ? try batch.columns[1].spaced() : nil
            unsafe found.visit { row, id in
                guard hashes.contains(unsafe BloomFilter.hash(id)), ids.contains(unsafe Array(id)) else { return }
                if operations?[row] == Operation.delete.text { return }
                rows += 1
            }
        }
        return rows
    }
}
