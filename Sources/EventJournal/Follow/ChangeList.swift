internal import Parquet

/// What one compaction has decided of ids: an object of `_changes/`, for followers that come later.
///
/// A Parquet file as ``AppliedChanges`` makes it. The domain `highwater.inbox` of the commit names it.
struct ChangeList: Sendable, Hashable {
    /// What a row says of an id.
    enum Kind: String, Sendable, Hashable {
        /// The version that the catalog had before.
        case was
        case put
        case update
        case delete

        init(_ operation: Operation) {
            switch operation {
            case .put: self = .put
            case .update: self = .update
            case .delete: self = .delete
            }
        }
    }

    /// One thing that happened to an id.
    struct Row: Sendable, Hashable {
        var id: [UInt8]
        /// When the event happened, in microseconds.
        var timestamp: Int64
        var kind: Kind
        var batchID: UUIDv7
    }

    /// Id by id, and of each in order of arrival.
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
                        guard let id = texts[0][row],
                            let kind = texts[1][row].flatMap({ Kind(rawValue: String(decoding: $0, as: UTF8.self)) }),
                            let batchID = texts[2][row].flatMap({ UUIDv7(utf8: $0) })
                        else { throw damaged("row \(row) cannot be read") }
                        rows.append(Row(id: id, timestamp: timestamps[row], kind: kind, batchID: batchID))
                    }
                }
            }
        } catch let error as ParquetError {
            throw damaged(error.description, error)
        }
    }
}

/// Which version of an id a follower has.
struct FollowedVersion: Sendable, Hashable {
    var timestamp: Int64
    var batchID: UUIDv7

    /// What follows from the rows of an id that the follower has been past.
    ///
    /// What it saw in the inbox it saw by batch id, whatever order a compaction has fixed since; what the catalog had
    /// by then came before.
    ///
    /// - Parameters:
    ///   - rows: All that is known of the id: from lists of applied changes in their order, then the catalog, then the
    ///     inbox.
    ///   - delivered: What the follower has of the inbox.
    ///   - absorbed: What was absorbed since the version of its position.
    init?(_ rows: [ChangeList.Row], _ delivered: DeliveredBatches, absorbed: Set<UUIDv7>) {
        let arrived = Set(rows.filter { $0.kind != .was }.map(\.batchID))
        var met: Set<UUIDv7> = []
        var steps: [(place: UUIDv7, row: ChangeList.Row)] = []
        for row in rows {
            // As the catalog has it, it tells nothing new of what is known as a row of the inbox.
            if row.kind == .was, arrived.contains(row.batchID) || !met.insert(row.batchID).inserted { continue }
            if delivered.contains(row.batchID, at: row.timestamp) {
                steps.append((row.batchID, row))
            } else if row.kind == .was, !absorbed.contains(row.batchID), !delivered.knows(row.batchID) {
                steps.append((.zero, row))
            }
        }
        var version: FollowedVersion?
        let order = steps.indices.sorted {
            steps[$0].place != steps[$1].place ? steps[$0].place < steps[$1].place : $0 < $1
        }
        for (_, row) in order.map({ steps[$0] }) {
            let isMet = version?.timestamp == row.timestamp
            switch row.kind {
            case .was, .put: version = version ?? FollowedVersion(row)
            case .update: if isMet { version = FollowedVersion(row) }
            case .delete: if isMet { version = nil }
            }
        }
        guard let version else { return nil }
        self = version
    }

    init(timestamp: Int64, batchID: UUIDv7) {
        self.timestamp = timestamp
        self.batchID = batchID
    }

    private init(_ row: ChangeList.Row) { self.init(timestamp: row.timestamp, batchID: row.batchID) }
}
