internal import Parquet

/// The ids of segments that were not met before.
extension Inbox {
    /// A segment with the ids of its rows.
    struct LoadedSegment: Sendable {
        var segment: Segment
        var ids: HashedIDs
    }

    /// Reads ids with a few segments in flight, and inserts them in order of arrival.
    func load(_ fresh: [Segment]) async throws {
        var start = 0
        while start < fresh.count {
            var end = start + 1
            var events = fresh[start].events
            while end < fresh.count, events + fresh[end].events <= Inbox.eventsLoadedAtOnce {
                events += fresh[end].events
                end += 1
            }
            let some = fresh[start..<end]
            start = end
            let (reader, remembered, missesAreDamage) = (reader, remembered, missesAreDamage)
            let loaded = try await mapConcurrently(some, limit: reader.requests) { segment in
                do {
                    if let ids = remembered[segment.key] {
                        return Result<LoadedSegment, JournalError>.success(LoadedSegment(segment: segment, ids: ids))
                    }
                    return .success(LoadedSegment(segment: segment, ids: HashedIDs(try await reader.ids(of: segment))))
                } catch let error as JournalError where error.isDamage(orMissing: missesAreDamage) {
                    return .failure(error)
                }
            }
            var inMemory: [String: ByteArrays] = [:]
            for (segment, result) in zip(some, loaded) {
                switch result {
                case .success(let item):
                    try insert(item)
                    inMemory[segment.key] = item.ids.ids
                case .failure(let error):
                    reportDamage(segment, error)
                }
            }
            try await resolveSuspects(inMemory)
            // Those of one round at most: the others are read again.
            if !state.segments.isEmpty, start == fresh.count { loadedIDs = inMemory }
        }
    }

    /// How many ids are held at once while loading, a single segment with more excepted: about 10 MiB of them, and
    /// 100 MiB more should every one turn out to be a duplicate.
    static let eventsLoadedAtOnce = 256 << 10
}
