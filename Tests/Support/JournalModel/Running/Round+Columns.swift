import EventJournal

/// What promoted columns have to keep.
extension Round {
    /// What the catalog said of columns from the begin of an operation to the end of the step.
    private func states(_ performance: Performance) -> ArraySlice<ColumnsState> {
        columns[(performance.begin - begin)...]
    }

    /// Columns come and go by those who were asked to do that alone, and the table has those that are filled.
    func checkColumns() throws {
        let added = performances.flatMap { performance -> [String] in
            guard case .addColumns(let columns) = performance.operation.action else { return [] }
            return columns.map(\.definition)
        }
        let removed = performances.flatMap { performance -> [String] in
            guard case .removeColumns(let names) = performance.operation.action else { return [] }
            return names.map { $0.lowercased() }
        }
        for (before, after) in zip(columns, columns.dropFirst()) where before != after {
            let new = after.live.filter { !before.live.contains($0) }
            try require(new.allSatisfy(added.contains), "there are columns that nobody added: \(new)")
            let gone = before.live.filter { !after.live.contains($0) }
            try require(
                gone.allSatisfy { removed.contains(ColumnsState.name(of: $0).lowercased()) },
                "columns are gone that nobody removed: \(gone)"
            )
            let all = Set(before.live + before.removed)
            try require(all.isSubset(of: after.live + after.removed), "of \(all) some are forgotten: \(after)")
        }
        for definition in columns.last?.live ?? [] {
            let name = ColumnsState.name(of: definition)
            try require(catalog.schema.contains(name), "the schema of the table has no \(name)")
        }
        for (path, file) in catalog.filled {
            try require(file.isSubset(of: catalog.schema), "\(path) has columns that the schema lacks: \(file)")
        }
    }

    func check(_ performance: Performance, adding columns: [PromotedColumn], _ added: [PromotedColumn]) throws {
        let definitions = columns.map(\.definition)
        try require(
            states(performance).contains { definitions.allSatisfy($0.live.contains) },
            "added columns that are not there: \(definitions), but \(states(performance).last?.live ?? [])",
            at: performance.operation
        )
        if performances.count > 1 { return }
        let before = states(performance).first?.live ?? []
        try require(
            added.map(\.definition) == definitions.filter { !before.contains($0) } || weather.hurtful > 0,
            "says that it added \(added.map(\.definition)) to \(before)",
            at: performance.operation
        )
    }

    func check(_ performance: Performance, removing names: [String]) throws {
        try require(
            states(performance).contains { state in names.allSatisfy { !state.fills($0) } },
            "removed columns that are there: \(names)",
            at: performance.operation
        )
    }

    /// Whether an addition or a removal was refused with reason.
    func checkRefusal(_ performance: Performance, _ error: JournalError) throws {
        let states = states(performance)
        let isRight =
            switch performance.operation.action {
            case .addColumns(let columns): states.contains { !$0.takes(columns.map(\.definition)) }
            // Of a removal whose answer was lost the second attempt finds nothing to remove.
            case .removeColumns(let names): states.contains { state in names.contains { !state.fills($0) } }
            default: false
            }
        try require(isRight, "refused without reason: \(error)", at: performance.operation)
    }

    func check(_ performance: Performance, _ statuses: [PromotedColumnStatus]) throws {
        let definitions = statuses.map(\.column.definition)
        try require(
            states(performance).contains { $0.live == definitions },
            "lists columns \(definitions), not \(states(performance).last?.live ?? [])",
            at: performance.operation
        )
        if performances.count > 1 { return }
        for status in statuses {
            let filled = catalog.files.count { catalog.filled[$0]?.contains(status.column.name) ?? false }
            try require(
                status.segments == catalog.files.count && status.filledSegments == filled,
                "says that \(status.column.name) is in \(status.filledSegments) of \(status.segments) files, not in \(filled) "
                    + "of \(catalog.files.count)",
                at: performance.operation
            )
        }
    }

    /// Who has filled columns has left no file without one.
    func checkFilled(_ performance: Performance) throws {
        if performances.count > 1 { return }
        let wanted = (columns.last?.live ?? []).map { ColumnsState.name(of: $0) }
        let lacking = catalog.files.filter { path in !(catalog.filled[path] ?? []).isSuperset(of: wanted) }
        try require(lacking.isEmpty, "left \(lacking.sorted()) without one of \(wanted)", at: performance.operation)
    }

    /// What an SQL engine reads is what a replay delivers.
    func check(_ performance: Performance, _ range: EventRange, _ events: [Event]) throws {
        let truths = truths(performance)
        let isThere = truths.contains { truth in truth.replay(range).inOneOrder.isIdentical(events.inOneOrder) }
        if isThere { return }
        try require(
            isMixed(performance, events.inOneOrder, range),
            "the tables have \(events.inOneOrder.short), not \(truths.short { $0.replay(range).inOneOrder.short })",
            at: performance.operation
        )
    }
}

extension [Event] {
    /// By time and id, since tables have no order.
    fileprivate var inOneOrder: [Event] {
        sorted { left, right in
            left.timestamp != right.timestamp
                ? left.timestamp < right.timestamp : ID(left.id).bytes.lexicographicallyPrecedes(ID(right.id).bytes)
        }
    }
}
