internal import Parquet

/// The rows of one segment of the inbox, as a follower gets them, row group by row group.
struct SegmentDelivery {
    let segment: Segment
    private let meaning: Findings.Meaning
    private let reader: SegmentReader
    /// Rows up to this moment were delivered before.
    private let after: Int64?
    private var rowGroup = 0
    private var firstRow = 0
    private var held = EventBatch()
    /// So many events are delivered at once.
    private let batchEvents: Int

    init(
        _ segment: Segment,
        _ meaning: Findings.Meaning?,
        after: Int64?,
        batchEvents: Int = .max,
        reader: SegmentReader
    ) {
        self.segment = segment
        self.meaning = meaning ?? Findings.Meaning()
        self.after = after
        self.batchEvents = batchEvents
        self.reader = reader
    }

    /// The next rows, and up to which moment the segment is delivered with them; `nil` for the moment when it is whole.
    ///
    /// - Throws: ``JournalError``, by what is wrong with the segment or the store.
    mutating func next() async throws -> (batch: EventBatch, through: Int64?) {
        let open = try await reader.open(segment)
        let groups = open.file.metadata.rowGroups
        while true {
            // Rows of the last moment wait: the next row group may have more of it.
            if let end = held.timestamps.cut(atMost: batchEvents) {
                let batch = held.selecting(0..<end)
                held = held.selecting(end..<held.count)
                return (batch, batch.timestamps[end - 1])
            }
            if rowGroup == groups.count { break }
            for part in try await open.events(rowGroup: rowGroup, rows: nil) {
                take(part, into: &held)
                firstRow += part.count
            }
            rowGroup += 1
        }
        var batch = held
        held = EventBatch()
        try await revive(into: &batch)
        return (batch, nil)
    }

    private func take(_ part: EventBatch, into batch: inout EventBatch) {
        let isWhole = meaning.dropped.isEmpty && meaning.operations.isEmpty && after == nil && !segment.isChanges
        if isWhole {
            batch.append(contentsOf: part)
            return
        }
        var rows: [Int] = []
        var operations: [Operation] = []
        for row in 0..<part.count where part.timestamps[row] > after ?? .min {
            let number = firstRow + row
            if let operation = meaning.operations[number] {
                operations.append(operation)
            } else if segment.isChanges || meaning.dropped.contains(number) {
                continue
            } else {
                operations.append(.put)
            }
            rows.append(row)
        }
        var some = part.selecting(rows)
        some.operations = operations.contains { $0 != .put } ? operations : nil
        batch.append(contentsOf: some)
    }

    /// Adds events of segments delivered before that count by now.
    private func revive(into batch: inout EventBatch) async throws {
        if meaning.revived.isEmpty { return }
        var events: [Event] = []
        for (_, place) in meaning.revived { events.append(try await reader.event(at: place)) }
        var revived = EventBatch(events)
        revived.operations = meaning.revived.map(\.operation)
        batch.append(contentsOf: revived)
    }
}
