internal import Parquet

/// The index of ids over the segments of new events.
extension Inbox {
    /// A row whose hash is in the table already.
    struct Suspect {
        var hash: UInt64
        var row: UInt32
    }

    /// Puts a segment's rows into the index; those that may be duplicates stay suspects until
    /// ``resolveSuspects(_:)``.
    func insert(_ item: LoadedSegment) throws {
        let base = (bases.last ?? 0) + (segments.last?.events ?? 0)
        guard base + item.ids.count < UInt32.max else {
            throw JournalError(.storage, "The inbox holds more than \(UInt32.max) events; compact the journal.")
        }
        segments.append(item.segment)
        bases.append(base)
        known.insert(item.segment.key)
        generator.observe(item.segment.arrival)
        for (row, hash) in item.ids.hashes.enumerated() {
            let number = UInt32(base + row)
            if index.insert(hash: hash, row: number) != nil {
                suspects.append(Suspect(hash: hash, row: number))
            }
        }
        invalidate()
    }

    /// Compares the ids of suspects with those they met: the earlier row of an id stays, the later one is dropped.
    ///
    /// When reading ids fails, the suspects stay, and the next call that needs an answer tries again. Ids by batch id
    /// that are in memory need not be read.
    func resolveSuspects(_ inMemory: [String: ByteArrays] = [:]) async throws {
        if suspects.isEmpty { return }
        var rows = Set(suspects.map(\.row))
        for suspect in suspects { rows.formUnion(index.candidates(hash: suspect.hash)) }
        let ids = try await readIDs(rows, inMemory)
        for suspect in suspects {
            guard let id = ids[suspect.row] else { continue }
            var isNew = true
            for other in index.candidates(hash: suspect.hash) where ids[other] == id {
                isNew = false
                if precedes(suspect.row, other) {
                    index.replace(hash: suspect.hash, row: other, with: suspect.row)
                    drop(other, hash: suspect.hash)
                } else {
                    drop(suspect.row, hash: suspect.hash)
                }
                break
            }
            if isNew { index.addCollision(hash: suspect.hash, row: suspect.row) }
        }
        suspects = []
    }

    /// Whether a row counts before another when both have one id.
    private func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
        let (leftSegment, leftRow) = place(left)
        let (rightSegment, rightRow) = place(right)
        if leftSegment == rightSegment { return leftRow < rightRow }
        return segments[leftSegment].arrival < segments[rightSegment].arrival
    }

    private func drop(_ row: UInt32, hash: UInt64) {
        repeats[hash, default: []].append(row)
        let (segment, row) = place(row)
        duplicates[segments[segment].key, default: []].insert(row)
        invalidate()
    }

    /// The segment a row number falls into, and the row inside it.
    func place(_ row: UInt32) -> (segment: Int, row: Int) {
        var low = 0
        var high = bases.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if bases[middle] <= Int(row) { low = middle } else { high = middle }
        }
        return (low, Int(row) - bases[low])
    }

    /// The ids of rows, reading each segment once.
    func readIDs(
        _ rows: some Sequence<UInt32>,
        _ inMemory: [String: ByteArrays] = [:]
    ) async throws -> [UInt32: [UInt8]] {
        let bySegment = Dictionary(grouping: rows) { place($0).segment }
        let reader = reader
        let wanted = bySegment.map { (segments[$0.key], bases[$0.key], $0.value) }
        let parts = try await mapConcurrently(wanted, limit: reader.parallelism) { segment, base, rows in
            let column: ByteArrays
            if let ids = inMemory[segment.key] { column = ids } else { column = try await reader.ids(of: segment) }
            return rows.map { ($0, column[Int($0) - base] ?? []) }
        }
        return Dictionary(uniqueKeysWithValues: parts.joined())
    }

    /// Where ids are among the segments of new events.
    func locate(_ ids: HashedIDs) async throws -> [RowReference?] {
        var found = [RowReference?](repeating: nil, count: ids.count)
        var candidates: [(position: Int, row: UInt32)] = []
        for (position, hash) in ids.hashes.enumerated() where index.row(hash: hash) != nil {
            for row in index.candidates(hash: hash) { candidates.append((position, row)) }
        }
        guard !candidates.isEmpty else { return found }
        let stored = try await readIDs(Set(candidates.map(\.row)))
        for (position, row) in candidates where stored[row] == ids.ids[position] {
            let (segment, row) = place(row)
            found[position] = RowReference(segment: segments[segment], row: row)
        }
        return found
    }
}
