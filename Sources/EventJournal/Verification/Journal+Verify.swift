public import ObjectStorage
internal import Parquet

extension Journal {
    /// Reads all that a journal relies on, and checks it.
    ///
    /// Of segments, read whole: checksums of all pages and of the object; the number of events, the range and order of
    /// timestamps and the size of payloads against the name and what the catalog says of row groups; the form of ids.
    /// Of the id index: every byte of its objects, and that it has every id of the compacted segments. Marks and lists
    /// of applied changes must be readable.
    ///
    /// Others may append, compact and vacuum meanwhile. Replay jobs and leases of archivers are not looked at.
    ///
    /// Cost: reads the journal once and its index twice; marks and lists of changes one by one. Memory is that of a few
    /// segments, 64 MiB for ids and some 100 MiB while the index is read, however long the journal is; ids beyond two
    /// million are put aside on `scratch`, 14 bytes each.
    ///
    /// - Parameters:
    ///   - scratch: Makes the store for ids of more than two million compacted events, best a directory for temporary
    ///     files; called once at most. What was put there is deleted again. By default it is memory.
    ///   - progress: Called after each segment, and now and then while the index is read.
    /// - Returns: What is sound and what is damaged.
    /// - Throws: What the store throws, ``JournalError/Code/damagedCatalog`` when nothing can be found without it;
    ///   other damage is reported, not thrown.
    public func verify(
        scratch: @escaping @Sendable () throws -> any ObjectStore = { MemoryObjectStore() },
        progress: (@Sendable (VerificationProgress) -> Void)? = nil
    ) async throws -> VerificationReport {
        let identifiers = CatalogIdentifiers(generator: generator, scratch: scratch)
        do {
            let report = try await verify(identifiers, progress)
            await identifiers.discard()
            return report
        } catch {
            await identifiers.discard()
            throw error
        }
    }

    /// So often it begins anew because segments were replaced and deleted before they were read.
    private static let mostVerifications = 8
    private static let longestChangeList = 1 << 30

    private func verify(
        _ identifiers: CatalogIdentifiers,
        _ progress: (@Sendable (VerificationProgress) -> Void)?
    ) async throws -> VerificationReport {
        var sound: Set<String> = []
        for attempt in 0..<Journal.mostVerifications {
            let isLast = attempt == Journal.mostVerifications - 1
            let (snapshot, isExact) = try await snapshotToVerify(isAgain: attempt > 0)
            let found = try await verify(snapshot, &sound, identifiers, isLast: isLast, progress)
            guard var report = found else { continue }
            report.isExact = isExact
            try await verifyIndex(snapshot, identifiers, &report, progress)
            // What kept ids from being compared is not there any more, as an answer that was cut.
            if !isExact, report.isClean, !isLast { continue }
            try await verifyMarks(&report)
            try await verifyChangeLists(&report)
            return report
        }
        throw JournalError(
            .conflict,
            "Compactions of \(location) replaced segments faster than they were read. Try again."
        )
    }

    /// What there is to read, and whether it is known which rows count: the index or a segment that would say so may be
    /// damaged, which is for the report.
    private func snapshotToVerify(isAgain: Bool) async throws -> (snapshot: Snapshot, isExact: Bool) {
        do {
            return (try await inbox.snapshot(damage: .skip, exactly: true, validating: isAgain), true)
        } catch let error as JournalError where [.damagedIndex, .damagedSegment].contains(error.code) {
            return (try await inbox.listing(validating: isAgain), false)
        }
    }

