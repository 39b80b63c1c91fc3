public import Parquet

/// Many events as columns over shared buffers: what is appended, stored, merged and replayed.
///
/// Nothing is allocated per event; an ``Event`` is made only where one is asked for by ``subscript(_:)``.
public struct EventBatch: Sendable {
    /// Microseconds since 1970 UTC, one per event.
    public var timestamps: [Int64]
    /// Ids, as UTF-8.
    public var ids: ByteArrays
    /// Keys, null where an event has none; `nil` when no event has one.
    public var keys: ByteArrays?
    /// Sources, likewise.
    public var sources: ByteArrays?
    /// Sequences, likewise.
    public var sequences: ByteArrays?
    /// Payloads.
    public var payloads: ByteArrays
    /// In which append each event arrived, as the text of a UUID; `nil` where nobody asked.
    package var batchIDs: ByteArrays?
    /// What each row does; `nil` when all are new events.
    package var operations: [Operation]?

    /// An empty batch.
    public init() {
        self.init(timestamps: [], ids: ByteArrays(), payloads: ByteArrays())
    }

    /// A batch from columns, which must be of equal length (``validate()`` checks it).
    public init(
        timestamps: [Int64],
        ids: ByteArrays,
        keys: ByteArrays? = nil,
        sources: ByteArrays? = nil,
        sequences: ByteArrays? = nil,
        payloads: ByteArrays
    ) {
        self.timestamps = timestamps
        self.ids = ids
        self.keys = keys
        self.sources = sources
        self.sequences = sequences
        self.payloads = payloads
    }

    /// A batch of single events, in their order.
    public init(_ events: some Sequence<Event>) {
        self.init()
        for event in events { append(event) }
    }

    /// How many events there are.
    public var count: Int { timestamps.count }
    /// Whether there is none.
    public var isEmpty: Bool { timestamps.isEmpty }

    /// Adds an event at the end, copying its bytes.
    public mutating func append(_ event: Event) {
        EventBatch.append(event.key, to: &keys, count: count)
        EventBatch.append(event.source, to: &sources, count: count)
        EventBatch.append(event.sequence, to: &sequences, count: count)
        timestamps.append(event.timestamp.microseconds)
        ids.append(event.id.utf8)
        payloads.append(event.data)
    }

    private static func append(_ text: String?, to column: inout ByteArrays?, count: Int) {
        if column == nil {
            guard text != nil else { return }
            column = ByteArrays(buffers: [], views: Array(repeating: .null, count: count))
        }
        if let text { column?.append(text.utf8) } else { column?.appendNull() }
    }

    /// Event `index`, its bytes copied.
    public subscript(index: Int) -> Event {
        Event(
            id: ids.text(at: index) ?? "",
            timestamp: Timestamp(microseconds: timestamps[index]),
            key: keys?.text(at: index),
            data: payloads[index] ?? [],
            source: sources?.text(at: index),
            sequence: sequences?.text(at: index)
        )
    }

    /// Checks every event against the limits of the format.
    ///
    /// - Throws: ``JournalError/Code/invalidEvent`` that names the first event which breaks one.
    public func validate() throws(JournalError) {
        func check(_ column: ByteArrays?, _ name: String, most: Int, least: Int) throws(JournalError) {
            guard let column else { return }
            guard column.count == count, column.isValid() else {
                throw JournalError(.invalidEvent, "A batch of \(count) events has \(column.count) \(name)s.")
            }
            for (index, view) in column.views.enumerated() where !view.isNull {
                guard view.length >= least, view.length <= most else {
                    let id = ids.text(at: index).map { $0.prefix(80) } ?? ""
                    throw JournalError(
                        .invalidEvent,
                        "Event \(index) of the batch (id \"\(id)\") has \(name) of \(view.length) bytes; "
                            + "allowed are \(least) to \(most)."
                    )
                }
            }
        }
        try check(ids, "an id", most: EventLimits.fieldBytes, least: 1)
        try check(keys, "a key", most: EventLimits.fieldBytes, least: 0)
        try check(sources, "a source", most: EventLimits.fieldBytes, least: 0)
        try check(sequences, "a sequence", most: EventLimits.fieldBytes, least: 0)
        try check(payloads, "a payload", most: EventLimits.payloadBytes, least: 0)
        for (name, column) in [("id", ids), ("key", keys), ("source", sources), ("sequence", sequences)] {
            guard let column else { continue }
            var bad: Int?
            unsafe column.visit { row, bytes in if unsafe !UTF8Validation.isValid(bytes) { bad = bad ?? row } }
            guard let row = bad else { continue }
            throw JournalError(.invalidEvent, "The \(name) of event \(row) of the batch is not UTF-8.")
        }
        if let row = timestamps.firstIndex(of: .min) {
            throw JournalError(.invalidEvent, "The timestamp of event \(row) of the batch is out of range.")
        }
        guard !ids.views.contains(where: \.isNull), !payloads.views.contains(where: \.isNull) else {
            throw JournalError(.invalidEvent, "Every event needs an id and a payload; one of the batch has null.")
        }
    }
}

