internal import Parquet

/// The updates and deletes that one compaction applied: an object of `_changes/`, for followers that come later.
///
/// A Parquet file with one row for each: `event_id`, `timestamp` (of the event), `op` (`update` or `delete`) and `batch_id`
/// (of the segment of changes). The domain `highwater.inbox` of the commit names it.
struct ChangeList: Sendable, Hashable {
    /// One update or delete.
    struct Row: Sendable, Hashable {
        var id: [UInt8]
        /// When the event happened, in microseconds.
        var timestamp: Int64
        var operation: Operation
        var batchID: UUIDv7
    }

    /// In order of arrival.
    var rows: [Row]

    /// The columns.
    static let schema = Schema([
        .leaf("event_id", .byteArray, .string), .leaf("timestamp", .int64, .timestamp(.microseconds, utc: true)),
        .leaf("op", .byteArray, .string), .leaf("batch_id", .byteArray, .string),
    ])
    init(_ rows: [Row]) { self.rows = rows }

    /// Reads an object.
    ///
    /// - Throws: ``JournalError/Code/damagedCatalog`` when the bytes are not such a file.
    init(_ bytes: [UInt8], object: String) throws {
        func damaged(_ reason: String, _ cause: (any Error)? = nil) -> JournalError {
            JournalError(
                .damagedCatalog,
                "The list of applied changes \(object) is damaged: \(reason). Restore it from a copy, or follow from the "
                    + "beginning.",
                object: object,
                cause: cause
            )
        }
        rows = []
        do {
            let file = try ParquetFile(bytes: bytes)
            let names = file.schema.columns.map(\.path)
            let columns = ChangeList.schema.columns.compactMap { names.firstIndex(of: $0.path) }
            guard columns.count == 4 else { throw damaged("a column is missing") }
            for group in file.metadata.rowGroups.indices {
                var decoder = try file.decoder(file.plan(rowGroup: group, columns: columns, rows: nil))
                while let batch = try decoder.next() {
                    guard case .int64(let timestamps) = batch.columns[1].values else {
                        throw damaged("a type is wrong")
                    }
                    let texts = try [0, 2, 3].map { try batch.columns[$0].spaced() }
                    for row in 0..<batch.rowCount {
                        guard let id = texts[0][row], let operation = texts[1][row].flatMap(Operation.init),
                            let batchID = texts[2][row].flatMap({ UUIDv7(utf8: $0) })
                        else { throw damaged("row \(row) cannot be read") }
                        rows.append(Row(id: id, timestamp: timestamps[row], operation: operation, batchID: batchID))
                    }
                }
            }
        } catch let error as ParquetError {
            throw damaged(error.description, error)
        }
    }
}

extension Inbox {
    /// What deletes that a compaction has applied mean to a follower that did not see them.
    ///
    /// A delete does not always leave nothing: another event may have the id by now, or had it when the delete was applied,
    /// which then was of an event that was gone already. If the follower has been past that event, it gets it here.
    ///
    /// Cost: a look-up in the catalog.
    ///
    /// - Parameters:
    ///   - deletes: The deletes.
    ///   - unseen: Absorbed batches whose rows the follower gets behind this.
    ///   - seen: Batches it has seen.
    /// - Returns: Deletes, and events in the place of those that leave something.
    /// - Throws: What looking up throws.
    func outcome(of deletes: [ChangeList.Row], unseen: Set<UUIDv7>, seen: Set<UUIDv7>) async throws -> EventBatch {
        var ids = ByteArrays()
        for row in deletes { ids.append(row.id) }
        let places = try await find(HashedIDs(ids), refreshing: false).places
        var batch = EventBatch()
        var operations: [Operation] = []
        for (row, place) in zip(deletes, places) {
            if let place {
                let batchID = try await reader.batchID(of: place)
                let comes = place.segment.isInCatalog ? unseen.contains(batchID) : !seen.contains(batchID)
                if !comes {
                    batch.append(try await reader.event(at: place))
                    operations.append(.update)
                    continue
                }
            }
            let id = String(decoding: row.id, as: UTF8.self)
            batch.append(Event(id: id, timestamp: Timestamp(microseconds: row.timestamp), data: []))
            operations.append(.delete)
        }
        batch.operations = operations
        return batch
    }
}

extension SegmentReader {
    /// In which batch a row arrived.
    fileprivate func batchID(of place: EventPlace) async throws -> UUIDv7 {
        switch place {
        case .inbox(let row): return row.segment.arrival
        case .catalog(let row):
            let (open, number) = try await rowGroup(row.rowGroup, of: row.segment)
            return try await open.batchIDs(rowGroup: number)[row.row].flatMap { UUIDv7(utf8: $0) } ?? .zero
        }
    }
}
