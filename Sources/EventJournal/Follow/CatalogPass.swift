internal import Parquet

/// Delivers what the catalog has of some batches, in the order of replay.
///
/// Where it stops it can go on later, by then over other segments: compactions keep the order of (timestamp, batch id, row),
/// and a batch of rows always ends between two such pairs.
struct CatalogPass {
    /// Which rows are delivered, by the batch they arrived in.
    enum Wanted: Sendable {
        /// All but those of these batches.
        case allBut(Set<UUIDv7>)
        /// Those of these batches.
        case only(Set<UUIDv7>)
    }

    private let pipeline: ReplayPipeline
    private let wanted: Wanted
    /// Batches whose rows are new versions of events.
    private let updates: Set<UUIDv7>
    /// Rows up to here were delivered before.
    private let after: FollowPosition.Place?
    /// Rows of this batch up to its moment were delivered before.
    private let partial: FollowPosition.Place?
    private var batches: ArraySlice<EventBatch> = []
    private var held = EventBatch()
    private var isAtEnd = false

    /// - Parameters:
    ///   - snapshot: What is there now; of its segments only those that may have such rows.
    ///   - wanted: Whose rows are delivered.
    ///   - updates: Batches of updates.
    ///   - after: Where an earlier pass has stopped.
    ///   - partial: A batch of which a part was delivered.
    ///   - options: How far to read ahead, and what to do about damage.
    ///   - reader: The journal's.
    init(
        _ snapshot: Snapshot,
        wanted: Wanted,
        updates: Set<UUIDv7>,
        after: FollowPosition.Place?,
        partial: FollowPosition.Place?,
        options: ReplayOptions,
        reader: SegmentReader
    ) {
        let start = after.map { $0.timestamp > .min ? Timestamp(microseconds: $0.timestamp - 1) : .min }
        pipeline = ReplayPipeline(
            ReplaySource(
                range: EventRange(after: start),
                options: options,
                origin: .snapshot(snapshot),
                reader: reader,
                withBatchIDs: true
            )
        )
        self.wanted = wanted
        self.updates = updates
        self.after = after
        self.partial = partial
    }

    /// The next rows and where they end; `nil` behind the last.
    ///
    /// Memory: as a replay, and the rows of one batch at one moment.
    mutating func next() async throws -> (batch: EventBatch, through: FollowPosition.Place)? {
        while true {
            guard let batch = try await nextBatch() else {
                let rest = held
                held = EventBatch()
                return try rest.places().last.map { (rest, $0) }
            }
            let places = try batch.places()
            let rows = places.indices.filter { isWanted(places[$0]) }
            var some = rows.count == batch.count ? batch : batch.selecting(rows)
            mark(&some, rows.map { places[$0] })
            guard let last = rows.last.map({ places[$0] }) else { continue }
            // The last batch of the last moment waits: more of it may follow.
            let start = rows.partitioningIndex { places[$0] >= last }
            var ready = held
            if start == 0, !held.isEmpty, try held.places().last == last {
                held.append(contentsOf: some)
                continue
            }
            ready.append(contentsOf: some, rows: 0..<start)
            held = some.selecting(start..<some.count)
            guard !ready.isEmpty, let through = try ready.places().last else { continue }
            return (ready, through)
        }
    }

    private mutating func nextBatch() async throws -> EventBatch? {
        while batches.isEmpty {
            guard !isAtEnd, let window = try await pipeline.next() else {
                isAtEnd = true
                return nil
            }
            batches = window[...]
        }
        return batches.popFirst()
    }

    private func isWanted(_ place: FollowPosition.Place) -> Bool {
        if let after, place <= after { return false }
        if let partial, place.batchID == partial.batchID, place.timestamp <= partial.timestamp { return false }
        switch wanted {
        case .allBut(let batches): return batches.isEmpty || !batches.contains(place.batchID)
        case .only(let batches): return batches.contains(place.batchID)
        }
    }

    private func mark(_ batch: inout EventBatch, _ places: [FollowPosition.Place]) {
        if updates.isEmpty { return }
        let operations = places.map { updates.contains($0.batchID) ? Operation.update : .put }
        batch.operations = operations.contains(.update) ? operations : nil
    }
}

extension EventBatch {
    /// Where each row stands in the order of replay; the text of a batch id that stands in a row of rows is read once.
    fileprivate func places() throws -> [FollowPosition.Place] {
        var last: (view: ByteView, batchID: UUIDv7)?
        var places: [FollowPosition.Place] = []
        places.reserveCapacity(count)
        for row in 0..<count {
            let view = batchIDs?.views[row] ?? .null
            let batchID: UUIDv7
            if let last, last.view == view {
                batchID = last.batchID
            } else {
                guard let read = batchIDs?[row].flatMap({ UUIDv7(utf8: $0) }) else {
                    throw JournalError(
                        .damagedSegment,
                        "A compacted segment has the batch id \"\(batchIDs?.text(at: row) ?? "null")\", which is none. "
                            + "Run `highwater verify` to find out which."
                    )
                }
                batchID = read
                last = (view, read)
            }
            places.append(FollowPosition.Place(timestamp: timestamps[row], batchID: batchID))
        }
        return places
    }
}