    /// Reads the segments that are not known to be sound.
    ///
    /// - Parameters:
    ///   - snapshot: Which there are.
    ///   - sound: Segments that are known to be.
    ///   - identifiers: Takes the ids of compacted segments.
    ///   - isLast: Whether a segment that is gone counts as damaged without another look.
    ///   - progress: As of ``verify(scratch:progress:)``.
    /// - Returns: The report; `nil` when a segment has been replaced meanwhile, and others are to be read in its place.
    /// - Throws: What the store throws.
    private func verify(
        _ snapshot: Snapshot,
        _ sound: inout Set<String>,
        _ identifiers: CatalogIdentifiers,
        isLast: Bool,
        _ progress: (@Sendable (VerificationProgress) -> Void)?
    ) async throws -> VerificationReport? {
        var report = VerificationReport()
        report.damaged = snapshot.damaged
        report.events = -snapshot.changes.count
        var bytes = 0
        let total = snapshot.bytesToVerify
        for start in stride(from: 0, to: snapshot.segments.count, by: 16) {
            let some = snapshot.segments[start..<min(start + 16, snapshot.segments.count)]
            let (reader, known) = (reader, sound)
            let findings = try await mapConcurrently(some, limit: reader.parallelism) { segment -> DamagedSegment? in
                if known.contains(segment.key) { return nil }
                do {
                    try await reader.verify(segment) { batch in
                        guard segment.isInCatalog else { return }
                        let hashes = HashedIDs(batch.ids).hashes
                        let entries = zip(hashes, batch.timestamps).map { IndexEntry(hash: $0, timestamp: $1) }
                        try await identifiers.add(entries)
                    }
                    return nil
                } catch let error as JournalError where [.damagedSegment, .damagedCatalog].contains(error.code) {
                    return DamagedSegment(object: segment.key, events: segment.events, error: error)
                }
            }
            for (segment, finding) in zip(some, findings) {
                bytes += segment.objectBytes
                progress?(VerificationProgress(phase: .segments, bytes: bytes, ofBytes: total))
                if let finding {
                    if finding.error.isMissing, !isLast, try await compaction.isSuperseded(segment.key) { return nil }
                    report.damaged.append(finding)
                } else {
                    sound.insert(segment.key)
                    let dropped = snapshot.dropped[segment.key]?.count ?? 0
                    report.soundSegments += 1
                    report.events += segment.events - dropped
                    report.duplicates += dropped
                    report.payloadBytes += segment.payloadBytes
                }
            }
        }
        return report
    }

    private func verifyIndex(
        _ snapshot: Snapshot,
        _ identifiers: CatalogIdentifiers,
        _ report: inout VerificationReport,
        _ progress: (@Sendable (VerificationProgress) -> Void)?
    ) async throws {
        var verification = IndexVerification(context: compaction, identifiers: identifiers)
        let read = snapshot.segmentBytes
        verification.progress = { done, total in
            progress?(VerificationProgress(phase: .index, bytes: read + done, ofBytes: read + total))
        }
        let findings = try await verification.run()
        report.soundIndexObjects = findings.objects
        report.indexEntries = findings.entries
        report.indexIsCompared = findings.isCompared
        report.damaged += findings.damaged
    }

    private func verifyMarks(_ report: inout VerificationReport) async throws {
        for key in try await keys(FollowMark.folder, FollowMark.suffix) {
            let name = String(key.dropFirst(FollowMark.folder.count).dropLast(FollowMark.suffix.count))
            do {
                if try await FollowMark.read(name, from: store) != nil { report.soundMarks += 1 }
            } catch let error as JournalError where [.positionExpired, .invalidMark].contains(error.code) {
                report.damaged.append(DamagedSegment(object: key, events: nil, error: error))
            }
        }
    }

    private func verifyChangeLists(_ report: inout VerificationReport) async throws {
        for key in try await keys(AppliedChanges.folder, Segment.suffix) {
            do {
                let found: GetResult?
                do {
                    found = try await store.getIfPresent(key, upTo: Journal.longestChangeList)
                } catch {
                    throw JournalError.wrapping(error, "Reading \(key) of \(location) failed", object: key)
                }
                guard let found else { continue }
                _ = try ChangeList(found.bytes, object: key)
                report.soundChangeLists += 1
            } catch let error as JournalError where error.code == .damagedCatalog {
                report.damaged.append(DamagedSegment(object: key, events: nil, error: error))
            }
        }
    }

