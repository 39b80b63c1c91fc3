import EventJournal
import ObjectStorage

/// A step that has been carried out: what was asked, what came of it, and what happened to the store meanwhile.
struct Round {
    var performances: [Performance]
    /// What came into the inbox meanwhile.
    var segments: ArraySlice<StoredSegment>
    /// The number of effects in the log of the store at the begin of the step.
    var begin: Int
    /// The truths of all moments from the begin of the step to its end.
    var truths: [Truth]
    /// What the catalog said of promoted columns at these moments.
    var columns: [ColumnsState]
    /// What went wrong with requests meanwhile.
    var weather: Weather.Tally
    /// Whether the catalog changed.
    var hasCommit: Bool
    /// What of the inbox no compaction has absorbed when the step is over.
    var waiting: [StoredSegment]
    /// Everything that ever came into the inbox.
    var allSegments: [StoredSegment]
    /// What the catalog names when the step is over.
    var catalog: CatalogNames
    /// What was on the store before the step, and is behind it.
    var objectsBefore: [ObjectMetadata]
    var objects: [ObjectMetadata]
    /// What the store's clock says when the step is over, in milliseconds since 1970 UTC.
    var now: Int64

    /// The truths from the begin of an operation to the end of the step.
    func truths(_ performance: Performance) -> ArraySlice<Truth> { truths[(performance.begin - begin)...] }
}

// MARK: - What callers were told

extension Round {
    /// Checks what each caller was told.
    func checkOutcomes() throws {
        for performance in performances { try check(performance) }
    }

    private func check(_ performance: Performance) throws {
        let (operation, truths) = (performance.operation, truths(performance))
        switch (operation.action, performance.outcome) {
        case (_, .failed(let error)): try check(performance, error)
        case (_, .unexpected(let error)): throw Violation("an error of a foreign kind: \(error)", at: operation)
        case (.put(let event), .put(let stored)):
            try require(stored.isIdentical(event.asPut), "put returned \(stored.short)", at: operation)
            // What cannot be read cannot be seen to be there; the first write counts all the same.
            try require(
                weather.truncated > 0 || truths.contains { $0.event(event.id) == nil },
                "a put of an id that is there succeeded",
                at: operation
            )
        case (.append(let events), .appended(let receipt)):
            let unique = events.firstOfEachID.count
            try require(
                receipt == AppendReceipt(appended: unique, alreadyThere: events.count - unique),
                "the receipt of an append says \(receipt)",
                at: operation
            )
        case (.update(let id, let data), .updated(let event)):
            try require(
                truths.contains { $0.event(id)?.withData(data).isIdentical(event) ?? false },
                "update returned \(event.short), not a version of \(truths.short { $0.event(id)?.short })",
                at: operation
            )
        case (.delete(let id), .deleted(let event)):
            try require(
                truths.contains { $0.event(id).isIdentical(event) },
                "delete returned \(event.short), not one of \(truths.short { $0.event(id)?.short })",
                at: operation
            )
        case (.event(let id), .event(let event)):
            try require(
                truths.contains { $0.event(id).isIdentical(event) },
                "look-up gives \(event?.short ?? "nothing"), not \(truths.short { $0.event(id)?.short })",
                at: operation
            )
        case (.replay(let after, let through, _, let latestPerKey), .replay(let events)):
            let range = EventRange(after: after, through: through)
            try checkReplay(performance, range, events, latestPerKey: latestPerKey)
        case (.statistics, .statistics(let statistics)):
            try check(performance, statistics.events, statistics.damagedSegments)
        case (.verify, .verified(let report)):
            try check(performance, report.events, report.damaged.count)
        case (.compact(let policy), .compacted(let report)): try check(performance, policy, report)
        case (.compactIfDue, .compacted(let report)): try check(performance, .defaults, report)
        case (.compactIfDue, .notDue), (.reindex, .reindexed): break
        case (.vacuum(let options), .vacuumed(let report)): try check(performance, options, report)
        case (.erase(let ids, let waits), .erased(let report)): try check(performance, ids, waits, report)
        case (.addColumns(let columns), .addedColumns(let added)): try check(performance, adding: columns, added)
        case (.removeColumns(let names), .removedColumns): try check(performance, removing: names)
        case (.fillColumns, .filledColumns): try checkFilled(performance)
        case (.columns, .columns(let statuses)): try check(performance, statuses)
        case (.tables(let after, let through, _), .tables(let tables)):
            try check(performance, EventRange(after: after, through: through), tables.events)
            try StoredColumns(tables.file).check(tables.columns, "a file for the engine")
        case (.follow, .followed(let poll)): try check(performance, poll)
        case (.wait, .done), (.moveClock, .done), (.reopen, .done): break
        default: throw Violation("the outcome is \(performance.outcome)", at: operation)
        }
    }

