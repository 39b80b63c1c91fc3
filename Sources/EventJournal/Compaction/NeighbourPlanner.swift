/// Finds small segments in a row to combine; see ``CompactionPlanner``.
struct NeighbourPlanner: Sendable {
    let policy: CompactionPolicy
    private let segments: [CompactionCandidate]

    init(policy: CompactionPolicy, segments: [CompactionCandidate]) {
        self.policy = policy
        self.segments = segments.sorted { $0.first != $1.first ? $0.first < $1.first : $0.key < $1.key }
    }

    /// Keys of segments to combine, job by job.
    func jobs() -> [[String]] {
        let stretches = stretches()
        return (stretches.base + [stretches.across])
            .flatMap { stretch in
                NeighbourPlanner.windows(of: stretch.map(\.weight), policy).map { stretch[$0].map(\.key) }
            }
    }

    /// Small segments in order of time: those that no full one overlaps, in rows that no full one parts; and those that
    /// lie across full ones.
    func stretches() -> (base: [[CompactionCandidate]], across: [CompactionCandidate]) {
        var base: [[CompactionCandidate]] = [[]]
        var across: [CompactionCandidate] = []
        let full = segments.filter { $0.isFull(policy) }
        // The latest end of full segments that begin up to each.
        var reach: [Int64] = []
        for segment in full { reach.append(max(reach.last ?? .min, segment.last)) }
        var passed = 0
        for segment in segments where !segment.isFull(policy) {
            let before = full.partitioningIndex { $0.first > segment.last }
            if before > 0, reach[before - 1] >= segment.first {
                across.append(segment)
                continue
            }
            if before != passed, !(base.last ?? []).isEmpty { base.append([]) }
            passed = before
            base[base.count - 1].append(segment)
        }
        return (base, across)
    }

    /// Windows of a row of weights that are worth combining: enough of them, none heavier than all others.
    static func windows(of weights: [Int], _ policy: CompactionPolicy) -> [Range<Int>] {
        var windows: [Range<Int>] = []
        var rest = [0..<weights.count]
        while let range = rest.popLast() {
            if range.count < (policy.isThorough ? 2 : 4) { continue }
            guard let heaviest = range.max(by: { weights[$0] < weights[$1] }) else { continue }
            let sum = range.reduce(0) { $0 + weights[$1] }
            if policy.isThorough || weights[heaviest] * 2 <= sum {
                windows.append(range)
            } else {
                rest.append(range.lowerBound..<heaviest)
                rest.append((heaviest + 1)..<range.upperBound)
            }
        }
        return windows
    }
}
