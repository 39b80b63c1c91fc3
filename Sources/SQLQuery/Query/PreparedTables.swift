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
    var skippedSegments = 0
    var fetchedBytes = 0
    /// Keeps the files of a journal on another machine.
    var place: JournalPlace
    var currentEvents = 0
    /// Segments of the catalog that lack a column, whose rows were made anew with it.
    var computedSegments = 0

    /// The directory for files that are made, in that of the query.
    static let folder = "tables"

    /// So often a snapshot is taken anew because a compaction absorbed what it names, and that was deleted.
    private static let mostSnapshots = 8

    /// From so much payload on a segment of the inbox is handed to the engine as it is: opening a file takes it longer
    /// than it takes to write the events of a smaller one into a file with others.
    private static let wholeBytes = 16 << 10

    /// Takes a snapshot of each journal and makes what is read of it files.
    ///
    /// - Parameters:
    ///   - named: The journals with the schemas of their tables.
    ///   - places: Where their files are.
    ///   - columns: The promoted columns of each.
    ///   - reads: What is read of each.
    ///   - options: Range and cache.
    ///   - scratch: Where files and links go.
    ///   - handsOverInbox: Whether segments of the inbox may be handed to the engine as they are.
    /// - Returns: The tables of each.
    /// - Throws: ``SQLError``; `JournalError` when a journal cannot be read.
    static func prepare(
        _ named: [(String?, Journal)],
        _ places: [JournalPlace],
        _ columns: [[PromotedColumn]],
        _ reads: [QueryReads],
        _ options: SQLOptions,
        _ scratch: ScratchDirectory,
        handsOverInbox: Bool = true
    ) async throws -> [PreparedTables] {
        var prepared: [PreparedTables] = []
        for (number, (name, journal)) in named.enumerated() {
            let request = Request(
                journal: journal,
                schema: name,
                place: places[number],
                columns: columns[number],
                reads: reads[number],
                number: number,
                options: options,
                handsOverInbox: handsOverInbox
            )
            prepared.append(try await prepare(request, scratch))
        }
        return prepared
    }

    /// What is to be made of one journal.
    private struct Request {
        var journal: Journal
        var schema: String?
        var place: JournalPlace
        var columns: [PromotedColumn]
        var reads: QueryReads
        var number: Int
        var options: SQLOptions
        var handsOverInbox: Bool

        /// The columns that files have to have.
        var wanted: [PromotedColumn] { columns.filter { reads.columns.contains($0.name) } }
    }

    private static func prepare(_ request: Request, _ scratch: ScratchDirectory) async throws -> PreparedTables {
        for _ in 1..<mostSnapshots {
            do {
                return try await prepareOnce(request, scratch)
            } catch let error as JournalError where error.storeCode == .notFound {
                continue
            }
        }
        return try await prepareOnce(request, scratch)
    }

    private static func prepareOnce(_ request: Request, _ scratch: ScratchDirectory) async throws -> PreparedTables {
        let (journal, reads, number) = (request.journal, request.reads, request.number)
        let range = request.options.range
        let wanted = EventRange(
            after: max(range.after, reads.range.after),
            through: min(range.through, reads.range.through)
        )
        let isHere = request.place.cached == nil
        let snapshot = try await journal.tables(
            wanted,
            wholeBytes: isHere && request.handsOverInbox && reads.columns.isEmpty ? wholeBytes : .max
        )
        var tables = SetupScript.Tables(files: [], filesWithHidden: [], hidden: [])
        tables.schema = request.schema
        tables.after = range.after == .min ? nil : range.after.microseconds
        tables.through = range.through == .max ? nil : range.through.microseconds
        let root = request.place.root
        var prepared = PreparedTables(tables: tables, location: journal.location, root: root, place: request.place)
        prepared.tables.columns = request.columns
        prepared.tables.filled = reads.columns
        let all = reads.archived ? snapshot.archived : []
        let archived = all.filter { $0.segment.filledColumns.isSuperset(of: reads.columns) }
        let lacking = all.filter { !$0.segment.filledColumns.isSuperset(of: reads.columns) }
        prepared.skippedSegments = snapshot.catalogSegments - all.count
        if let cached = request.place.cached, !archived.isEmpty {
            prepared.fetchedBytes = try await fetch(archived.map(\.segment), of: journal, to: cached, request.options)
        }
        for (index, archived) in archived.enumerated() {
            var path = "\(root)/\(isHere ? archived.segment.key : CachedSegments.name(index))"
            if isHere, archived.segment.key.utf8.contains(where: { !isPlain($0) }) {
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
        try await prepared.compute(lacking, request, wanted, scratch)
        if reads.current {
            for (index, segment) in snapshot.whole.enumerated() {
                let name = "\(folder)/inbox\(number)-\(index).parquet"
                guard try scratch.keep("\(journal.location)/\(segment.key)", as: name) else {
                    // As a store would say it.
                    let cause = ObjectStoreError(.notFound, "there is no such object")
                    throw JournalError(
                        .storage,
                        "\(segment.key) of \(journal.location) is gone: is somebody deleting segments?",
                        object: segment.key,
                        cause: cause
                    )
                }
                prepared.tables.inbox.append("\(scratch.path)/\(name)")
                prepared.currentEvents += segment.events
            }
        }
        if reads.current, !snapshot.inbox.isEmpty {
            let name = "\(folder)/current\(number).parquet"
            let written = try await write(snapshot.current, request, to: name, scratch) {
                request.options.progress?(.reading(events: $0))
            }
            prepared.currentEvents += written
            if written > 0 { prepared.tables.current = "\(scratch.path)/\(name)" }
        }
        return prepared
    }

    private static func fetch(
        _ segments: [Segment],
        of journal: Journal,
        to cached: CachedSegments,
        _ options: SQLOptions
    ) async throws -> Int {
        let objects = segments.map {
            CachedObject(key: $0.key, bytes: $0.objectBytes, checksum: $0.checksum?.object)
        }
        do {
            return try await cached.take(objects, from: journal.objects) { bytes, all in
                options.progress?(.fetching(bytes: bytes, of: all))
            }
        } catch let error as ObjectStoreError {
            throw JournalError(.storage, "Fetching segments of \(journal.location) failed: \(error)", cause: error)
        }
    }

    /// Makes files of segments that lack a column, with what their payloads have for it.
    private mutating func compute(
        _ lacking: [JournalTables.Archived],
        _ request: Request,
        _ range: EventRange,
        _ scratch: ScratchDirectory
    ) async throws {
        let whole = lacking.filter(\.hidden.isEmpty)
        let partly = lacking.filter { !$0.hidden.isEmpty }
        for (label, segments) in [("whole", whole), ("partly", partly)] where !segments.isEmpty {
            let name = "\(PreparedTables.folder)/computed\(request.number)-\(label).parquet"
            let events = request.journal.events(of: segments.map(\.segment), range)
            let all = lacking.reduce(0) { $0 + $1.segment.events }
            let done = label == "whole" ? 0 : whole.reduce(0) { $0 + $1.segment.events }
            _ = try await PreparedTables.write(events, request, to: name, scratch) {
                request.options.progress?(.computing(events: done + $0, of: all))
            }
            if label == "whole" {
                tables.files.append("\(scratch.path)/\(name)")
            } else {
                tables.filesWithHidden.append("\(scratch.path)/\(name)")
                tables.hidden += segments.flatMap(\.hidden).map { ($0.id, $0.timestamp.microseconds) }
            }
        }
        computedSegments += lacking.count
        archivedSegments += lacking.count
        archivedBytes += lacking.reduce(0) { $0 + $1.segment.objectBytes }
    }

    private static func write(
        _ events: Replay,
        _ request: Request,
        to name: String,
        _ scratch: ScratchDirectory,
        progress: (Int) -> Void
    ) async throws -> Int {
        var writer = try EventFileWriter(columns: request.wanted, withPayloads: request.reads.payloads)
        var file = try scratch.create(name)
        for try await batch in events {
            try file.write(try writer.append(batch))
            progress(writer.events)
        }
        let count = writer.events
        try file.write(try writer.finish())
        try file.close()
        return count
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
