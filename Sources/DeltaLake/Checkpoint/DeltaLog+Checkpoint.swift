internal import ObjectStorage
internal import Parquet

extension DeltaLog {
    /// Writes a checkpoint of a state, and points `_last_checkpoint` at it unless that points at a newer one.
    ///
    /// A checkpoint that is there already is replaced; both say the same. Tombstones that have expired by
    /// ``DeltaSnapshot/tombstoneRetention`` are left out.
    ///
    /// Requests: two puts and a get. The checkpoint can be read when the first put is done, so that a failure behind it
    /// does no harm.
    ///
    /// - Parameter snapshot: A state whose version was committed.
    /// - Throws: ``DeltaLakeError/Code/unsupported`` when the table asks for features of writers that this module does
    ///   not have; ``DeltaLakeError/Code/storage``.
    public func writeCheckpoint(_ snapshot: DeltaSnapshot) async throws {
        try snapshot.requireWritable()
        var snapshot = snapshot
        snapshot.expireTombstones(before: clock() - snapshot.tombstoneRetention)
        let key = LogFile.checkpointKey(snapshot.version)
        let actions = CheckpointWriter.actions(of: snapshot)
        let bytes: [UInt8]
        do throws(ParquetError) {
            bytes = try CheckpointWriter.write(actions)
        } catch {
            throw DeltaLakeError(
                .invalidArgument,
                "The state of version \(snapshot.version) does not fit a checkpoint.",
                object: key,
                cause: error
            )
        }
        _ = try await retrying("Writing", key) { try await store.put(key, bytes, mode: .overwrite) }
        try await point(
            LastCheckpoint(
                version: snapshot.version,
                actionCount: actions.count,
                byteCount: bytes.count,
                addCount: snapshot.files.count
            )
        )
    }

    /// Sets `_last_checkpoint`, unless it points at a newer one.
    private func point(_ last: LastCheckpoint) async throws {
        let key = LogFile.lastCheckpoint
        for _ in 0..<retryPolicy.attempts {
            let current = try await get(key, upTo: LastCheckpoint.longest)
            if let current, let other = LastCheckpoint(current.bytes), other.version > last.version { return }
            let mode = current.map { PutMode.ifMatches(entityTag: $0.metadata.entityTag) } ?? .ifAbsent
            do {
                _ = try await retrying("Writing", key) { try await store.put(key, last.bytes, mode: mode) }
                return
            } catch let error as DeltaLakeError
                where error.storeCode == .preconditionFailed || error.storeCode == .alreadyExists
            {
                // Somebody else has set it meanwhile: see to what.
                continue
            }
        }
        // It is a hint; who has won so often points at a checkpoint as good.
    }
}
