import EventJournal

/// A step that has been carried out: what was asked, what came of it, and between which moments of the store's log.
struct Round {
    var operations: [Operation]
    var outcomes: [Outcome]
    /// What happened to the store meanwhile.
    var segments: ArraySlice<StoredSegment>
    /// The truths of all moments from the begin of the step to its end.
    var truths: [Truth]
    /// What went wrong with requests meanwhile.
    var weather: Weather.Tally

    /// Whether a truth of the step has this quality.
    func allows(_ condition: (Truth) -> Bool) -> Bool { truths.contains(where: condition) }
}

extension Round {
    /// Checks what each caller was told.
    func checkOutcomes() throws {
        for (operation, outcome) in zip(operations, outcomes) { try check(operation, outcome) }
    }

    private func check(_ operation: Operation, _ outcome: Outcome) throws {
        switch (operation.action, outcome) {
        case (_, .failed(let error)): try check(operation, error)
        case (_, .unexpected(let error)): throw Violation("an error of a foreign kind: \(error)", at: operation)
        case (.put(let event), .put(let stored)):
            try require(stored.isIdentical(event.asPut), "put returned \(stored.short)", at: operation)
            // What cannot be read cannot be seen to be there; the first write counts all the same.
            try require(
                weather.truncated > 0 || allows { $0.event(event.id) == nil },
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
        case (.event(let id), .event(let event)):
            try require(
                allows { $0.event(id).isIdentical(event) },
                "look-up gives \(event?.short ?? "nothing"), not \(truths.map { $0.event(id)?.short ?? "nothing" })",
                at: operation
            )
        case (.replay(let after, let through, _), .replay(let events)):
            try require(
                allows { $0.replay(after: after, through: through).isIdentical(events) },
                "replay gives \(events.short), not one of "
                    + "\(truths.map { $0.replay(after: after, through: through).short })",
                at: operation
            )
        case (.statistics, .statistics(let statistics)):
            try check(operation, statistics.events, statistics.damagedSegments)
        case (.verify, .verified(let report)):
            try check(operation, report.events, report.damaged.count)
        case (.moveClock, .done), (.reopen, .done): break
        default: throw Violation("the outcome is \(outcome)", at: operation)
        }
    }

    private func check(_ operation: Operation, _ events: Int, _ damaged: Int) throws {
        if damaged > 0 {
            try require(weather.truncated > 0, "\(damaged) segments are damaged", at: operation)
            return
        }
        try require(
            allows { $0.versions.count == events },
            "\(events) events are counted, not \(truths.map(\.versions.count))",
            at: operation
        )
    }

    /// An error needs a reason.
    private func check(_ operation: Operation, _ error: JournalError) throws {
        switch (operation.action, error.code) {
        case (_, .storage):
            try require(weather.hurtful > 0, "failed though no request did: \(error)", at: operation)
        case (_, .damagedSegment):
            try require(weather.truncated > 0, "says of sound data: \(error)", at: operation)
        case (.put(let event), .eventExists):
            try require(allows { $0.event(event.id) != nil }, "says of an absent id: \(error)", at: operation)
        default: throw Violation("failed with \(error.code): \(error)", at: operation)
        }
    }
}

extension Round {
    /// Checks that what lies on the store is what was written: each write whole, in one segment, or not at all; there if
    /// it was acknowledged; and nothing else.
    func checkSegments(_ causality: Causality) throws {
        var left = segments.map { Array($0.rows) }
        // The acknowledged first: of two equal writes the other one may have failed.
        let writes = zip(operations, outcomes).filter { $0.0.writes }
        for (operation, outcome) in writes.filter({ !$0.1.isFailure }) + writes.filter({ $0.1.isFailure }) {
            let rows = operation.rows
            let home = segments.indices.first { index in
                segments[index].actor == operation.actor && left[index - segments.startIndex].contains(rows)
            }
            switch outcome {
            case .failed(let error) where error.code == .eventExists: continue
            case .failed, .unexpected: break
            default: try require(home != nil, "acknowledged, but not stored whole", at: operation)
            }
            if let home { left[home - segments.startIndex].remove(rows) }
        }
        for (segment, rest) in zip(segments, left) {
            try require(rest.isEmpty, "stored, though nobody wrote it: \(rest.map(\.event).short)")
            let order = segment.rows.map(\.event.timestamp)
            try require(zip(order, order.dropFirst()).allSatisfy { $0 <= $1 }, "a segment is not in order of time")
            try require(
                causality.allows(segment.batchID, segment.actor),
                "actor \(segment.actor) stored \(segment.batchID), which sorts before what it had seen"
            )
        }
    }
}

extension Operation {
    /// The rows it stores when it succeeds, in any order.
    fileprivate var rows: [Event] {
        switch action {
        case .put(let event): [event.asPut]
        case .append(let events): events.firstOfEachID
        case .event, .replay, .statistics, .verify, .moveClock, .reopen: []
        }
    }
}

extension Event {
    /// What `put` makes of it.
    fileprivate var asPut: Event { Event(id: id, timestamp: timestamp, key: key, data: data) }
}

extension Event? {
    fileprivate func isIdentical(_ other: Event?) -> Bool {
        switch (self, other) {
        case (nil, nil): true
        case (let left?, let right?): left.isIdentical(right)
        default: false
        }
    }
}

extension [Event] {
    /// Of events with one id the first.
    fileprivate var firstOfEachID: [Event] {
        var ids: Set<ID> = []
        return filter { ids.insert(ID($0.id)).inserted }
    }
}

extension [StoredRow] {
    fileprivate func contains(_ events: [Event]) -> Bool {
        events.allSatisfy { event in contains { $0.event.isIdentical(event) } }
    }

    fileprivate mutating func remove(_ events: [Event]) {
        for event in events {
            if let index = firstIndex(where: { $0.event.isIdentical(event) }) { remove(at: index) }
        }
    }
}
