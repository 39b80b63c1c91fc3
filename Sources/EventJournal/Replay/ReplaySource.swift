/// Makes the windows of one replay, one after the other.
///
/// ``ReplayPipeline`` asks for one window at a time, so no two calls interleave.
actor ReplaySource {
    private let range: EventRange
    private let options: ReplayOptions
    private let inbox: Inbox
    private let reader: SegmentReader

    private var planner: ReplayPlanner
    private var duplicates: [UUIDv7: [Int]] = [:]
    /// Segments the planner has not got yet, by ascending first timestamp, with their rank.
    private var waiting: ArraySlice<(segment: Segment, rank: Int)> = []
    private var isOpen = false
    private var skipped: Set<String> = []

    /// The first window is small, so that the first events are there soon.
    private static let firstWindowBytes = 4 << 20

    init(range: EventRange, options: ReplayOptions, inbox: Inbox, reader: SegmentReader) {
        self.range = range
        self.options = options
        self.inbox = inbox
        self.reader = reader
        planner = ReplayPlanner(
            range: range,
            firstBytes: ReplaySource.firstWindowBytes,
            maximumBytes: options.windowBytes
        )
    }

    /// The batches of the next window, possibly none; `nil` when the range is done.
    func next() async throws -> [EventBatch]? {
        if !isOpen { try await open() }
        try await feedPlanner()
        guard let window = planner.next() else { return nil }
        let (reader, duplicates, policy) = (reader, duplicates, options.damage)
        let results = try await mapConcurrently(window.chunks, limit: reader.parallelism) { chunk in
            do {
                let dropped = duplicates[chunk.segment.batchID] ?? []
                return Result<ReplayPart, JournalError>
                    .success(
                        try await reader.part(chunk, of: window, dropped: dropped)
                    )
            } catch let error as JournalError where error.code == .damagedSegment && policy == .skip {
                return .failure(error)
            }
        }
        var parts: [ReplayPart] = []
        for (chunk, result) in zip(window.chunks, results) {
            switch result {
            case .success(let part): parts.append(part)
            case .failure(let error): skip(chunk.segment, error)
            }
        }
        return Merge.merge(parts)
    }

    private func open() async throws {
        let snapshot = try await inbox.snapshot(damage: options.damage)
        for damaged in snapshot.damaged { report(damaged) }
        duplicates = snapshot.duplicates
        let ranked = snapshot.segments.enumerated().filter { $0.element.overlaps(range) }
        waiting =
            ranked.map { (segment: $0.element, rank: $0.offset) }.sorted { $0.segment.first < $1.segment.first }[...]
        isOpen = true
    }

    /// Gives the planner all segments the next window could touch.
    private func feedPlanner() async throws {
        while true {
            let horizon = planner.horizon
            let reached = waiting.prefix { $0.segment.first.microseconds <= horizon ?? planner.rangeEnd }
            let some = horizon == nil ? reached.prefix(1) : reached
            if some.isEmpty { return }
            waiting.removeFirst(some.count)
            for (segment, rank) in some {
                do {
                    planner.add(try await reader.chunks(of: segment, rank: rank))
                } catch let error as JournalError where error.code == .damagedSegment && options.damage == .skip {
                    skip(segment, error)
                }
            }
        }
    }

    private func skip(_ segment: Segment, _ error: JournalError) {
        report(DamagedSegment(object: segment.key, events: segment.events, error: error))
    }

    private func report(_ damaged: DamagedSegment) {
        if skipped.insert(damaged.object).inserted { options.onDamage?(damaged) }
    }
}
