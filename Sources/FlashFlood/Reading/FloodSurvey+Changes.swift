internal import ObjectStorage
internal import Parquet

extension FloodSurvey {
    /// The changes that hold for the events of a live journal: those that wait for it, and deletions that went to
    /// another journal though this one has the event still.
    ///
    /// The latter are told by three things together: this journal was written before the deletion was asked for; the
    /// journal named in the deletion came into being later than this one, as a combined one does; and flash-flood's
    /// index, where an event is entered when it is put and struck off when it is deleted, does not say that it is in
    /// this one.
    ///
    /// Cost: a list request and perhaps a head for each event of the journal that fulfils the first two, mostly none.
    ///
    /// - Throws: What the store throws.
    func changes(
        of entry: Entry,
        _ manifest: Manifest,
        _ reader: FloodReader
    ) async throws -> [[UInt8]: PendingChange] {
        var changes = changes[entry.name.text] ?? [:]
        if deletions.isEmpty { return changes }
        for row in 0..<manifest.count {
            guard let id = manifest.ids[row], changes[id] == nil, let deletions = deletions[id],
                let deletion = deletions.first(where: { passedBy(entry, $0) })
            else { continue }
            if try await !reader.isIndexed(id, in: entry.name) { changes[id] = deletion.change }
        }
        return changes
    }

    private func passedBy(_ entry: Entry, _ deletion: Deletion) -> Bool {
        guard deletion.written >= entry.written, deletion.change.journal != entry.name.text,
            let other = JournalName(deletion.change.journal), !other.isNew
        else { return false }
        return entry.name.isNew || other.version > entry.name.version
    }
}
