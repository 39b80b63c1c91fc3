internal import DeltaLake
internal import ObjectStorage

/// What one commit changes in the catalog, and what may not have changed meanwhile.
struct CatalogCommit: Sendable {
    var added: [CompactedSegment] = []
    /// Keys of segments that are replaced.
    var removed: [String] = []
    /// Whether events come or go, and are not only arranged anew.
    var changesData = false
    /// Batch ids that are absorbed; `nil` when the commit has nothing to do with the inbox.
    var absorbed: [UUIDv7]?
    /// Batches of changes that are left behind on purpose; see ``InboxDomain/left``.
    var left: [UUIDv7] = []
    /// The object that lists applied changes.
    var changes: String?
    /// How far streams are archived by what is absorbed.
    var checkpoints = StreamCheckpoints()
    /// What becomes of the index; `nil` when it stays.
    var index: IndexChange?
    /// The columns that are filled from now on; `nil` when they stay.
    var columns: ColumnsDomain?
    /// What was retired, has been deleted, and need not be remembered.
    var forgotten = RetiredDomain.Forgotten()
    /// `WRITE` or `OPTIMIZE`, for people who read the log.
    var operation = "OPTIMIZE"

    /// Whether this commit, which was made of one state, may follow another.
    ///
    /// Absorbing excludes absorbing, removals exclude removals of the same file, and changes of the index each other.
    func mayFollow(_ newest: CatalogState, madeOf state: CatalogState) -> Bool {
        if absorbed != nil, newest.inbox != state.inbox { return false }
        if index != nil, newest.runs != state.runs { return false }
        if columns != nil, newest.columns != state.columns { return false }
        if removed.isEmpty { return true }
        let keys = Set(newest.segments.map(\.key))
        return removed.allSatisfy(keys.contains)
    }

    /// The actions that make the next version of a state.
    ///
    /// - Parameters:
    ///   - state: What the commit follows.
    ///   - listed: Batch ids that were in the inbox when it was listed for this commit.
    ///   - now: In milliseconds since 1970 UTC.
    ///   - identifier: A fresh identifier, for a table that has to be made.
    /// - Returns: One commit's actions.
    /// - Throws: `DeltaLakeError` when the table asks for what this version does not have; ``JournalError`` when a
    ///   domain cannot be read.
    func actions(following state: CatalogState, listed: Set<UUIDv7>, now: Int64, identifier: UUIDv7) throws
        -> [DeltaAction]
    {
        var actions: [DeltaAction] = [
            .commitInfo(CommitInfo(timestamp: now, operation: operation, engineInfo: "highwater"))
        ]
        var metadata = state.table?.metadata ?? CatalogCommit.metadata(identifier, createdTime: now)
        if let table = state.table {
            try table.requireWritable()
        } else {
            actions.append(.protocol(.plain))
        }
        if let columns {
            metadata.schemaString = try DeltaSchema.adding(columns.live.map(\.deltaField), to: metadata.schemaString)
            actions.append(.domain(DomainMetadata(domain: ColumnsDomain.name, configuration: columns.text)))
        }
        if metadata != state.table?.metadata { actions.append(.metadata(metadata)) }
        for segment in added { actions.append(.add(segment.action(now: now, dataChange: changesData))) }
        for key in removed {
            guard let file = state.table?.files[key] else { continue }
            // Always said to change data, although a rearrangement does not: delta-rs (1.6) overlooks removals that do
            // not when it looks for conflicts, and would commit what it made of a file that is gone.
            actions.append(.remove(DeltaRemove(file, deletionTimestamp: now, dataChange: true)))
        }
        if let absorbed {
            var domain = InboxDomain(new: absorbed, changes: changes, left: left)
            let before = state.inbox.absorbed
            // What was not listed is gone; of that the latest are kept for who listed the inbox earlier.
            let kept = before.enumerated()
                .filter { listed.contains($0.element) || $0.offset >= before.count - CatalogCommit.keptIDs }
            domain.absorbed = kept.map(\.element) + absorbed
            actions.append(.domain(DomainMetadata(domain: InboxDomain.name, configuration: domain.text)))
        } else if state.table == nil {
            actions.append(.domain(DomainMetadata(domain: InboxDomain.name, configuration: InboxDomain().text)))
        }
        if !checkpoints.isEmpty {
            // Merged with what this very state has: of two archivers' checkpoints the later one counts.
            var merged = try StreamCheckpoints.catalog(state, "the journal")
            for checkpoint in checkpoints.all { merged.add(checkpoint) }
            actions.append(.domain(DomainMetadata(domain: StreamCheckpoints.name, configuration: merged.text)))
        }
        if let index {
            let runs = IndexRun.encode(index.runs)
            actions.append(.domain(DomainMetadata(domain: CatalogState.indexDomain, configuration: runs)))
            let retired = RetiredDomain(state.table?.domains[RetiredDomain.name])
                .adding(index.removed, at: state.version + 1, forgetting: forgotten)
            actions.append(.domain(DomainMetadata(domain: RetiredDomain.name, configuration: retired.text)))
        }
        return actions
    }

