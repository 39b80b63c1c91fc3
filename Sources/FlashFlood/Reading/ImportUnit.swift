internal import CSimdJSON
internal import EventJournal
internal import ObjectStorage
internal import Parquet

/// Rows of the manifests of some journals that become one segment.
struct ImportUnit: Sendable {
    /// Rows of one journal.
    struct Piece: Sendable {
        var name: JournalName
        var manifest: Manifest
        var rows: Range<Int>
        /// Changes to the journal that wait, by the event's id.
        var changes: [[UInt8]: PendingChange]
    }

    /// Its place among all units, from 0.
    var number: Int
    var pieces: [Piece] = []
    /// How many journals end in it.
    var journals = 0
}

/// Cuts journals, handed in one after the other, into units.
struct UnitCutter {
    private let unitBytes: Int
    private let unitEvents: Int
    private var current = ImportUnit(number: 0)
    private var bytes = 0
    private var events = 0
    /// Units that are whole, in order.
    private(set) var ready: [ImportUnit] = []

    init(_ options: FlashFloodImportOptions) {
        unitBytes = options.unitBytes
        unitEvents = options.unitEvents
    }

    mutating func add(_ name: JournalName, _ manifest: Manifest, changes: [[UInt8]: PendingChange]) {
        var start = 0
        for row in 0..<manifest.count {
            bytes = bytes.addingReportingOverflow(Int(manifest.sizes[row])).partialValue
            events += 1
            if bytes >= unitBytes || bytes < 0 || events >= unitEvents {
                current.pieces.append(.init(name: name, manifest: manifest, rows: start..<row + 1, changes: changes))
                start = row + 1
                // The last row ends the journal as well.
                if start < manifest.count { finish() }
            }
        }
        if start < manifest.count {
            current.pieces.append(
                .init(name: name, manifest: manifest, rows: start..<manifest.count, changes: changes)
            )
        }
        skip()
        if bytes >= unitBytes || events >= unitEvents { finish() }
    }

    /// Counts a journal that brings nothing.
    mutating func skip() { current.journals += 1 }

    /// Takes the first whole unit.
    mutating func next() -> ImportUnit? { ready.isEmpty ? nil : ready.removeFirst() }

    /// Makes a unit of what there is.
    mutating func finish() {
        guard !current.pieces.isEmpty || current.journals > 0 else { return }
        ready.append(current)
        current = ImportUnit(number: current.number + 1)
        bytes = 0
        events = 0
    }
}

/// The events of a unit that the journal does not have yet.
struct FetchedUnit: Sendable {
    var number: Int
    var journals: Int
    var batch = EventBatch()
    var alreadyThere = 0
    var deleted = 0
    var failures: [FlashFloodFailure] = []

    /// Reads the payloads of a unit.
    ///
    /// - Parameters:
    ///   - unit: What to read.
    ///   - reader: Where from.
    ///   - appender: Knows which events are there already; of those nothing is read.
    ///   - limit: How many requests may be under way.
    /// - Throws: What the store or the journal throws; what is damaged is in ``failures``.
    init(_ unit: ImportUnit, _ reader: FloodReader, _ appender: BulkAppender, limit: Int) async throws {
        number = unit.number
        journals = unit.journals
        var fetch = UnitFetch(unit)
        deleted = fetch.deleted
        let known = try await appender.known(fetch.ids)
        fetch.leaveOut(known)
        alreadyThere = known.lazy.filter { $0 }.count
        try await fetch.run(reader, limit: limit)
        (batch, failures) = fetch.result()
    }
}

/// The work on one unit.
private struct UnitFetch {
    /// One row of one piece.
    private struct Row {
        var piece: Int
        var row: Int
        var change: PendingChange?
    }

    /// A request that brings the payloads of rows, by their place in ``UnitFetch/rows``.
    private enum Job: Sendable {
        case blob(JournalName, FloodReader.Request, places: [Int])
        case update(PendingChange, place: Int)
    }

    private let unit: ImportUnit
    private var rows: [Row] = []
    private(set) var ids = ByteArrays()
    private(set) var deleted = 0
    private var payloads = ByteArrays()
    /// Where each row's payload is; null as long as it is not there.
    private var views: [ByteView] = []
    /// What is wrong with rows, by piece.
    private var faults: [Int: (reason: String, events: Int)] = [:]

    init(_ unit: ImportUnit) {
        self.unit = unit
        for (number, piece) in unit.pieces.enumerated() {
            for row in piece.rows {
                let change = piece.changes.isEmpty ? nil : piece.manifest.ids[row].flatMap { piece.changes[$0] }
                if change?.isDeletion == true {
                    deleted += 1
                } else if let reason = UnitFetch.refusal(piece.manifest, row, isUpdated: change != nil) {
                    note(reason, piece: number)
                } else {
                    unsafe piece.manifest.ids.withBytes(at: row) { unsafe ids.append($0) }
                    rows.append(Row(piece: number, row: row, change: change))
                }
            }
        }
    }

    /// Why an event cannot be one of a journal; `nil` when it can.
    private static func refusal(_ manifest: Manifest, _ row: Int, isUpdated: Bool) -> String? {
        let length = Int(manifest.ids.views[row].length)
        guard (1...EventLimits.fieldBytes).contains(length) else {
            return "an id has \(length) bytes, where 1 to \(EventLimits.fieldBytes) are allowed"
        }
        let isText = unsafe manifest.ids.withBytes(at: row) { bytes in
            unsafe hw_validate_utf8(bytes.bindMemory(to: CChar.self).baseAddress, bytes.count)
        }
        guard isText else { return "an id is not UTF-8" }
        guard isUpdated || manifest.sizes[row] <= Int64(EventLimits.payloadBytes) else {
            return "a payload has \(manifest.sizes[row]) bytes, more than the \(EventLimits.payloadBytes) of an event"
        }
        return nil
    }

