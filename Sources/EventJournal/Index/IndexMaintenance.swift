/// What became of the index.
struct IndexChange: Sendable, Hashable {
    /// All runs of the index from now on; top level first, by hash inside a level.
    var runs: [IndexRun]
    /// Those of them that are new; whoever loses the commit deletes them (``IndexBuilder/discard(_:in:)``).
    var added: [IndexRun]
    /// Objects that are not part of the index any more; vacuum deletes them.
    var removed: [String]
}

/// The rules of levels: which runs are rewritten when entries come.
///
/// A value without I/O. New entries are merged into the top, which is rewritten each time; when it would have more than
/// 2 M entries and more than a sixteenth of the bottom, top and bottom become a new bottom. So a look-up reads two
/// objects at most, an entry is rewritten at the bottom about 16 times while a journal grows tenfold or more, and small
/// journals have a top only.
struct IndexMaintenance: Sendable {
    var limits = IndexLimits.standard

    /// What to do with new entries.
    struct Plan: Sendable, Equatable {
        /// The level of what is written.
        var level: IndexRun.Level
        /// Levels to be merged, each sorted by hash.
        var merged: [[IndexRun]]
        /// Runs that stay.
        var kept: [IndexRun]
    }

    /// Says what to merge.
    ///
    /// - Parameters:
    ///   - runs: The index.
    ///   - newEntries: How many entries come.
    /// - Returns: What to merge with them, and into which level.
    func plan(_ runs: [IndexRun], newEntries: Int) -> Plan {
        let top = runs.filter { $0.level == .top }.sorted { $0.lowHash < $1.lowHash }
        let bottom = runs.filter { $0.level == .bottom }.sorted { $0.lowHash < $1.lowHash }
        let topEntries = top.reduce(newEntries) { $0 + $1.entries }
        let bottomEntries = bottom.reduce(0) { $0 + $1.entries }
        guard topEntries > max(limits.topEntries, bottomEntries / limits.topShare) else {
            return Plan(level: .top, merged: IndexMaintenance.disjoint(top), kept: bottom)
        }
        return Plan(
            level: .bottom,
            merged: IndexMaintenance.disjoint(top) + IndexMaintenance.disjoint(bottom),
            kept: []
        )
    }

    /// Runs, sorted by their lowest hash, as lists in which none overlaps the one before.
    ///
    /// One list, unless a hash has so many entries that it is in two runs.
    private static func disjoint(_ runs: [IndexRun]) -> [[IndexRun]] {
        var lists: [[IndexRun]] = []
        for run in runs {
            if let list = lists.firstIndex(where: { $0.last.map { $0.highHash < run.lowHash } ?? true }) {
                lists[list].append(run)
            } else {
                lists.append([run])
            }
        }
        return lists
    }
}
