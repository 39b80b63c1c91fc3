import EventJournal
import ObjectStorage

/// What followers, vacuums and erasures have to keep.
extension Round {
    /// Once a follower says that there is nothing more, what it has delivered makes the journal as it is.
    func check(_ performance: Performance, _ poll: Poll) throws {
        for event in poll.state.repeats {
            try require(batches(of: event).count > 1, "\(event.short) was delivered twice", at: performance.operation)
        }
        for (old, new) in poll.state.replacements {
            throw Violation("\(new.short) was put for \(old.short)", at: performance.operation)
        }
        if !poll.isCaughtUp { return }
        let truths = truths(performance)
        let ids = Set(poll.state.events.keys).union(truths.flatMap { $0.versions.keys })
        for id in ids {
            let given = poll.state.events[id]
            try require(
                truths.contains { ($0.versions[id]?.event as Event?).isIdentical(given) },
                "a follower has \(given?.short ?? "nothing"), not \(truths.short { $0.versions[id]?.event.short })",
                at: performance.operation
            )
        }
    }

    /// With which batches an event was stored.
    private func batches(of event: Event) -> [UUIDv7] {
        allSegments.flatMap(\.rows).filter { $0.change != .delete && $0.event.isIdentical(event) }.map(\.batchID)
    }

    /// A vacuum says what it deletes, and leaves nothing that it should have deleted.
    func check(_ performance: Performance, _ options: VacuumOptions, _ report: VacuumReport) throws {
        if weather.hurtful > 0 || performances.count > 1 { return }
        let operation = performance.operation
        try require(report.warnings.isEmpty, "warns without a fault: \(report.warnings)", at: operation)
        let left = Set(objects.map(\.key))
        let gone = Set(objectsBefore.map(\.key)).subtracting(left)
        if options.isDryRun {
            try require(gone.isEmpty, "a dry run deleted \(gone)", at: operation)
            return
        }
        let told = Set(report.items.map(\.key))
        try require(gone == told, "deleted \(gone.sorted()), and tells of \(told.sorted())", at: operation)
        // As old as the commit that made it superfluous is by the store's clock; where that is gone, long ago.
        func time(ofVersion version: Int64) -> Int64 {
            let key = CatalogCommit.key(version)
            return objects.first { $0.key == key }.map { $0.lastModified / 1000 } ?? .min
        }
        let cutoff = now - options.retention.components.seconds * 1000
        for key in gone where key.hasPrefix("segments/") {
            let replaced = catalog.removed[key].map(time) ?? .min
            try require(
                replaced < cutoff,
                "deleted \(key), which was replaced less than the retention ago",
                at: operation
            )
        }
        for object in objects where object.key.hasPrefix("segments/") || object.key.hasPrefix("_index/") {
            if catalog.names(object.key) { continue }
            let time = catalog.removed[object.key].map(time) ?? object.lastModified / 1000
            try require(time >= cutoff, "left \(object.key), which nothing names", at: operation)
        }
        for segment in allSegments where left.contains(segment.key) {
            guard let absorbed = catalog.absorbed[segment.batchID] else { continue }
            try require(
                time(ofVersion: absorbed) >= now - 3_600_000,
                "left \(segment.key), which was absorbed an hour ago",
                at: operation
            )
        }
    }

    /// Who was erased is gone, and how far that has got is told.
    func check(_ performance: Performance, _ ids: [String], _ waits: Bool, _ report: ErasureReport) throws {
        if performances.count > 1 { return }
        let operation = performance.operation
        let there = truths.first.map { truth in ids.filter { truth.event($0) != nil } } ?? []
        try require(
            Set(report.erased.map(ID.init)) == Set(there.map(ID.init)),
            "erased \(report.erased)",
            at: operation
        )
        try require(
            ids.allSatisfy { truths.last?.event($0) == nil },
            "erased \(ids), and they are there",
            at: operation
        )
        try require(!waits || weather.hurtful > 0 || report.isComplete, "is not complete: \(report)", at: operation)
    }
}
