import EventJournal

/// The log of the store as segments and commits, and the truth after each effect.
struct History {
    private let log: StoreLog
    private(set) var segments: [StoredSegment] = []
    /// The commits of the catalog by version, each with its place in the log.
    private var commits: [(entry: Int, actor: Int, commit: CatalogCommit)] = []
    /// How many effects have been read.
    private(set) var count = 0
    private var truths: [Int: Truth] = [:]

    init(_ log: StoreLog) { self.log = log }

    /// Reads what was done to the store since the last call.
    ///
    /// - Returns: The segments that came.
    mutating func update() throws -> ArraySlice<StoredSegment> {
        let known = segments.count
        for entry in log.entries(from: count) {
            switch entry.effect {
            case .segment(let key, let bytes):
                segments.append(try StoredSegment(entry: count, actor: entry.actor, key: key, bytes: bytes))
            case .commit(let key, let bytes):
                commits.append((count, entry.actor, try CatalogCommit(key: key, bytes: bytes)))
            }
            count += 1
        }
        // Of two at the same time the second may have been noted first.
        commits.sort { $0.commit.version < $1.commit.version }
        return segments[known...]
    }

    /// Whether the catalog changed between two moments.
    func hasCommit(_ moments: ClosedRange<Int>) -> Bool {
        commits.contains { moments.lowerBound <= $0.entry && $0.entry < moments.upperBound }
    }

    /// What of the inbox no compaction has absorbed.
    var waiting: [StoredSegment] {
        let absorbed = Set(commits.flatMap(\.commit.absorbed))
        return segments.filter { !absorbed.contains($0.batchID) }
    }

    /// What the catalog names now.
    var catalog: CatalogNames { commits.reduce(into: CatalogNames()) { $0.apply($1.commit) } }

    /// What commits from a moment on have added to the table.
    func added(from moment: Int) -> [CatalogFile] {
        commits.filter { $0.entry >= moment }.flatMap(\.commit.added)
    }

    /// Whether there ever was a promoted column.
    var hasColumns: Bool { commits.contains { $0.commit.columns != nil } }

    /// What the catalog says of promoted columns after so many effects.
    func columns(at moment: Int) -> ColumnsState {
        commits.last { $0.entry < moment && $0.commit.columns != nil }?.commit.columns ?? ColumnsState()
    }

    /// The truth after so many effects.
    mutating func truth(at moment: Int) -> Truth {
        if let truth = truths[moment] { return truth }
        var absorbed: [UUIDv7: Int] = [:]
        for (number, commit) in commits.enumerated() where commit.entry < moment {
            for batch in commit.commit.absorbed where absorbed[batch] == nil { absorbed[batch] = number }
        }
        let truth = Truth(segments.prefix { $0.entry < moment }, absorbed: absorbed)
        truths[moment] = truth
        return truth
    }
}

extension History: CustomStringConvertible {
    /// What was done to the store, in order.
    var description: String {
        var lines: [(entry: Int, text: String)] = segments.map { segment in
            let rows = segment.rows.map { "\($0.change) \($0.event.short)" }
            return (segment.entry, "actor \(segment.actor) stored \(segment.batchID): \(rows.joined(separator: ", "))")
        }
        for commit in commits {
            let absorbed = commit.commit.absorbed.map(\.description).joined(separator: ", ")
            let version = commit.commit.version
            let columns = commit.commit.columns.map { ", columns \($0.live)" } ?? ""
            lines.append((commit.entry, "actor \(commit.actor) committed \(version), absorbing \(absorbed)\(columns)"))
        }
        return lines.sorted { $0.entry < $1.entry }.map { "  \($0.text)" }.joined(separator: "\n")
    }
}
