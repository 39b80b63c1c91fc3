internal import DeltaLake
package import ObjectStorage

extension Journal {
    /// Records events of a stream together with how far its shards are archived by them: by one put, or not at all.
    ///
    /// An id that the journal has already is no error, as for ``append(_:)-(EventBatch)``.
    ///
    /// Cost: one put. Memory: the batch once more while it is encoded.
    ///
    /// - Parameters:
    ///   - batch: At least one event.
    ///   - checkpoints: One for each shard of which the batch has records.
    ///   - permit: Throws when the caller may not store any more; asked right before the put.
    /// - Returns: The segment that was stored.
    /// - Throws: ``JournalError/Code/invalidEvent`` before anything is stored, ``JournalError/Code/storage`` when the
    ///   store fails, and what `permit` throws.
    @discardableResult
    package func archive(
        _ batch: EventBatch,
        _ checkpoints: [StreamCheckpoint],
        permit: @Sendable () throws -> Void
    ) async throws -> Segment {
        try batch.validate()
        let unique = batch.firstOfEachID().batch
        let encoded = try writer.encode(unique, batchID: generator.next(), checkpoints: checkpoints)
        try permit()
        try await Journal.store(encoded, in: store)
        announce(encoded.segment)
        return encoded.segment
    }

    /// How far each shard is archived, by stream and shard.
    ///
    /// What was stored before the call is in it. Cost: a list, a look at the catalog, and what it takes to open each
    /// segment of the inbox that this process has not met.
    ///
    /// - Throws: ``JournalError``.
    package func streamCheckpoints() async throws -> [StreamCheckpoint] {
        var attempts = 0
        while true {
            let listing = try await compaction.listing()
            do {
                var checkpoints = try StreamCheckpoints.catalog(listing.state, location)
                for checkpoint in try await reader.checkpoints(of: listing.waiting).all { checkpoints.add(checkpoint) }
                return checkpoints.all
            } catch let error as JournalError where error.isMissing && attempts < 3 {
                // Absorbed and deleted since it was listed: the catalog has its checkpoints.
                attempts += 1
            }
        }
    }

    /// Where objects of archivers lie; not for events.
    package var objectStore: any ObjectStore { store }

    /// So many bytes nobody else has, as text.
    package func freshName() -> String { generator.next().description }
}

extension StreamCheckpoints {
    /// What the catalog says.
    ///
    /// - Throws: ``JournalError/Code/damagedCatalog``.
    static func catalog(_ state: CatalogState, _ location: String) throws -> StreamCheckpoints {
        guard let text = state.table?.domains[StreamCheckpoints.name] else { return StreamCheckpoints() }
        guard let checkpoints = StreamCheckpoints(text) else {
            throw JournalError(
                .damagedCatalog,
                "The catalog of \(location) has a domain \(StreamCheckpoints.name) that cannot be read: \(text.prefix(200)). "
                    + "Restore the log from a copy."
            )
        }
        return checkpoints
    }
}