    /// So many absorbed batch ids are kept although their segments are gone.
    private static let keptIDs = 4096

    private static func metadata(_ identifier: UUIDv7, createdTime: Int64) -> DeltaMetadata {
        DeltaMetadata(
            id: identifier.description,
            description: "A Highwater event journal",
            schemaString: DeltaSchema(
                SegmentColumn.compacted.map { column in
                    let isNullable = ![.eventID, .timestamp, .batchID].contains(column)
                    switch column {
                    case .timestamp: return .init(column.name, .timestamp, isNullable: isNullable)
                    case .dataBytes: return .init(column.name, .binary, isNullable: isNullable)
                    default: return .init(column.name, .string, isNullable: isNullable)
                    }
                }
            )
            .json,
            createdTime: createdTime
        )
    }
}

extension CompactedSegment {
    /// What the log says of it.
    fileprivate func action(now: Int64, dataChange: Bool) -> DeltaAdd {
        var statistics = DeltaStatistics(numRecords: Int64(events))
        let name = SegmentColumn.timestamp.name
        if let low = CompactedSegment.milliseconds(first, up: false),
            let high = CompactedSegment.milliseconds(last, up: true)
        {
            statistics.minValues[name] = .text(low)
            statistics.maxValues[name] = .text(high)
        }
        for (column, count) in nullCounts {
            statistics.nullCount[column.name] = Int64(count)
            guard ![.timestamp, .dataBytes].contains(column), count < events else { continue }
            statistics.minValues[column.name] = CompactedSegment.anyText.low
            statistics.maxValues[column.name] = CompactedSegment.anyText.high
        }
        for (column, summary) in promoted {
            statistics.nullCount[column.name] = Int64(summary.nulls)
            if let (low, high) = CompactedSegment.bounds(summary, of: column.type, hasValues: summary.nulls < events) {
                statistics.minValues[column.name] = low
                statistics.maxValues[column.name] = high
            }
        }
        var tags = [
            SegmentTag.first: "\(first)", SegmentTag.last: "\(last)", SegmentTag.payload: "\(payloadBytes)",
            SegmentTag.checksum: checksum.description,
        ]
        let isWide = RowGroupDirectory.isWide(rowGroups)
        tags[isWide ? SegmentTag.wideGroups : SegmentTag.groups] = RowGroupDirectory.encode(rowGroups)
        if !promoted.isEmpty { tags[SegmentTag.columns] = promoted.map(\.column.name).joined(separator: ",") }
        return DeltaAdd(
            path: key,
            size: Int64(objectBytes),
            modificationTime: now,
            dataChange: dataChange,
            stats: statistics.json,
            tags: tags
        )
    }

    /// The bounds of a promoted column as statistics have them; `nil` where they cannot be told.
    private static func bounds(
        _ summary: PromotedSummary,
        of type: PromotedColumn.ValueType,
        hasValues: Bool
    ) -> (low: DeltaStatistics.Value, high: DeltaStatistics.Value)? {
        switch summary.bounds {
        case nil where type == .boolean && hasValues: return (.boolean(false), .boolean(true))
        case .integers(let low, let high) where type == .timestamp:
            guard let low = milliseconds(low, up: false), let high = milliseconds(high, up: true) else { return nil }
            return (.text(low), .text(high))
        case .integers(let low, let high): return (.integer(low), .integer(high))
        case .doubles(let low, let high): return (.number("\(low)"), .number("\(high)"))
        case .texts(let low, let high):
            // A long one would have to be cut, and the highest one be raised then.
            guard low.count <= longestBound, high.count <= longestBound else { return anyText }
            return (.text(String(decoding: low, as: UTF8.self)), .text(String(decoding: high, as: UTF8.self)))
        case nil: return nil
        }
    }

    /// Bounds that hold of every text and tell nothing.
    ///
    /// Without any, delta-rs (1.6) takes a file for one without a value that fits a condition, wherever it reads by way
    /// of Arrow.
    private static let anyText = (
        low: DeltaStatistics.Value.text(""), high: DeltaStatistics.Value.text("\u{10FFFF}\u{10FFFF}")
    )

    /// Bytes of a text in statistics.
    private static let longestBound = 64

    /// A moment as statistics have it: ISO 8601 with milliseconds, rounded so that the bound holds.
    ///
    /// `nil` outside of the years 1 to 9998, which not every reader can parse; our own tags say it there.
    private static func milliseconds(_ microseconds: Int64, up: Bool) -> String? {
        guard (-62_135_596_800_000_000..<253_370_764_800_000_000).contains(microseconds) else { return nil }
        // Floor division, also before 1970.
        let rounded = (microseconds + (up ? 999 : 0)) >> 3
        var milliseconds = rounded / 125
        if rounded % 125 < 0 { milliseconds -= 1 }
        let second = milliseconds / 1000 - (milliseconds % 1000 < 0 ? 1 : 0)
        let digits = String(milliseconds - second * 1000)
        // Without ".000000Z".
        let text = Timestamp(microseconds: second * 1_000_000).rfc3339.dropLast(8)
        return text + "." + String(repeating: "0", count: 3 - digits.count) + digits + "Z"
    }
}
