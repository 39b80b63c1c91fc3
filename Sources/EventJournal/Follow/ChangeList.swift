internal import Parquet

/// The updates and deletes that one compaction applied: an object of `_changes/`, for followers that come later.
///
/// A Parquet file as ``AppliedChanges`` makes it. The domain `highwater.inbox` of the commit names it.
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
            let columns = AppliedChanges.schema.columns.compactMap { names.firstIndex(of: $0.path) }
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
    ///   - version: Up to which version of the catalog `coming` is complete.
    ///   - coming: Absorbed batches whose rows the follower gets behind this.
    ///   - delivered: What it has of the inbox.
    /// - Returns: Deletes, and events in the place of those that leave something; `nil`, and the version, when the catalog
    ///   is newer by now.
    /// - Throws: What looking up throws.
    func outcome(
        of deletes: [ChangeList.Row],
        version: Int64,
        coming: Set<UUIDv7>,
        delivered: DeliveredBatches
    ) async throws -> (batch: EventBatch?, version: Int64) {
        var ids = ByteArrays()
        for row in deletes { ids.append(row.id) }
        let hashed = HashedIDs(ids)
        let found: [EventPlace?]? = try await gate.pass {
            guard state.version <= version else { return nil }
            try await resolveSuspects()
            return try await places(hashed)
        }
        guard let places = found else { return (nil, state.version) }
        var batch = EventBatch()
        var operations: [Operation] = []
        for (row, place) in zip(deletes, places) {
            if let place, let event = try await passedEvent(at: place, coming: coming, delivered) {
                batch.append(event)
                operations.append(.update)
                continue
            }
            let id = String(decoding: row.id, as: UTF8.self)
            batch.append(Event(id: id, timestamp: Timestamp(microseconds: row.timestamp), data: []))
            operations.append(.delete)
        }
        batch.operations = operations
        return (batch, version)
    }

    /// The event at a place, if a follower has been past it.
    private func passedEvent(
        at place: EventPlace,
        coming: Set<UUIDv7>,
        _ delivered: DeliveredBatches
    ) async throws -> Event? {
        let batchID = try await reader.batchID(of: place)
        let comes =
            place.segment.isInCatalog ? coming.contains(batchID) : !delivered.whole.contains(batchID)
        if comes, batchID != delivered.partial?.batchID { return nil }
        let event = try await reader.event(at: place)
        return comes && !delivered.contains(batchID, at: event.timestamp.microseconds) ? nil : event
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
