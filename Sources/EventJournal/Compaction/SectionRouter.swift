internal import ObjectStorage
internal import Parquet

/// Sends the events of one job to the objects of their stretch of time; see ``CompactionJob/sections``.
///
/// Events come in replay order. Those inside a stretch go to its writer, those outside of all to a writer that stays
/// open throughout. Of a stretch that is the last and open-ended, events are held until it is clear that they are more
/// than the edge of what lies outside.
///
/// Not `Sendable`: one task routes. Exactly one of ``finish()`` and ``abort()`` ends it.
final class SectionRouter {
    private let makeWriter: () throws -> CompactedSegmentWriter
    private let sections: [ClosedRange<Int64>]
    private var section = 0
    private var inside: CompactedSegmentWriter?
    private var outside: CompactedSegmentWriter?
    private var held: [EventBatch] = []
    private var heldBytes = 0
    private(set) var segments: [CompactedSegment] = []
    private(set) var keys: [String] = []

    /// So much payload is held at most.
    private static let mostHeldBytes = 16 << 20

    /// - Parameters:
    ///   - sections: Disjoint and ascending.
    ///   - makeWriter: Makes a writer of a new run.
    init(_ sections: [ClosedRange<Int64>], makeWriter: @escaping () throws -> CompactedSegmentWriter) {
        self.sections = sections
        self.makeWriter = makeWriter
    }

    /// Adds events, which follow those before in replay order.
    func append(_ batch: EventBatch) async throws {
        var start = 0
        while start < batch.count {
            let timestamp = batch.timestamps[start]
            while section < sections.count, sections[section].upperBound < timestamp { try await endSection() }
            let isInside = section < sections.count && sections[section].lowerBound <= timestamp
            let limit =
                isInside
                ? sections[section].upperBound : section < sections.count ? sections[section].lowerBound - 1 : .max
            var end = start + 1
            if batch.timestamps[batch.count - 1] <= limit {
                end = batch.count
            } else {
                while end < batch.count, batch.timestamps[end] <= limit { end += 1 }
            }
            let part = start == 0 && end == batch.count ? batch : batch.selecting(start..<end)
            if !isInside {
                try await writeOutside(part)
            } else if isLast {
                try await hold(part)
            } else {
                try await writeInside(part)
            }
            start = end
        }
    }

    /// Ends all objects.
    ///
    /// - Returns: All of them.
    func finish() async throws -> [CompactedSegment] {
        if CompactionJob.isEdge(heldBytes, of: outside?.payloadBytes ?? 0) {
            for batch in held { try await writeOutside(batch) }
        } else {
            for batch in held { try await writeInside(batch) }
        }
        held = []
        while section < sections.count { try await endSection() }
        if let outside { segments += try await outside.finish() }
        note(outside)
        outside = nil
        return segments
    }

    /// Forgets what is being written, and says what may be there: ``keys``.
    func abort() async {
        held = []
        await inside?.abort()
        await outside?.abort()
        note(inside)
        note(outside)
        inside = nil
        outside = nil
    }

    /// Whether events are in the open-ended stretch at the end.
    private var isLast: Bool { section == sections.count - 1 && sections[section].upperBound == .max }

    private func hold(_ batch: EventBatch) async throws {
        if inside != nil { return try await writeInside(batch) }
        held.append(batch)
        heldBytes += batch.payloads.payloadBytes
        let outsideBytes = outside?.payloadBytes ?? 0
        if heldBytes < SectionRouter.mostHeldBytes, CompactionJob.isEdge(heldBytes, of: outsideBytes) { return }
        for batch in held { try await writeInside(batch) }
        held = []
        heldBytes = 0
    }

    private func writeInside(_ batch: EventBatch) async throws {
        let writer = try inside ?? makeWriter()
        inside = writer
        try await writer.append(batch)
    }

    private func writeOutside(_ batch: EventBatch) async throws {
        let writer = try outside ?? makeWriter()
        outside = writer
        try await writer.append(batch)
    }

    private func endSection() async throws {
        section += 1
        guard let ending = inside else { return }
        segments += try await ending.finish()
        note(ending)
        inside = nil
    }

    private func note(_ writer: CompactedSegmentWriter?) { keys += writer?.keys ?? [] }
}
