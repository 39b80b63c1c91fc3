/// Makes the windows of one replay, one after the other.
///
/// ``ReplayPipeline`` asks for one window at a time, so no two calls interleave.
actor ReplaySource {
    /// Where the events come from.
    enum Origin: Sendable {
        /// The journal as it is when the replay begins.
        case journal(Inbox)
        /// A snapshot that was taken before, or a part of one.
        case snapshot(Snapshot)
    }

    private let range: EventRange
    private let options: ReplayOptions
    private let origin: Origin
    private let reader: SegmentReader
    /// Whether rows carry in which append they arrived.
    private let withBatchIDs: Bool

    private var planner: ReplayPlanner
    private var snapshot = Snapshot(catalog: .empty, segments: [], damaged: [])
    /// Changes whose event was met in the catalog.
    private var met: Set<Int> = []
    /// Segments the planner has not got yet, by ascending first timestamp, with their rank.
    private var waiting: ArraySlice<(segment: Segment, rank: Int)> = []
    /// The chunks of the window before: what was fetched for them and not taken is let go of.
    private var unread: [Chunk] = []
    private var isOpen = false
    private var skipped: Set<String> = []
    private var progress = ReplayProgress()
    /// An object that was gone; met again it is lost.
    private var goneObject: String?

    /// The first window is small, so that the first events are there soon.
    private static let firstWindowBytes = 4 << 20

    init(
        range: EventRange,
        options: ReplayOptions,
        origin: Origin,
        reader: SegmentReader,
        withBatchIDs: Bool = false
    ) {
        self.range = range
        self.options = options
        self.origin = origin
        self.reader = reader.readingAhead()
        self.withBatchIDs = withBatchIDs
        planner = ReplayPlanner(
            range: range,
            firstBytes: ReplaySource.firstWindowBytes,
            maximumBytes: options.windowBytes
        )
    }

    /// The batches of the next window, possibly none; `nil` when the range is done.
    ///
    /// What the snapshot names may be gone by the time it is read: absorbed segments stay for two minutes only, and a
    /// consumer may take longer. Then the journal as it is by now is read on from where the replay has got to.
    func next() async throws -> [EventBatch]? {
        while true {
            do {
                guard let window = try await window() else {
                    try progress.finish()
                    return nil
                }
                return try progress.note(window)
            } catch let error as JournalError where error.isMissing && canGoOn && error.object != goneObject {
                goneObject = error.object
                restart()
            }
        }
    }

    private func restart() {
        planner = ReplayPlanner(
            range: progress.rest(of: range),
            firstBytes: ReplaySource.firstWindowBytes,
            maximumBytes: options.windowBytes
        )
        met = []
        waiting = []
        isOpen = false
        reader.ahead?.forgetAll()
    }

    private var canGoOn: Bool { if case .journal = origin { true } else { false } }

    private func window() async throws -> [EventBatch]? {
        if !isOpen { try await open() }
        try await feedPlanner()
        guard let planned = planner.next() else { return nil }
        let window = try await bounded(planned)
        try askAhead(window)
        // Updates are read behind the events they change: whether those are there decides whether the updates count.
        let changes = window.chunks.filter(\.segment.isChanges)
        guard !changes.isEmpty else { return Merge.merge(try await parts(window.chunks, of: window)) }
        var parts = try await parts(window.chunks.filter { !$0.segment.isChanges }, of: window)
        parts += try await self.parts(changes, of: window)
        return Merge.merge(parts)
            .map { batch in
                var batch = batch
                batch.operations = nil
                return batch
            }
    }

    private func parts(_ chunks: [Chunk], of window: ReplayWindow) async throws -> [ReplayPart] {
        let (reader, skips, snapshot, met, withBatchIDs) = (reader, skips, snapshot, met, withBatchIDs)
        let selection = options.selection
        let overlapping = withBatchIDs ? [] : window.chunksThatMeetOthers()
        let results = try await mapConcurrently(chunks, limit: reader.requests) { chunk in
            do {
                var part = try await reader.part(
                    chunk,
                    of: window,
                    filter: snapshot.filter(chunk, met: met),
                    withBatchIDs: withBatchIDs || overlapping.contains(chunk)
                )
                if let selection { try part.select(selection) }
                return Result<ReplayPart, JournalError>.success(part)
            } catch let error as JournalError where skips.admits(error) {
                return .failure(error)
            }
        }
        var parts: [ReplayPart] = []
        for (chunk, result) in zip(chunks, results) {
            switch result {
            case .success(let part):
                self.met.formUnion(part.met)
                parts.append(part)
            case .failure(let error): skip(chunk.segment, error)
            }
        }
        return parts
    }

    /// Ends a window earlier where payload that was taken as spread evenly is bunched inside it.
    ///
    /// Only where it could be: where the chunks that reach into the window are together much larger than it may be.
    /// Then their timestamps are read first, which costs a second read of small segments, and 40 bytes a row.
    private func bounded(_ window: ReplayWindow) async throws -> ReplayWindow {
        guard window.chunks.reduce(0, { $0 + $1.payloadBytes }) > 2 * options.windowBytes else { return window }
        let (reader, skips) = (reader, skips)
        let rows = try await mapConcurrently(window.chunks, limit: reader.requests) { chunk -> [ReplayPosition] in
            do {
                return try await reader.positions(chunk, of: window)
            } catch let error as JournalError where skips.admits(error) {
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
        switch origin {
        case .journal(let inbox):
            let isAgain = goneObject != nil
            snapshot = try await inbox.snapshot(damage: options.damage, range: range, validating: isAgain)
        case .snapshot(let taken): snapshot = taken
        }
        for damaged in snapshot.damaged { report(damaged) }
        if options.latestPerKey {
            snapshot = try await LatestPerKey(snapshot: snapshot, range: range, reader: reader)
                .selected(notify: options.onLatest) { segment, error in
                    guard skips.admits(error) else { throw error }
                    skip(segment, error)
                }
        }
        let kept = snapshot.kept
        let rest = progress.rest(of: range)
        let ranked = snapshot.segments.enumerated()
            .filter { _, segment in segment.overlaps(rest) && (kept == nil || kept?[segment.key] != nil) }
        waiting =
            ranked.map { (segment: $0.element, rank: $0.offset) }.sorted { $0.segment.first < $1.segment.first }[...]
        isOpen = true
    }

    /// Has the store fetch what this window and those behind it need, in their order, where requests are slow.
    private func askAhead(_ window: ReplayWindow) throws {
        guard let ahead = reader.ahead else { return }
        var chunks = planner.upcoming
        var bytes = chunks.reduce(0) { $0 + $1.payloadBytes }
        // Compressed they are less, so this is more than is under way at a time.
        for (segment, rank) in waiting {
            if bytes > 4 * ReadAhead.maximumBytes || segment.first.microseconds > planner.rangeEnd { break }
            // Where a footer has to be read first, what lies behind it cannot be asked for.
            guard let known = try reader.knownChunks(of: segment, rank: rank) else { break }
            let wanted = known.filter(planner.isWanted)
            bytes += wanted.reduce(0) { $0 + $1.payloadBytes }
            chunks += wanted
        }
        chunks.sort { $0.first < $1.first }
        ahead.forget(try unread.flatMap(reader.places))
        // A chunk that reaches into the next window is read again for it, and may be asked for then.
        let current = Set(window.chunks)
        unread = window.chunks
        ahead.expect(try (window.chunks + chunks.filter { !current.contains($0) }).flatMap(reader.places))
    }

    /// Gives the planner all segments the next window could touch.
    private func feedPlanner() async throws {
        while true {
            let horizon = planner.horizon
            let reached = waiting.prefix { $0.segment.first.microseconds <= horizon ?? planner.rangeEnd }
            let some = horizon == nil ? reached.prefix(1) : reached
            if some.isEmpty { return }
            try await reader.prepare(waiting.lazy.map(\.segment))
            waiting.removeFirst(some.count)
            for (segment, rank) in some {
                do {
                    planner.add(try await reader.chunks(of: segment, rank: rank))
                } catch let error as JournalError where skips.admits(error) {
                    skip(segment, error)
                }
            }
        }
    }

    /// Which errors mean that a segment is left out.
    private struct Skips: Sendable {
        var policy: DamagePolicy
        /// Whether one that is gone is elsewhere by now, unless it is this.
        var canGoOn: Bool
        var goneObject: String?

        func admits(_ error: JournalError) -> Bool {
            policy == .skip && error.isDamage(orMissing: !canGoOn || error.object == goneObject)
        }
    }

    private var skips: Skips { Skips(policy: options.damage, canGoOn: canGoOn, goneObject: goneObject) }

    private func skip(_ segment: Segment, _ error: JournalError) {
        report(DamagedSegment(object: segment.key, events: segment.events, error: error))
    }

    private func report(_ damaged: DamagedSegment) {
        if skipped.insert(damaged.object).inserted { options.onDamage?(damaged) }
    }
}

extension ReplayWindow {
    /// Chunks of the catalog that have a moment in common with a chunk of another segment, and those others.
    ///
    /// Only there can rows of one moment have to be told apart by the append they arrived with.
    fileprivate func chunksThatMeetOthers() -> Set<Chunk> {
        guard chunks.contains(where: \.segment.isInCatalog) else { return [] }
        var meeting: Set<Chunk> = []
        var reach: [Chunk] = []
        for chunk in chunks.sorted(by: { $0.first < $1.first }) {
            reach.removeAll { $0.last < chunk.first }
            for other in reach where other.segment != chunk.segment {
                meeting.insert(other)
                meeting.insert(chunk)
            }
            reach.append(chunk)
        }
        return meeting
    }
}

extension ReplayPart {
    /// Keeps what is selected.
    ///
    /// This is done before parts are merged: side by side, and there is less to merge then.
    fileprivate mutating func select(_ selection: EventSelection) throws {
        batches = try batches.map(selection.apply).filter { !$0.isEmpty }
    }
}
