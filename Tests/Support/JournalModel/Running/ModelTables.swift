import EventJournal
import ObjectStorage

/// What an SQL engine would read of a journal.
struct ModelTables: Sendable {
    /// The events that count, in no order.
    var events: [Event]
    /// A file of them with the columns that the catalog has, as it is written for the engine where there is none.
    var file: [UInt8]
    /// The definitions of its columns.
    var columns: [String]
}

extension Journal {
    /// Reads the tables as `SQLQuery` hands them over: anew when what they name was replaced and deleted meanwhile.
    func modelTables(_ range: EventRange, wholeBytes: Int) async throws -> ModelTables {
        for _ in 0..<8 {
            do {
                return try await modelTablesOnce(range, wholeBytes)
            } catch let error as JournalError where error.storeCode == .notFound {
                continue
            }
        }
        return try await modelTablesOnce(range, wholeBytes)
    }

    private func modelTablesOnce(_ range: EventRange, _ wholeBytes: Int) async throws -> ModelTables {
        let columns = try await promotedColumns()
        let tables = try await tables(range, wholeBytes: wholeBytes)
        var events: [Event] = []
        for table in tables.archived {
            let hidden = Set(table.hidden.map { Place(id: ID($0.id), timestamp: $0.timestamp) })
            for try await batch in self.events(of: [table.segment], range) {
                events += (0..<batch.count).map { batch[$0] }
                    .filter { !hidden.contains(Place(id: ID($0.id), timestamp: $0.timestamp)) }
            }
        }
        for try await batch in self.events(of: tables.whole, range) { events += (0..<batch.count).map { batch[$0] } }
        for try await batch in tables.current { events += (0..<batch.count).map { batch[$0] } }
        var writer = try EventFileWriter(columns: columns)
        var file: [UInt8] = []
        if !events.isEmpty { file += try writer.append(EventBatch(events.sorted { $0.timestamp < $1.timestamp })) }
        file += try writer.finish()
        return ModelTables(events: events, file: file, columns: columns.map(\.definition))
    }
}

private struct Place: Hashable {
    var id: ID
    var timestamp: Timestamp
}
