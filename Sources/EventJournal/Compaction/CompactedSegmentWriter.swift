internal import ObjectStorage
internal import Parquet

/// Streams events in replay order into objects of `segments/`.
///
/// Row groups are encoded side by side, as many as there may be threads, and written in order while the next are
/// collected. Objects end where the timestamp changes; only when one moment alone has more than two objects hold,
/// between two batches of that moment, and never between two rows that nothing but their row number orders. So every
/// two objects of a run are disjoint in the order of (timestamp, batch id), whatever is later merged with either.
///
/// Memory: per thread a row group of 4 to 8 MiB of payload (or one larger payload) and its encoded form.
///
/// Not `Sendable`: one task writes. Exactly one of ``finish()`` and ``abort()`` ends it.
final class CompactedSegmentWriter {
    private let store: any ObjectStore
    private let layout: CompactedSegmentLayout
    private let plan: WriterPlan
    private let evaluator: ColumnEvaluator
    private let parallelism: Int
    private var names: CompactedSegmentNames
    private var cutter: RowGroupCutter
    private var full: [PendingRowGroup] = []
    private var object: CompactedObject?
    /// What was stored so far, in order.
    private(set) var segments: [CompactedSegment] = []
    /// The objects begun so far; after an error any of them may be there.
    private(set) var keys: [String] = []
    /// How many events were taken, and their payload.
    private(set) var events = 0
    private(set) var payloadBytes = 0

    /// - Parameters:
    ///   - store: The journal's.
    ///   - run: Names the run; no other writer may use it.
    ///   - layout: Sizes and levels.
    ///   - parallelism: How many row groups are encoded at once.
    /// - Throws: `ParquetError` when the layout fits no file; a compression level out of range shows at the first row
    ///   group.
    init(store: any ObjectStore, run: UUIDv7, layout: CompactedSegmentLayout, parallelism: Int) throws {
        self.store = store
        self.layout = layout
        self.parallelism = max(1, parallelism)
        plan = try layout.plan()
        evaluator = try ColumnEvaluator(layout.columns)
        names = CompactedSegmentNames(run: run)
        cutter = RowGroupCutter(layout)
    }

    /// Adds events, which follow those before in replay order.
    ///
    /// - Parameter batch: Any number of events, with batch ids.
    /// - Throws: What the store throws; the writer is then to be aborted.
    func append(_ batch: EventBatch) async throws {
        var start = 0
        while let group = cutter.take(batch, from: &start) {
            full.append(group)
            if full.count >= parallelism { try await flush() }
        }
        events += batch.count
        payloadBytes += batch.payloads.payloadBytes
    }

    /// Ends the last object.
    ///
    /// - Returns: All objects, in order; none when there was no event.
    /// - Throws: What the store throws; the writer is then to be aborted.
    func finish() async throws -> [CompactedSegment] {
        if let rest = cutter.finish() { full.append(rest) }
        try await flush()
        try await endObject()
        return segments
    }

    /// Forgets the object that is being written; those that were finished stay, and are the caller's to delete:
    /// ``keys`` names them.
    func abort() async {
        full = []
        let unfinished = object
        object = nil
        await unfinished?.abort()
    }

    private func flush() async throws {
        if full.isEmpty { return }
        let groups = full
        full = []
        let (plan, evaluator) = (plan, evaluator)
        let encoded = try await mapConcurrently(groups, limit: parallelism) { try EncodedGroup($0, plan, evaluator) }
        for group in encoded {
            try await current().append(group)
            let bytes = object?.byteCount ?? 0
            let mayEnd = group.end == .timestamp || (group.end == .batch && bytes >= 2 * layout.targetObjectBytes)
            if bytes >= layout.targetObjectBytes, mayEnd { try await endObject() }
        }
        let bytes = object?.byteCount ?? 0
        cutter.haste =
            bytes >= 2 * layout.targetObjectBytes ? .atBatch : bytes >= layout.targetObjectBytes ? .atTimestamp : .none
    }

    private func current() async throws -> CompactedObject {
        if let object { return object }
        let key = names.next()
        keys.append(key)
        let new = try await CompactedObject.begin(key, in: store, plan: plan, columns: layout.columns)
        object = new
        return new
    }

    private func endObject() async throws {
        guard let ending = object else { return }
        object = nil
        segments.append(try await ending.finish())
    }
}
