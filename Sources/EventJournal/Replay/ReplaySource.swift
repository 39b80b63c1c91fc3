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
        guard let planned = planner.next() else { return nil }
        let window = try await bounded(planned)
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

    /// Ends a window earlier where payload that was taken as spread evenly is bunched inside it.
    ///
    /// Only where it could be: where the chunks that reach into the window are together much larger than it may be.
    /// Then their timestamps are read first, which costs a second read of small segments, and 40 bytes a row.
    private func bounded(_ window: ReplayWindow) async throws -> ReplayWindow {
        guard window.chunks.reduce(0, { $0 + $1.payloadBytes }) > 2 * options.windowBytes else { return window }
        let (reader, policy) = (reader, options.damage)
        let rows = try await mapConcurrently(window.chunks, limit: reader.parallelism) { chunk -> [ReplayPosition] in
            do {
                return try await reader.positions(chunk, of: window)
            } catch let error as JournalError where error.code == .damagedSegment && policy == .skip {
                // Met again, and reported, when the rows themselves are read.
                return []
            }
        }
        var sized: [(position: ReplayPosition, bytes: Int)] = []
        for (chunk, positions) in zip(window.chunks, rows) {
            let each = chunk.payloadBytes / max(chunk.rows, 1)
            for position in positions { sized.append((position, each)) }
        }
        guard sized.reduce(0, { $0 + $1.bytes }) > 2 * options.windowBytes else { return window }
        sized.sort { $0.position < $1.position }
        var bytes = 0
        for row in sized {
            bytes += row.bytes
            if bytes >= options.windowBytes { return planner.shorten(window, to: row.position) }
        }
        return window
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
