/// Finds segments to merge where too many overlap; see ``CompactionPlanner``.
struct OverlapPlanner: Sendable {
    let policy: CompactionPolicy
    private var segments: [CompactionCandidate]

    init(policy: CompactionPolicy, segments: [CompactionCandidate]) {
        self.policy = policy
        self.segments = segments.sorted { $0.first != $1.first ? $0.first < $1.first : $0.key < $1.key }
    }

    /// Keys of segments to merge, job by job.
    consuming func jobs() -> [[String]] {
        var jobs: [[String]] = []
        while let job = nextJob() {
            jobs.append(job.map(\.key))
            let used = Set(job.map(\.key))
            segments.removeAll { used.contains($0.key) }
        }
        return jobs
    }

    /// The merge at the moment where most runs overlap that overlap too often.
    private func nextJob() -> [CompactionCandidate]? {
        var best: (excess: Int, merge: [CompactionCandidate])?
        var covering: [CompactionCandidate] = []
        for segment in segments {
            // The depth is highest where some segment begins.
            covering.removeAll { $0.last < segment.first }
            covering.append(segment)
            let depth = Set(covering.map(\.run)).count
            if depth <= max(policy.isThorough ? 1 : policy.maximumDepth, best.map { $0.excess + 1 } ?? 0) { continue }
            if let found = merge(covering), found.excess > best?.excess ?? 0 { best = found }
        }
        return best?.merge
    }

    /// Which of the layers that overlap at a moment to merge; `nil` when they may stay.
    private func merge(_ covering: [CompactionCandidate]) -> (excess: Int, merge: [CompactionCandidate])? {
        let ascending = layers(covering)
        guard let lightest = ascending.first, let heaviest = ascending.last, ascending.count > 1 else { return nil }
        if policy.isThorough { return (ascending.count - 1, ascending.flatMap(\.segments)) }
        var allowed = 2
        var ratio = Double(heaviest.weight) / Double(lightest.weight)
        while ratio > 1 {
            ratio /= 4
            allowed += 1
        }
        allowed = max(allowed, policy.maximumDepth)
        let depth = Set(covering.map(\.run)).count
        guard depth > allowed else { return nil }
        var sum = lightest.weight
        var best = (next: 1, ratio: Double.infinity)
        for next in 1..<ascending.count {
            let ratio = Double(ascending[next].weight) / Double(sum)
            if ratio < best.ratio { best = (next, ratio) }
            sum += ascending[next].weight
        }
        var end = best.next + 1
        sum = ascending[..<end].reduce(0) { $0 + $1.weight }
        while end < ascending.count, ascending[end].weight <= sum {
            sum += ascending[end].weight
            end += 1
        }
        return (depth - allowed, ascending[..<end].flatMap(\.segments))
    }

    /// Segments that overlap at a moment, each with those beside it that it forms a layer with: one that covers the
    /// range of the sparsest of them without overlapping itself.
    ///
    /// The densest segments make the first layer, so that hours written one after the other are one.
    ///
    /// - Returns: Layers by ascending weight.
    private func layers(_ covering: [CompactionCandidate]) -> [Layer] {
        guard let sparsest = covering.min(by: { $0.density < $1.density }) else { return [] }
        var layers: [Layer] = []
        let there = segments.filter { $0.overlaps(sparsest.first, sparsest.last) }
        for segment in there.sorted(by: { $0.density > $1.density }) {
            if let free = layers.firstIndex(where: { $0.hasRoom(for: segment) }) {
                layers[free].add(segment)
            } else {
                layers.append(Layer(segment))
            }
        }
        let present = Set(covering.map(\.key))
        return layers.filter { layer in layer.segments.contains { present.contains($0.key) } }
            .sorted { $0.weight < $1.weight }
    }

    /// Segments that do not overlap one another, or cannot have a place of the order in common.
    private struct Layer {
        var segments: [CompactionCandidate] = []
        var weight = 1

        init(_ first: CompactionCandidate) { add(first) }

        mutating func add(_ segment: CompactionCandidate) {
            segments.append(segment)
            weight += segment.weight
        }

        func hasRoom(for segment: CompactionCandidate) -> Bool {
            segments.allSatisfy { $0.run == segment.run || !$0.overlaps(segment.first, segment.last) }
        }
    }
}
