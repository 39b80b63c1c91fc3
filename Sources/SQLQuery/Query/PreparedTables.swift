internal import EventJournal
internal import ObjectStorage

/// The tables of a journal as files that the engine can read.
struct PreparedTables {
    var tables: SetupScript.Tables
    /// Where the journal is, and the path that stands for it in the script.
    var location: String
    var root: String
    var archivedSegments = 0
    var archivedBytes = 0
    var currentEvents = 0

    /// So often a snapshot is taken anew because a compaction absorbed what it names, and that was deleted.
    private static let mostSnapshots = 8

    /// Takes a snapshot, and writes the rows of the inbox that count into a file.
    static func prepare(
        _ journal: Journal,
        schema: String?,
        range: EventRange,
        needsCurrent: Bool,
        number: Int,
        scratch: ScratchDirectory
    ) async throws -> PreparedTables {
        for _ in 1..<mostSnapshots {
            do {
                return try await prepareOnce(journal, schema, range, needsCurrent, number, scratch)
            } catch let error as JournalError where error.storeCode == .notFound {
                continue
            }
        }
        return try await prepareOnce(journal, schema, range, needsCurrent, number, scratch)
    }

    private static func prepareOnce(
        _ journal: Journal,
        _ schema: String?,
        _ range: EventRange,
        _ needsCurrent: Bool,
        _ number: Int,
        _ scratch: ScratchDirectory
    ) async throws -> PreparedTables {
        guard journal.objects is LocalObjectStore else {
            throw SQLError(
                .unsupportedStore,
                "\(journal.location) is not a directory of this machine, which is where DuckDB reads segments from."
            )
        }
        let snapshot = try await journal.tables(range)
        var tables = SetupScript.Tables(files: [], filesWithHidden: [], hidden: [])
        tables.schema = schema
        tables.after = range.after == .min ? nil : range.after.microseconds
        tables.through = range.through == .max ? nil : range.through.microseconds
        // The engine takes `*` and the like in a path for a pattern; a link stands for whatever the directory is
        // called.
        let root = "\(scratch.path)/journal\(number)"
        try scratch.replaceLink("journal\(number)", with: journal.location)
        var prepared = PreparedTables(tables: tables, location: journal.location, root: root)
        for (index, archived) in snapshot.archived.enumerated() {
            var path = "\(root)/\(archived.segment.key)"
            if archived.segment.key.utf8.contains(where: { !isPlain($0) }) {
                let name = "journal\(number)-\(index).parquet"
                try scratch.replaceLink(name, with: "\(journal.location)/\(archived.segment.key)")
                path = "\(scratch.path)/\(name)"
            }
            if archived.hidden.isEmpty {
                prepared.tables.files.append(path)
            } else {
                prepared.tables.filesWithHidden.append(path)
                prepared.tables.hidden += archived.hidden.map { ($0.id, $0.timestamp.microseconds) }
            }
            prepared.archivedSegments += 1
            prepared.archivedBytes += archived.segment.objectBytes
        }
        if needsCurrent, !snapshot.inbox.isEmpty {
            let name = "current\(number).parquet"
            prepared.currentEvents = try await write(snapshot.current, to: name, scratch)
            if prepared.currentEvents > 0 { prepared.tables.current = "\(scratch.path)/\(name)" }
        }
        return prepared
    }

    private static func write(_ current: Replay, to name: String, _ scratch: ScratchDirectory) async throws -> Int {
        var writer = try EventFileWriter()
        var file = try scratch.create(name)
        for try await batch in current { try file.write(try writer.append(batch)) }
        let events = writer.events
        try file.write(try writer.finish())
        try file.close()
        return events
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}
