internal import ObjectStorage
internal import Parquet

/// A row of a segment of the catalog, and its event's row group, which was read to find it.
struct CatalogRow: Sendable {
    var segment: Segment
    var rowGroup: Int
    /// Counted from the row group's first.
    var row: Int
    var timestamp: Int64
}

/// Finds events in the catalog by their ids: index, row group, comparison of the ids themselves.
struct CatalogLookup: Sendable {
    let reader: SegmentReader
    let index: IndexReader

    /// Where events are; exact, since the ids are compared.
    ///
    /// Cost: for one id a get for each index run that may have it, and one for each row group that may; for many the
    /// index runs and row groups are read once.
    ///
    /// - Parameters:
    ///   - ids: What to look for.
    ///   - state: In what.
    /// - Returns: One place for each id, `nil` where there is none.
    /// - Throws: ``JournalError``.
    func find(_ ids: HashedIDs, in state: CatalogState) async throws -> [CatalogRow?] {
        var found = [CatalogRow?](repeating: nil, count: ids.count)
        if state.segments.isEmpty || ids.count == 0 { return found }
        try CatalogLookup.requireIndex(state, in: reader.store.location)
        if ids.count == 1 {
            return [
                try await index.first(hash: ids.hashes[0], runs: state.runs) { timestamps in
                    try await rows(timestamps.map { (0, $0) }, of: ids, in: state).first?.row
                }
            ]
        }
        let hits = try await index.timestamps(hashes: ids.hashes, runs: state.runs)
        for (position, row) in try await rows(hits, of: ids, in: state) where found[position] == nil {
            found[position] = row
        }
        return found
    }

    /// Without an index nothing would be found, and ids that are taken would pass for free.
    ///
    /// - Parameters:
    ///   - state: What the catalog says.
    ///   - location: Where the journal is.
    /// - Throws: ``JournalError/Code/damagedIndex`` when there are segments and no index of them.
    static func requireIndex(_ state: CatalogState, in location: String) throws(JournalError) {
        guard state.runs.isEmpty, !state.segments.isEmpty else { return }
        if let error = state.unreadableIndex { throw error }
        throw JournalError(
            .damagedIndex,
            "The catalog of \(location) names no id index; another program may have dropped it. Build it anew with "
                + "`highwater reindex \(location)`; no event is lost.",
            object: IndexRun.folder
        )
    }

    private func rows(
        _ hits: [Hit],
        of ids: HashedIDs,
        in state: CatalogState
    ) async throws -> [(position: Int, row: CatalogRow)] {
        let reader = reader
        let groups = try await groups(hits, state)
        let matches = try await mapConcurrently(groups, limit: reader.parallelism) {
            group -> [(position: Int, row: CatalogRow)] in
            let (open, number) = try await reader.rowGroup(group.number, of: group.segment)
            let timestamps = try await open.timestamps(rowGroup: number)
            let matches = try await CatalogLookup.match(group, timestamps, of: ids, in: open, rowGroup: number)
            return matches.map { match in
                let row = CatalogRow(
                    segment: group.segment,
                    rowGroup: group.number,
                    row: match.row,
                    timestamp: timestamps[match.row]
                )
                return (match.position, row)
            }
        }
        return Array(matches.joined())
    }

    /// The event with an id.
    ///
    /// Cost: as ``find(_:in:)`` of one; the row group is not read twice.
    func event(_ id: HashedIDs, in state: CatalogState) async throws -> Event? {
        if state.segments.isEmpty { return nil }
        try CatalogLookup.requireIndex(state, in: reader.store.location)
        return try await index.first(hash: id.hashes[0], runs: state.runs) { timestamps in
            for group in try await groups(timestamps.map { (0, $0) }, state) {
                let (open, number) = try await reader.rowGroup(group.number, of: group.segment)
                let timestamps = try await open.timestamps(rowGroup: number)
                let matches = try await CatalogLookup.match(group, timestamps, of: id, in: open, rowGroup: number)
                guard let row = matches.first?.row else { continue }
                let batches = try await open.events(rowGroup: number, rows: row..<(row + 1))
                if let batch = batches.first(where: { !$0.isEmpty }) { return batch[0] }
            }
            return nil
        }
    }

    /// What the index says of an id: where among those asked for, and when its event happened.
    private typealias Hit = (position: Int, timestamp: Int64)

    /// A row group, and the ids that may be in it.
    private struct Group: Sendable {
        var segment: Segment
        var number: Int
        var hits: ArraySlice<Hit>
    }

    /// The row groups in which the index lets ids be.
    private func groups(_ hits: [Hit], _ state: CatalogState) async throws -> [Group] {
        if hits.isEmpty { return [] }
        var hits = hits
        hits.sort { $0.timestamp < $1.timestamp }
        func between(_ first: Int64, _ last: Int64) -> ArraySlice<Hit> {
            let lower = hits.partitioningIndex { $0.timestamp >= first }
            return hits[lower..<max(lower, hits.partitioningIndex { $0.timestamp > last })]
        }
        var groups: [Group] = []
        for segment in state.segments
        where !between(segment.first.microseconds, segment.last.microseconds).isEmpty {
            for chunk in try await reader.chunks(of: segment, rank: 0) {
                let some = between(chunk.first, chunk.last)
                if !some.isEmpty { groups.append(Group(segment: segment, number: chunk.rowGroup, hits: some)) }
            }
        }
        return groups
    }

    /// The rows of a row group whose ids and timestamps are among those asked for.
    ///
    /// Timestamps take a fiftieth of the time that ids take to decode, and leave one row or a few: of the ids only the
    /// pages between the first of them and the last are decoded.
    private static func match(
        _ group: Group,
        _ timestamps: [Int64],
        of ids: HashedIDs,
        in open: OpenSegment,
        rowGroup: Int
    ) async throws -> [(position: Int, row: Int)] {
        let moments = group.hits.map(\.timestamp)
        // Not by halves: another program may have sorted the rows by something else.
        let candidates = timestamps.indices.filter { moments.hasElement(from: timestamps[$0], through: timestamps[$0]) }
        guard let first = candidates.first, let last = candidates.last else { return [] }
        let there = try await open.ids(rowGroup: rowGroup, rows: first..<(last + 1))
        guard there.count == last + 1 - first else {
            throw group.segment.damaged("row group \(group.number) has \(there.count) ids in rows \(first) to \(last)")
        }
        // By hash: of many ids put at one moment each is compared with few.
        var byHash: [UInt64: [Hit]] = [:]
        for hit in group.hits { byHash[ids.hashes[hit.position], default: []].append(hit) }
        var matches: [(position: Int, row: Int)] = []
        for row in candidates {
            let hits = unsafe there.withBytes(at: row - first) { unsafe byHash[BloomFilter.hash($0)] } ?? []
            for hit in hits
            where hit.timestamp == timestamps[row] && ids.ids.isEqual(at: hit.position, to: there, at: row - first) {
                matches.append((hit.position, row))
            }
        }
        return matches
    }
}

extension [Int64] {
    /// Whether an element lies between two bounds, both inclusive; the elements ascend.
    func hasElement(from low: Int64, through high: Int64) -> Bool {
        let next = partitioningIndex { $0 >= low }
        return next < count && self[next] <= high
    }
}