extension EventBatch {
    /// The events at these places, in the order given; the buffers are shared, not copied.
    func selecting(_ rows: some Collection<Int>) -> EventBatch {
        func pick(_ column: ByteArrays) -> ByteArrays {
            ByteArrays(buffers: column.buffers, views: rows.map { column.views[$0] })
        }
        return EventBatch(
            timestamps: rows.map { timestamps[$0] },
            ids: pick(ids),
            keys: keys.map(pick),
            sources: sources.map(pick),
            sequences: sequences.map(pick),
            payloads: pick(payloads)
        )
        .adding(batchIDs: batchIDs.map(pick), operations: operations.map { all in rows.map { all[$0] } })
    }

    private func adding(batchIDs: ByteArrays?, operations: [Operation]?) -> EventBatch {
        var batch = self
        batch.batchIDs = batchIDs
        batch.operations = operations
        return batch
    }

    /// Adds another batch's events at the end; the buffers are shared, not copied.
    package mutating func append(contentsOf other: EventBatch, rows: Range<Int>? = nil) {
        let rows = rows ?? 0..<other.count
        let count = count
        func join(_ column: inout ByteArrays?, _ more: ByteArrays?) {
            guard column != nil || more != nil else { return }
            var joined = column ?? ByteArrays(buffers: [], views: Array(repeating: .null, count: count))
            if let more {
                joined.append(sharing: more, rows: rows)
            } else {
                joined.views.append(contentsOf: repeatElement(.null, count: rows.count))
            }
            column = joined
        }
        join(&keys, other.keys)
        join(&sources, other.sources)
        join(&sequences, other.sequences)
        join(&batchIDs, other.batchIDs)
        if operations != nil || other.operations != nil {
            operations =
                (operations ?? Array(repeating: .put, count: count))
                + (other.operations.map { Array($0[rows]) } ?? Array(repeating: .put, count: rows.count))
        }
        ids.append(sharing: other.ids, rows: rows)
        payloads.append(sharing: other.payloads, rows: rows)
        timestamps.append(contentsOf: other.timestamps[rows])
    }

    /// The same events over buffers that hold nothing else, to let go of large ones of which little is used.
    ///
    /// Columns larger than a view can address stay as they are.
    func compacted() -> EventBatch {
        guard payloads.payloadBytes < Int(UInt32.max) else { return self }
        var batch = self
        batch.ids = ids.compacted()
        batch.keys = keys?.compacted()
        batch.sources = sources?.compacted()
        batch.sequences = sequences?.compacted()
        batch.payloads = payloads.compacted()
        batch.batchIDs = batchIDs?.compactedRuns()
        return batch
    }

    /// The same events ordered by timestamp, equal ones in the order they had.
    func sortedByTimestamp() -> EventBatch {
        var rows = Array(0..<count)
        return sortByTimestamp(&rows) ? selecting(rows) : self
    }

    /// Orders numbers of rows, which ascend, by timestamp; equal ones stay in their order.
    ///
    /// - Returns: Whether anything changed.
    @discardableResult
    func sortByTimestamp(_ rows: inout [Int]) -> Bool {
        var isAscending = true
        for index in rows.indices.dropFirst() where timestamps[rows[index]] < timestamps[rows[index - 1]] {
            isAscending = false
            break
        }
        if isAscending { return false }
        // `sort` is not promised to be stable: the row breaks ties.
        rows.sort { left, right in
            timestamps[left] != timestamps[right] ? timestamps[left] < timestamps[right] : left < right
        }
        return true
    }
}

extension ByteArrays {
    /// Value `index` as text, or `nil` when it is null.
    func text(at index: Int) -> String? {
        guard !views[index].isNull else { return nil }
        return unsafe withBytes(at: index) { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Adds values of another column at the end, sharing its buffers.
    mutating func append(sharing other: ByteArrays, rows: Range<Int>) {
        let base = share(other)
        views.reserveCapacity(views.count + rows.count)
        for view in other.views[rows] { views.append(view.rebased(base)) }
    }

    /// One value many times.
    static func repeating(_ value: [UInt8], count: Int) -> ByteArrays {
        let view = ByteView(buffer: 0, offset: 0, length: UInt32(value.count))
        return ByteArrays(buffers: [value], views: Array(repeating: view, count: count))
    }

    /// Whether the value at one place comes before the one at another by bytes, or is equal (`nil`).
    func precedes(at row: Int, _ other: ByteArrays, at otherRow: Int) -> Bool? {
        unsafe withBytes(at: row) { left in
            unsafe other.withBytes(at: otherRow) { right in
                if unsafe left.elementsEqual(right) { return nil }
                return unsafe left.lexicographicallyPrecedes(right)
            }
        }
    }

    /// The same values in one buffer, equal neighbours sharing their bytes.
    func compactedRuns() -> ByteArrays {
        var bytes: [UInt8] = []
        var last: (old: ByteView, new: ByteView)?
        let views = self.views.map { view in
            guard !view.isNull else { return view }
            if let last, last.old == view { return last.new }
            let new = ByteView(buffer: 0, offset: UInt32(bytes.count), length: view.length)
            bytes.append(contentsOf: buffers[Int(view.buffer)][view.range])
            last = (view, new)
            return new
        }
        return ByteArrays(buffers: [bytes], views: views)
    }

    /// The same values in one buffer that holds nothing else.
    func compacted() -> ByteArrays {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(payloadBytes)
        let views = self.views.map { view in
            guard !view.isNull else { return view }
            let offset = UInt32(bytes.count)
            bytes.append(contentsOf: buffers[Int(view.buffer)][view.range])
            return ByteView(buffer: 0, offset: offset, length: view.length)
        }
        return ByteArrays(buffers: [bytes], views: views)
    }
}
