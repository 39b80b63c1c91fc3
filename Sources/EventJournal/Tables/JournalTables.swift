package import ObjectStorage

/// A journal of one moment as two sets of rows without an event in common: what an SQL engine is to read.
///
/// Together they are what a replay that began at the same moment delivers.
package struct JournalTables: Sendable {
    /// A segment of the catalog that may have events of the range.
    package struct Archived: Sendable {
        /// Its object.
        package let segment: Segment
        /// Events in it that were updated or deleted since, and do not count.
        package let hidden: [EventStream.HiddenEvent]
    }

    /// Where the journal is.
    package let location: String
    /// Which events the tables have; segments may have others beside them.
    package let range: EventRange
    /// What the catalog has, by first time.
    package let archived: [Archived]
    /// How many segments the catalog has of all times.
    package let catalogSegments: Int
    /// Segments of the inbox of which every row is an event that counts, so that they can be read as they are; some of
    /// the events may be out of ``range``.
    package let whole: [Segment]
    /// The segments of the inbox that ``current`` reads; their names say how much they hold.
    package let inbox: [Segment]
    /// The events of the inbox that count and are not in ``whole``, the last updates of archived events among them.
    ///
    /// Segments of the inbox are deleted a while after a compaction; then it ends with an error whose
    /// ``JournalError/storeCode`` is `notFound`, and new tables are to be asked for.
    package let current: Replay
}

extension Journal {
    /// The keys of the segments that the catalog has, as it was last read.
    ///
    /// Cost: none when it has been read before.
    package func catalogKeys() async throws -> [String] {
        try await compaction.catalog.current(hint: nil, mustBeNewest: false).segments.map(\.key)
    }

    /// The journal as it is now, or a range of it, as tables.
    ///
    /// Cost: that of a snapshot, and a look-up of every id with a pending update or delete.
    ///
    /// - Parameters:
    ///   - range: Segments outside of it are left out.
    ///   - wholeBytes: From so many bytes of payload on a segment may be in ``JournalTables/whole``.
    ///   - windowBytes: As of ``ReplayOptions/windowBytes``.
    /// - Returns: The tables.
    /// - Throws: ``JournalError/Code/damagedSegment`` when a segment of the inbox cannot be read,
    ///   ``JournalError/Code/storage``.
    package func tables(
        _ range: EventRange,
        wholeBytes: Int = .max,
        windowBytes: Int = 32 << 20
    ) async throws -> JournalTables {
        let (snapshot, hidden) = try await inbox.decidedSnapshot(range)
        var archived: [JournalTables.Archived] = []
        var rest = snapshot
        rest.segments = []
        var whole: [Segment] = []
        // Where those of an overlay lie only its store knows.
        let elsewhere = (store as? OverlaidObjectStore)?.keys ?? []
        let catalogSegments = snapshot.segments.count { $0.isInCatalog }
        for segment in snapshot.segments where segment.overlaps(range) {
            if segment.isInCatalog {
                archived.append(.init(segment: segment, hidden: hidden[segment.key] ?? []))
            } else if segment.payloadBytes >= wholeBytes, !segment.isChanges, snapshot.dropped[segment.key] == nil,
                snapshot.conditional[segment.key] == nil, snapshot.kept == nil, !elsewhere.contains(segment.key)
            {
                whole.append(segment)
            } else if (snapshot.dropped[segment.key]?.count ?? 0) < segment.events {
                rest.segments.append(segment)
            }
        }
        archived.sort { Segment.isEarlier($0.segment, $1.segment) }
        return JournalTables(
            location: location,
            range: range,
            archived: archived,
            catalogSegments: catalogSegments,
            whole: whole,
            inbox: rest.segments,
            current: Replay(
                range: range,
                options: ReplayOptions(windowBytes: windowBytes),
                origin: .snapshot(rest),
                reader: reader
            )
        )
    }

    /// The rows of some segments of the catalog, whether or not they were changed since.
    ///
    /// - Parameters:
    ///   - segments: The segments.
    ///   - range: Rows outside of it are left out.
    /// - Returns: The rows in order of replay.
    package func events(of segments: [Segment], _ range: EventRange) -> Replay {
        Replay(
            range: range,
            options: ReplayOptions(),
            origin: .snapshot(Snapshot(catalog: .empty, segments: segments, damaged: [])),
            reader: reader
        )
    }

    /// What the journal's objects are in, but for those of an overlay.
    package var objects: any ObjectStore { (store as? OverlaidObjectStore)?.base ?? store }
}