    private func checkReplay(
        _ performance: Performance,
        _ range: EventRange,
        _ events: [Event],
        latestPerKey: Bool
    ) throws {
        let truths = truths(performance)
        func right(_ truth: Truth) -> [Event] {
            latestPerKey ? truth.replay(range).latestPerKey : truth.replay(range)
        }
        if truths.contains(where: { right($0).isIdentical(events) }) { return }
        try require(
            isMixed(performance, events, range, latestPerKey: latestPerKey),
            "replay gives \(events.short), not one of \(truths.short { right($0).short })",
            at: performance.operation
        )
    }

    /// Whether events may be what a reader found while others worked.
    ///
    /// It lists the inbox and then asks the catalog: what both say together need not be what was true at one moment, if
    /// a compaction has absorbed between the two what came between the two. Each event alone must be.
    func isMixed(
        _ performance: Performance,
        _ events: [Event],
        _ range: EventRange,
        latestPerKey: Bool = false
    ) -> Bool {
        hasCommit && performances.count > 1
            && truths(performance).mayMix(events, range, latestPerKey: latestPerKey)
    }

    private func check(_ performance: Performance, _ events: Int, _ damaged: Int) throws {
        let truths = truths(performance)
        if damaged > 0 {
            try require(weather.truncated > 0, "\(damaged) segments are damaged", at: performance.operation)
            return
        }
        let counts = truths.map(\.versions.count)
        let isMixed = hasCommit && performances.count > 1
        let bounds = (counts.min() ?? 0)...(counts.max() ?? 0)
        try require(
            isMixed ? bounds.contains(events) : counts.contains(events),
            "\(events) events are counted, not \(counts)",
            at: performance.operation
        )
    }

    /// A compaction has done what it was asked for.
    private func check(_ performance: Performance, _ policy: CompactionPolicy, _ report: CompactionReport) throws {
        if weather.hurtful > 0 { return }
        let operation = performance.operation
        try require(report.warnings.isEmpty, "warns without a fault: \(report.warnings)", at: operation)
        if performances.count > 1 { return }
        let left = waiting.filter { policy.appliesChanges || $0.rows.contains { $0.change == .put } }
        try require(left.isEmpty, "absorbed all but \(left.flatMap(\.rows).map(\.event).short)", at: operation)
    }

    /// An error needs a reason.
    private func check(_ performance: Performance, _ error: JournalError) throws {
        let (operation, truths) = (performance.operation, truths(performance))
        switch (operation.action, error.code) {
        case (_, .storage):
            try require(weather.hurtful > 0, "failed though no request did: \(error)", at: operation)
        case (_, .damagedSegment), (_, .damagedCatalog), (_, .damagedIndex):
            try require(weather.truncated > 0, "says of sound data: \(error)", at: operation)
        case (.put(let event), .eventExists):
            // Nor can a deletion be seen that cannot be read.
            try require(
                weather.truncated > 0 || truths.contains { $0.event(event.id) != nil },
                "says of an absent id: \(error)",
                at: operation
            )
        case (.update(let id, _), .eventNotFound), (.delete(let id), .eventNotFound):
            try require(truths.contains { $0.event(id) == nil }, "says of an id that is there: \(error)", at: operation)
        case (.compact, .tooLittle): break
        case (.compactIfDue, .tooLittle): break
        case (.follow, .markMoved), (.compactIfDue, .conflict), (.erase, .conflict), (.reindex, .conflict),
            (.compact, .conflict), (.addColumns, .conflict), (.removeColumns, .conflict), (.fillColumns, .conflict):
            try require(performances.count > 1, "lost a race without a rival: \(error)", at: operation)
        case (.addColumns, .invalidOption), (.removeColumns, .invalidOption): try checkRefusal(performance, error)
        case (.follow, .positionExpired):
            try require(weather.truncated > 0, "says of a mark that is there: \(error)", at: operation)
        default: throw Violation("failed with \(error.code): \(error)", at: operation)
        }
    }
}

