internal import Parquet

/// What a look at every byte of a journal found.
public struct VerificationReport: Sendable {
    /// Segments that are as they were written.
    public var soundSegments = 0
    /// Events in them, each id once.
    public var events = 0
    /// Rows in them that do not count, because an earlier one has their id or a later one replaces or deletes it;
    /// harmless.
    public var duplicates = 0
    /// Payload bytes in them.
    public var payloadBytes = 0
    /// Objects that are not what was written.
    public var damaged: [DamagedSegment] = []

    /// Whether nothing is damaged.
    public var isClean: Bool { damaged.isEmpty }
}

extension Journal {
    /// Reads every segment whole and checks it: checksums of all pages, both against each other and against the name:
    /// the number of events, the range and order of timestamps, the size of payloads, the form of ids.
    ///
    /// Cost: reads the journal once; memory is that of a few segments.
    ///
    /// - Parameter progress: Called after each segment with how many are done, of how many, and their bytes on the
    ///   store.
    /// - Returns: What is sound and what is damaged.
    /// - Throws: What the store throws; damage is reported, not thrown.
    public func verify(
        progress: (@Sendable (_ done: Int, _ of: Int, _ objectBytes: Int) -> Void)? = nil
    ) async throws -> VerificationReport {
        var sound: Set<String> = []
        for attempt in 0..<Journal.mostVerifications {
            let isLast = attempt == Journal.mostVerifications - 1
            if let report = try await verify(&sound, isAgain: attempt > 0, isLast: isLast, progress) { return report }
        }
        throw JournalError(
            .conflict,
            "Compactions of \(location) replaced segments faster than they were read. Try again."
        )
    }

    /// So often it begins anew because segments were replaced and deleted before they were read.
    private static let mostVerifications = 8

    /// Reads what is not known to be sound.
    ///
    /// - Parameters:
    ///   - sound: Segments that are.
    ///   - isAgain: Whether the catalog has to be asked in any case.
    ///   - isLast: Whether a segment that is gone counts as damaged without another look.
    ///   - progress: As of ``verify(progress:)``.
    /// - Returns: The report; `nil` when a segment has been replaced meanwhile, and others are to be read in its place.
    /// - Throws: What the store throws.
    private func verify(
        _ sound: inout Set<String>,
        isAgain: Bool,
        isLast: Bool,
        _ progress: (@Sendable (_ done: Int, _ of: Int, _ objectBytes: Int) -> Void)?
    ) async throws -> VerificationReport? {
        let snapshot = try await inbox.snapshot(damage: .skip, exactly: true, validating: isAgain)
        var report = VerificationReport()
        report.damaged = snapshot.damaged
        report.events = -snapshot.changes.count
        var done = 0
        var bytes = 0
        for start in stride(from: 0, to: snapshot.segments.count, by: 16) {
            let some = snapshot.segments[start..<min(start + 16, snapshot.segments.count)]
            let (reader, known) = (reader, sound)
            let findings = try await mapConcurrently(some, limit: reader.parallelism) { segment -> DamagedSegment? in
                if known.contains(segment.key) { return nil }
                do {
                    try await reader.verify(segment)
                    return nil
                } catch let error as JournalError where error.code == .damagedSegment {
                    return DamagedSegment(object: segment.key, events: segment.events, error: error)
                }
            }
            for (segment, finding) in zip(some, findings) {
                done += 1
                bytes += segment.objectBytes
                progress?(done, snapshot.segments.count, bytes)
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
}

extension SegmentReader {
    /// Reads a segment whole and compares it with its name.
    ///
    /// - Throws: ``JournalError/Code/damagedSegment`` with the first difference.
    func verify(_ segment: Segment) async throws {
        try await checkBytes(of: segment)
        let open = try await open(segment)
        var events = 0
        var payloadBytes = 0
        var first: Int64?
        var last = Int64.min
        for group in open.file.metadata.rowGroups.indices {
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