    private func keys(_ folder: String, _ suffix: String) async throws -> [String] {
        var keys: [String] = []
        do {
            for try await object in store.listAll(prefix: folder, keysOnly: true) where object.key.hasSuffix(suffix) {
                keys.append(object.key)
            }
        } catch {
            throw JournalError.wrapping(error, "Listing \(folder) of \(location) failed")
        }
        return keys.sorted()
    }
}

extension Snapshot {
    fileprivate var segmentBytes: Int { segments.reduce(0) { $0 + $1.objectBytes } }

    /// Segments once and the index twice.
    fileprivate var bytesToVerify: Int { segmentBytes + 2 * catalog.runs.reduce(0) { $0 + $1.bytes } }
}

extension SegmentReader {
    /// Reads a segment whole and compares it with its name, and with what the catalog says of its row groups.
    ///
    /// - Parameters:
    ///   - segment: Which.
    ///   - body: Gets all rows, before it is known whether the rest is sound.
    /// - Throws: ``JournalError/Code/damagedSegment`` with the first difference, ``JournalError/Code/damagedCatalog``,
    ///   or what the closure threw.
    func verify(_ segment: Segment, _ body: (EventBatch) async throws -> Void) async throws {
        try await checkBytes(of: segment)
        let open = try await open(segment)
        var events = 0
        var payloadBytes = 0
        var first: Int64?
        var last = Int64.min
        let groups = open.file.metadata.rowGroups.indices
        if let places = segment.rowGroups, places.count != groups.count {
            throw segment.misplaced("\(places.count) row groups, where there are \(groups.count)")
        }
        for group in groups {
            var found = RowGroupPlace(rows: 0, first: .max, last: .min, payloadBytes: 0, offset: 0, columns: [])
            for batch in try await open.events(rowGroup: group, rows: nil) {
                do {
                    try batch.validate()
                } catch {
                    throw segment.damaged(error.message, cause: error)
                }
                for timestamp in batch.timestamps where segment.kind != .foreign {
                    guard timestamp >= last else { throw segment.damaged("its timestamps do not ascend") }
                    last = timestamp
                }
                first = first ?? batch.timestamps.first
                events += batch.count
                payloadBytes += batch.payloads.payloadBytes
                found.rows += batch.count
                found.payloadBytes += batch.payloads.payloadBytes
                found.first = min(found.first, batch.timestamps.first ?? .max)
                found.last = max(found.last, batch.timestamps.last ?? .min)
                try await body(batch)
            }
            if let place = segment.rowGroups?[group],
                (place.rows, place.payloadBytes, place.first, place.last)
                    != (found.rows, found.payloadBytes, found.first, found.last)
            {
                throw segment.misplaced(
                    "\(place.rows) rows with \(place.payloadBytes) bytes from \(place.first) to \(place.last) µs in row group "
                        + "\(group), where \(found.rows) with \(found.payloadBytes) are from \(found.first) to \(found.last)"
                )
            }
        }
        if segment.kind == .foreign { return }
        guard events == segment.events, payloadBytes == segment.payloadBytes,
            first == segment.first.microseconds, last == segment.last.microseconds
        else {
            throw segment.damaged(
                "its name says \(segment.events) events with \(segment.payloadBytes) bytes from \(segment.first.rfc3339) "
                    + "to \(segment.last.rfc3339), inside are \(events) with \(payloadBytes)"
            )
        }
    }
}

extension Segment {
    /// The error for row groups that are not as the catalog says: look-ups would miss their events.
    fileprivate func misplaced(_ what: String) -> JournalError {
        JournalError(
            .damagedCatalog,
            "The catalog says of \(key) that it has \(what). Look-ups may miss its events; restore `_delta_log/` from a copy.",
            object: key
        )
    }
}