extension ArraySlice<Truth> {
    /// Each different text once.
    func short(_ text: (Truth) -> String?) -> String {
        var texts: [String] = []
        for truth in self {
            let text = text(truth) ?? "nothing"
            if !texts.contains(text) { texts.append(text) }
        }
        return texts.joined(separator: " or ")
    }

    /// Whether each id is as in one of these truths, if not all in the same, and the order is that of time.
    fileprivate func mayMix(_ events: [Event], _ range: EventRange, latestPerKey: Bool) -> Bool {
        var given: [ID: Event] = [:]
        for event in events { given[ID(event.id)] = event }
        guard given.count == events.count,
            zip(events, events.dropFirst()).allSatisfy({ $0.timestamp <= $1.timestamp })
        else { return false }
        if latestPerKey {
            return Set(events.map(\.key)).count == events.count
                && events.allSatisfy { event in contains { $0.event(event.id).isIdentical(event) } }
        }
        let ids = Set(given.keys).union(flatMap { $0.versions.keys })
        return ids.allSatisfy { id in
            contains { truth in
                truth.versions[id].flatMap { $0.event.isInside(range) ? $0.event : nil }.isIdentical(given[id])
            }
        }
    }
}

// MARK: - What lies on the store

extension Round {
    /// Checks that what lies on the store is what was written: each write whole, in one segment, or not at all; there
    /// if it was acknowledged; behind what its writer knew of; and nothing else.
    ///
    /// - Parameters:
    ///   - causality: What was seen before the step.
    ///   - earlier: Segments that came before the step.
    /// - Throws: ``Violation``.
    func checkSegments(_ causality: Causality, after earlier: ArraySlice<StoredSegment>) throws {
        var left = segments.map(\.rows)
        // The acknowledged first: of two equal writes the other one may have failed. Of those the one that began last,
        // since it has seen the most.
        let writes = performances.filter(\.operation.writes).sorted { $0.begin > $1.begin }
        for performance in writes.filter({ !$0.outcome.isFailure }) + writes.filter({ $0.outcome.isFailure }) {
            let operation = performance.operation
            guard performance.mayHaveWritten else { continue }
            let homes = segments.indices.filter { index in
                segments[index].actor == operation.actor && segments[index].entry >= performance.begin
                    && performance.isIn(left[index - segments.startIndex])
            }
            // It has listed the inbox after it began and before it stored anything.
            let seen = earlier.map(\.batchID) + segments.filter { $0.entry < performance.begin }.map(\.batchID)
            let least = operation.looksUpFirst ? seen.max() : nil
            func isBehind(_ index: Int) -> Bool { least.map { $0 < segments[index].batchID } ?? true }
            guard let home = homes.first(where: isBehind) ?? homes.first else {
                try require(performance.outcome.isFailure, "acknowledged, but not stored whole", at: operation)
                continue
            }
            performance.remove(from: &left[home - segments.startIndex])
            try require(
                isBehind(home),
                "stored \(segments[home].batchID), which sorts before what was there when it began",
                at: operation
            )
        }
        for (index, segment) in segments.enumerated() {
            // Erasing deletes first; what it stores says no more than that.
            let erasures = performances.filter { $0.operation.actor == segment.actor }.flatMap(\.erasedIDs)
            let rest = left[index]
                .filter { row in
                    !(row.change == .delete && erasures.contains(ID(row.event.id)) && row.event.isBare)
                }
            try require(rest.isEmpty, "stored, though nobody wrote it: \(rest.map(\.event).short)")
            try require(
                causality.allows(segment.batchID, segment.actor),
                "actor \(segment.actor) stored \(segment.batchID), which sorts before what it had seen"
            )
            let hasPuts = segment.rows.contains { $0.change == .put }
            try require(
                !hasPuts || segment.rows.allSatisfy { $0.change == .put },
                "a segment holds new events and changes: \(segment.rows)"
            )
            let order = segment.rows.map(\.event.timestamp)
            try require(
                !hasPuts || zip(order, order.dropFirst()).allSatisfy { $0 <= $1 },
                "a segment is not in order of time"
            )
        }
    }