    private mutating func note(_ reason: String, piece: Int, events: Int = 1) {
        faults[piece] = (faults[piece]?.reason ?? reason, (faults[piece]?.events ?? 0) + events)
    }

    mutating func leaveOut(_ known: [Bool]) {
        let kept = rows.indices.filter { !known[$0] }
        ids = ByteArrays(buffers: ids.buffers, views: kept.map { ids.views[$0] })
        rows = kept.map { rows[$0] }
    }

    // MARK: - Reading

    mutating func run(_ reader: FloodReader, limit: Int) async throws {
        views = Array(repeating: .null, count: rows.count)
        let empty = payloads.addBuffer([])
        let jobs = jobs()
        for (place, row) in rows.enumerated()
        where row.change == nil && unit.pieces[row.piece].manifest.sizes[row.row] == 0 {
            views[place] = ByteView(buffer: empty, offset: 0, length: 0)
        }
        try await withThrowingTaskGroup(of: (Int, Result<[UInt8], FloodDamage>).self) { group in
            func start(_ number: Int) {
                let job = jobs[number]
                group.addTask { (number, try await UnitFetch.read(job, reader)) }
            }
            var next = min(limit, jobs.count)
            for number in 0..<next { start(number) }
            while let (number, result) = try await group.next() {
                if next < jobs.count {
                    start(next)
                    next += 1
                }
                take(jobs[number], result)
            }
        }
    }

    private func jobs() -> [Job] {
        var jobs: [Job] = []
        var start = 0
        while start < rows.count {
            let piece = rows[start].piece
            let end = rows[start...].firstIndex { $0.piece != piece } ?? rows.count
            var places: [Int: Int] = [:]
            var wanted: [Int] = []
            for place in start..<end {
                if let change = rows[place].change {
                    jobs.append(.update(change, place: place))
                } else {
                    places[rows[place].row] = place
                    wanted.append(rows[place].row)
                }
            }
            for request in FloodReader.requests(wanted, of: unit.pieces[piece].manifest) {
                jobs.append(.blob(unit.pieces[piece].name, request, places: request.rows.compactMap { places[$0] }))
            }
            start = end
        }
        return jobs
    }

    private static func read(_ job: Job, _ reader: FloodReader) async throws -> Result<[UInt8], FloodDamage> {
        do {
            switch job {
            case .blob(let name, let request, _): return .success(try await reader.bytes(of: name, request))
            case .update(let change, _): return .success(try await reader.payload(of: change))
            }
        } catch let damage as FloodDamage {
            return .failure(damage)
        }
    }

    private mutating func take(_ job: Job, _ result: Result<[UInt8], FloodDamage>) {
        let bytes: [UInt8]
        switch result {
        case .success(let arrived): bytes = arrived
        case .failure(let damage):
            switch job {
            case .blob(_, _, let places):
                for place in places { note(damage.reason, piece: rows[place].piece) }
            case .update(_, let place): note(damage.reason, piece: rows[place].piece)
            }
            return
        }
        let buffer = payloads.addBuffer(bytes)
        switch job {
        case .update(_, let place):
            guard bytes.count <= EventLimits.payloadBytes else {
                return note(
                    "an update has \(bytes.count) bytes, more than the \(EventLimits.payloadBytes) of an event",
                    piece: rows[place].piece
                )
            }
            views[place] = ByteView(buffer: buffer, offset: 0, length: UInt32(bytes.count))
        case .blob(let name, let request, let places):
            for place in places {
                let manifest = unit.pieces[rows[place].piece].manifest
                let offset = Int(manifest.offsets[rows[place].row]) - Int(request.range.lowerBound)
                let size = Int(manifest.sizes[rows[place].row])
                guard offset + size <= bytes.count else {
                    let end = Int(request.range.lowerBound) + bytes.count
                    note(
                        "its blob \(name.blobKey) is cut short: the payload of an event should lie at byte "
                            + "\(manifest.offsets[rows[place].row]) to \(offset + size + Int(request.range.lowerBound)), "
                            + (bytes.isEmpty ? "behind the end" : "and the blob ends at \(end)"),
                        piece: rows[place].piece
                    )
                    continue
                }
                views[place] = ByteView(buffer: buffer, offset: UInt32(offset), length: UInt32(size))
            }
        }
    }

    // MARK: - Outcome

    /// The events whose payloads are there, in the order of their journals; and what is wrong with the others.
    func result() -> (EventBatch, [FlashFloodFailure]) {
        let there = rows.indices.filter { !views[$0].isNull }
        let batch = EventBatch(
            timestamps: there.map { unit.pieces[rows[$0].piece].manifest.timestamps[rows[$0].row] },
            ids: ByteArrays(buffers: ids.buffers, views: there.map { ids.views[$0] }),
            payloads: ByteArrays(buffers: payloads.buffers, views: there.map { views[$0] })
        )
        let failures = faults.sorted { $0.key < $1.key }
            .map { piece, fault in
                let journal = unit.pieces[piece].name.text
                return FlashFloodFailure(
                    journal: journal,
                    events: fault.events,
                    message: "\(fault.events == 1 ? "1 event" : "\(fault.events) events") of the flash-flood journal "
                        + "\(journal) could not be imported: \(fault.reason)."
                )
            }
        return (batch, failures)
    }
}
