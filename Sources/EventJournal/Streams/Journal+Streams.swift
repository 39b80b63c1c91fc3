internal import ObjectStorage
internal import Parquet

extension Journal {
    /// The segments that have events of a range, each with a URL by which anybody reads it for a while.
    ///
    /// Updates and deletes that no compaction has applied yet are resolved here: each stream says which of its rows
    /// count, so it can be read without the others. Segments of the inbox may be gone a few minutes after a compaction
    /// absorbs them, compacted ones stay for the retention of `vacuum`: compact before making a manifest that has to
    /// last.
    ///
    /// Cost: that of a snapshot, and a look-up of every id with a pending update or delete; signing makes no request.
    ///
    /// - Parameters:
    ///   - after: Exclusive; `nil` begins with the first event.
    ///   - through: Inclusive; `nil` ends with the last event.
    ///   - expires: For how long the URLs are to be valid, up to 7 days; less where temporary credentials end sooner.
    ///   - selection: What replays from the manifest deliver. It leaves out no stream, since which events it keeps is
    ///     known only when they are read.
    /// - Returns: The manifest.
    /// - Throws: ``JournalError/Code/invalidOption`` when the store has no such URLs,
    ///   ``JournalError/Code/damagedSegment`` when a segment cannot be read, ``JournalError/Code/storage``.
    public func eventStreams(
        after: Timestamp? = nil,
        through: Timestamp? = nil,
        expires: Duration,
        selection: EventSelection? = nil
    ) async throws -> EventStreams {
        guard let signer = store as? any PresigningObjectStore else {
            throw JournalError(
                .invalidOption,
                "\(location) has no URLs that others could read it by; S3 and Google Cloud Storage have. Readers that can reach "
                    + "it replay it themselves, by `highwater replay`, or read its Parquet files."
            )
        }
        let range = EventRange(after: after, through: through)
        let (snapshot, hidden) = try await inbox.decidedSnapshot(range)
        let created = clock()
        var streams: [EventStream] = []
        for segment in snapshot.segments where segment.overlaps(range) {
            let skipped = (segment.isInCatalog ? nil : snapshot.dropped[segment.key])?.runs ?? []
            let hiding = hidden[segment.key] ?? []
            guard skipped.reduce(hiding.count, { $0 + $1.count }) < segment.events else { continue }
            let signed: PresignedURL
            do {
                signed = try await signer.presignedURL(forReading: segment.key, expires: expires)
            } catch {
                throw JournalError.wrapping(error, "No URL for \(segment.key) can be made", object: segment.key)
            }
            streams.append(
                EventStream(
                    segment: segment,
                    skipped: skipped,
                    hidden: hiding,
                    url: signed.url,
                    expires: signed.expiration.map { Timestamp(microseconds: $0) }
                )
            )
        }
        streams.sort { Segment.isEarlier($0.segment, $1.segment) }
        return EventStreams(
            journal: location,
            range: range,
            created: created,
            share: nil,
            selection: selection,
            streams: streams
        )
    }
}

extension Inbox {
    /// A snapshot in which it is decided of every row of a range whether it counts, and which events of the catalog do
    /// not.
    ///
    /// - Returns: The snapshot, and the hidden events by the key of their segment.
    func decidedSnapshot(
        _ range: EventRange
    ) async throws -> (snapshot: Snapshot, hidden: [String: [EventStream.HiddenEvent]]) {
        let (snapshot, rows, changed) = try await gate.pass {
            try await refresh()
            let snapshot = try await current(range, exactly: true)
            let changed = snapshot.changes.events
            var ids = ByteArrays()
            for event in changed { ids.append(event.id) }
            return (snapshot, try await lookup.find(HashedIDs(ids), in: state), changed)
        }
        if let first = snapshot.damaged.first { throw first.error }
        var hidden: [String: [EventStream.HiddenEvent]] = [:]
        for (event, row) in zip(changed, rows) {
            guard let row, row.timestamp == event.timestamp else { continue }
            hidden[row.segment.key, default: []]
                .append(
                    EventStream.HiddenEvent(
                        id: String(decoding: event.id, as: UTF8.self),
                        timestamp: Timestamp(microseconds: event.timestamp)
                    )
                )
        }
        for key in hidden.keys { hidden[key]?.sort { $0.id < $1.id } }
        return (snapshot, hidden)
    }
}
