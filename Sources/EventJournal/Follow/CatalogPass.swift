internal import Parquet

/// Delivers what the catalog has of some batches, in the order of replay.
///
/// Where it stops it can go on later, by then over other segments: compactions keep the order of (timestamp, batch id,
/// row), and a batch of rows always ends between two such pairs.
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
    /// Ids of which the follower has another event.
    private let replaced: Set<[UInt8]>
    /// Which version of some ids is delivered; none of those that are here with `nil`.
    private let expected: [[UInt8]: FollowedVersion?]
    /// Rows up to here were delivered before.
    private let after: FollowPosition.Place?
    /// Rows of this batch up to its moment were delivered before.
    private let partial: FollowPosition.Place?
    private var batches: ArraySlice<EventBatch> = []
    /// Rows that wait for those behind them, and where each stands.
    private var held = EventBatch()
    private var heldPlaces: [FollowPosition.Place] = []
    /// So many events are delivered at once.
    private let batchEvents: Int
    private var isAtEnd = false

    /// - Parameters:
    ///   - snapshot: What is there now; of its segments only those that may have such rows.
    ///   - wanted: Whose rows are delivered.
    ///   - updates: Batches of updates.
    ///   - replaced: Ids of which the follower may have an event that does not count any more.
    ///   - expected: Which version of some ids is delivered; others of theirs are left out.
    ///   - after: Where an earlier pass has stopped.
    ///   - partial: A batch of which a part was delivered.
    ///   - options: How far to read ahead, and what to do about damage.
    ///   - batchEvents: How many events are delivered at once, if they are not all of one place.
    ///   - reader: The journal's.
    init(
        _ snapshot: Snapshot,
        wanted: Wanted,
        updates: Set<UUIDv7>,
        replaced: Set<[UInt8]> = [],
        expected: [[UInt8]: FollowedVersion?] = [:],
        after: FollowPosition.Place?,
        partial: FollowPosition.Place?,
        options: ReplayOptions,
        batchEvents: Int,
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
        self.replaced = replaced
        self.expected = expected
        self.after = after
        self.partial = partial
        self.batchEvents = batchEvents
    }

    /// The next rows and where they end; `nil` behind the last.
    ///
    /// Memory: as a replay, and the rows of one batch at one moment.
    mutating func next() async throws -> (batch: EventBatch, through: FollowPosition.Place)? {
        while true {
            // The last batch of the last moment waits: more of it may follow.
            if let end = heldPlaces.cut(atMost: batchEvents) { return take(end) }
            guard let batch = try await nextBatch() else {
                return heldPlaces.isEmpty ? nil : take(heldPlaces.count)
            }
            let places = try batch.places()
            let rows = places.indices.filter { isWanted(places[$0]) && isExpected(batch.ids, $0, places[$0]) }
            if rows.isEmpty { continue }
            var some = rows.count == batch.count ? batch : batch.selecting(rows)
            let wanted = rows.map { places[$0] }
            mark(&some, wanted)
            held.append(contentsOf: some)
            heldPlaces += wanted
        }
    }

    /// The first rows of those that wait.
    private mutating func take(_ end: Int) -> (batch: EventBatch, through: FollowPosition.Place) {
        let through = heldPlaces[end - 1]
        defer {
            held = end == heldPlaces.count ? EventBatch() : held.selecting(end..<heldPlaces.count)
            heldPlaces.removeFirst(end)
        }
        return (end == heldPlaces.count ? held : held.selecting(0..<end), through)
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

    private func isExpected(_ ids: ByteArrays, _ row: Int, _ place: FollowPosition.Place) -> Bool {
        if expected.isEmpty { return true }
        guard let version = ids[row].flatMap({ expected[$0] }) else { return true }
        return version == FollowedVersion(timestamp: place.timestamp, batchID: place.batchID)
    }

    private func mark(_ batch: inout EventBatch, _ places: [FollowPosition.Place]) {
        if updates.isEmpty, replaced.isEmpty { return }
        let operations = places.indices.map { row in
            let isUpdate =
                updates.contains(places[row].batchID)
                || (!replaced.isEmpty && batch.ids[row].map { replaced.contains($0) } ?? false)
            return isUpdate ? Operation.update : .put
        }
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

extension Array where Element: Comparable {
    /// Where the first elements end that can be taken together: at most so many, if that does not part equal ones.
    ///
    /// `nil` when all are equal, or may be: what follows is not known. The elements ascend.
    func cut(atMost limit: Int) -> Int? {
        guard let last else { return nil }
        let element = limit < count ? self[limit] : last
        let start = partitioningIndex { $0 >= element }
        if start > 0 { return start }
        let end = partitioningIndex { $0 > element }
        return end < count ? end : nil
    }
}