    /// Checks that nothing is gone that somebody needs.
    func checkObjects() throws {
        let keys = Set(objects.map(\.key))
        let missing = catalog.files.union(catalog.runs).union(waiting.map(\.key)).subtracting(keys)
        try require(missing.isEmpty, "deleted what is needed: \(missing.sorted())", at: performances.first?.operation)
    }

    /// Checks that a compaction changes nothing that readers see, unless others write meanwhile.
    func checkCommits() throws {
        guard hasCommit, performances.count == 1, performances[0].erasedIDs.isEmpty, let first = truths.first,
            let last = truths.last
        else { return }
        try require(
            first.replay(.all).isIdentical(last.replay(.all)),
            "a compaction made \(first.replay(.all).short) into \(last.replay(.all).short)",
            at: performances[0].operation
        )
    }
}

extension Performance {
    /// Whether it may have stored rows.
    fileprivate var mayHaveWritten: Bool {
        guard case .failed(let error) = outcome else { return true }
        return error.code != .eventExists && error.code != .eventNotFound
    }

    /// Ids that were to be erased.
    fileprivate var erasedIDs: [ID] { if case .erase(let ids, _) = operation.action { ids.map(ID.init) } else { [] } }

    /// Whether all of its rows are among these.
    fileprivate func isIn(_ rows: [StoredRow]) -> Bool {
        var rows = rows
        return remove(from: &rows)
    }

    /// Takes its rows out.
    ///
    /// - Returns: Whether all were there.
    @discardableResult
    fileprivate func remove(from rows: inout [StoredRow]) -> Bool {
        func take(_ change: StoredRow.Change, _ condition: (Event) -> Bool) -> Bool {
            guard let index = rows.firstIndex(where: { $0.change == change && condition($0.event) }) else {
                return false
            }
            rows.remove(at: index)
            return true
        }
        switch (operation.action, outcome) {
        case (.put(let event), _): return take(.put) { $0.isIdentical(event.asPut) }
        case (.append(let events), _):
            return events.firstOfEachID.allSatisfy { event in take(.put) { $0.isIdentical(event) } }
        // What was acknowledged was told; of what was not, only part is known.
        case (.update, .updated(let event)): return take(.update) { $0.isIdentical(event) }
        case (.update(let id, let data), _): return take(.update) { ID($0.id) == ID(id) && $0.data == data }
        case (.delete, .deleted(let event)): return take(.delete) { $0.isIdentical(event.withData([])) }
        case (.delete(let id), _): return take(.delete) { ID($0.id) == ID(id) && $0.data.isEmpty }
        default: return false
        }
    }
}

extension Event {
    /// What `put` makes of it.
    fileprivate var asPut: Event { Event(id: id, timestamp: timestamp, key: key, data: data) }

    /// Whether it has nothing but an id and a moment.
    fileprivate var isBare: Bool { data.isEmpty && key == nil && source == nil && sequence == nil }

    /// The same event with another payload.
    fileprivate func withData(_ data: [UInt8]) -> Event {
        var event = self
        event.data = data
        return event
    }
}

extension [Event] {
    /// The last event of each key, in the same order.
    fileprivate var latestPerKey: [Event] {
        var keys: Set<String> = []
        return reversed().filter { event in event.key.map { keys.insert($0).inserted } ?? false }.reversed()
    }

    /// Of events with one id the first.
    fileprivate var firstOfEachID: [Event] {
        var ids: Set<ID> = []
        return filter { ids.insert(ID($0.id)).inserted }
    }
}
