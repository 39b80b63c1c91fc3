package import Parquet

/// Appends large batches side by side and leaves out what is in the journal already: for imports that may be repeated.
///
/// ``reserve(_:)`` decides in the caller's order which of two equal ids wins; ``commit(_:)`` of what it returned then
/// runs concurrently. Ids are compared, not only their hashes.
package actor BulkAppender {
    private let journal: Journal
    /// Ids reserved but not stored yet, and where they are.
    private var underway: [UUIDv7: (ids: HashedIDs, index: IdentifierIndex)] = [:]

    /// Learns what the journal holds.
    ///
    /// Cost: a list, and the ids of segments this process has not met. What others append later is not seen; readers
    /// sort that out.
    package init(_ journal: Journal) async throws {
        self.journal = journal
        try await refresh()
    }

    /// Learns what has changed: after a compaction ids are looked up in its index, and need not be remembered.
    ///
    /// Cost: as ``init(_:)`` for what is new.
    package func refresh() async throws { _ = try await journal.inbox.listing() }

    /// Events that have their place in the order of arrival but are not stored yet.
    package struct Reservation: Sendable {
        /// New ids only, ordered by timestamp; may be empty.
        package var batch: EventBatch
        /// How many events were left out because their id is in the journal or came before.
        package var alreadyThere: Int
        let ids: HashedIDs
        let batchID: UUIDv7
    }

    /// Which of these ids the journal has: to spare reading payloads that ``reserve(_:)`` would leave out.
    ///
    /// What is reserved and not stored yet does not count.
    package nonisolated func known(_ ids: ByteArrays) async throws -> [Bool] {
        try await journal.inbox.find(HashedIDs(ids), refreshing: false).places.map { $0 != nil }
    }

    /// Leaves out of a batch what is there already, and keeps the place of the rest.
    ///
    /// Calls must not overlap.
    ///
    /// - Throws: ``JournalError/Code/invalidEvent``, or what reading the ids of the journal throws.
    package func reserve(_ batch: EventBatch) async throws -> Reservation {
        try batch.validate()
        let all = HashedIDs(batch.ids)
        var isNew = [Bool](repeating: true, count: batch.count)
        for row in all.indexed().repeated { isNew[row] = false }
        // In this order: what is underway now and stored by the time the inbox answers would be in neither otherwise.
        for row in isNew.indices where isUnderway(all, row) { isNew[row] = false }
        let stored = try await journal.inbox.find(all, refreshing: false).places
        for row in isNew.indices where stored[row] != nil { isNew[row] = false }
        var rows = isNew.indices.filter { isNew[$0] }
        batch.sortByTimestamp(&rows)
        let ids = all.selecting(rows)
        let reservation = Reservation(
            batch: batch.selecting(rows),
            alreadyThere: batch.count - rows.count,
            ids: ids,
            batchID: journal.generator.next()
        )
        if !rows.isEmpty { underway[reservation.batchID] = (ids, ids.indexed().index) }
        return reservation
    }

    /// Stores reserved events and returns when they are durable.
    package nonisolated func commit(_ reservation: Reservation) async throws {
        guard !reservation.batch.isEmpty else { return }
        do {
            let encoded = try journal.writer.encode(reservation.batch, batchID: reservation.batchID)
            try await Journal.store(encoded, in: journal.store)
            try await journal.inbox.register(encoded.segment, ids: reservation.ids)
            journal.announce(encoded.segment)
        } catch {
            await forget(reservation.batchID)
            throw error
        }
        await forget(reservation.batchID)
    }

    private func forget(_ batchID: UUIDv7) { underway[batchID] = nil }

    private func isUnderway(_ ids: HashedIDs, _ row: Int) -> Bool {
        underway.values.contains { other in
            other.index.candidates(hash: ids.hashes[row])
                .contains {
                    other.ids.ids.isEqual(at: Int($0), to: ids.ids, at: row)
                }
        }
    }
}

extension Journal {
    /// So many ids nobody else has: UUIDs of version 7, ascending.
    package func freshIDs(_ count: Int) -> ByteArrays {
        var ids = ByteArrays()
        for _ in 0..<count { ids.append(generator.next().text) }
        return ids
    }
}
