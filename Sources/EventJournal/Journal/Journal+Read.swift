internal import Parquet

extension Journal {
    /// The events behind `after` and up to `through`, as batches in order of (timestamp, order of arrival).
    ///
    /// - Parameters:
    ///   - after: Exclusive; `nil` begins with the first event. The last timestamp seen can be handed in here.
    ///   - through: Inclusive; `nil` ends with the last event.
    ///   - options: What to do about damage, and how far to read ahead.
    /// - Returns: A sequence of batches; each iteration replays anew.
    public func replay(
        after: Timestamp? = nil,
        through: Timestamp? = nil,
        options: ReplayOptions = ReplayOptions()
    ) -> Replay {
        Replay(
            range: EventRange(after: after, through: through),
            options: options,
            origin: .journal(inbox),
            reader: reader
        )
    }

    /// The event with this id, or `nil` when there is none.
    ///
    /// Cost: a list, what is new since the last call, and one to three gets.
    ///
    /// - Throws: ``JournalError/Code/damagedSegment`` when a segment that might hold the event, or the first write of
    ///   its id, cannot be read.
    public func event(_ id: String) async throws -> Event? {
        var ids = ByteArrays()
        ids.append(id.utf8)
        let hashed = HashedIDs(ids)
        var gone: String?
        while true {
            let (found, damaged) = try await inbox.event(hashed)
            // What is damaged may hold an earlier write of the id, or a change of it. Keys of the inbox are in order of
            // arrival: new events behind the one found take no precedence. Of a misnamed object nothing is known.
            let hiding = damaged.first { damaged in
                guard let segment = Segment(key: damaged.object), !segment.isChanges else { return true }
                switch found {
                case .nothing: return true
                case .event, .place(.catalog): return false
                case .place(.inbox(let reference)): return segment.arrival < reference.segment.arrival
                }
            }
            if let hiding { throw hiding.error }
            switch found {
            case .nothing: return nil
            case .event(let event): return event
            case .place(let place):
                do {
                    return try await reader.event(at: place)
                } catch let error as JournalError where error.isMissing && error.object != gone {
                    // Absorbed or replaced since it was found, and deleted: by now the event is elsewhere.
                    gone = error.object
                }
            }
        }
    }

    /// The segments that have, or may have, events of a range, by first timestamp.
    ///
    /// Cost: one list request per 1000 segments; none is opened that this process has met.
    public func segments(after: Timestamp? = nil, through: Timestamp? = nil) async throws -> [Segment] {
        let range = EventRange(after: after, through: through)
        return try await inbox.listing().segments.filter { $0.overlaps(range) }
            .sorted(by: Segment.isEarlier)
    }

    /// Counts and sizes of the journal.
    ///
    /// Cost: as ``segments(after:through:)``, and the ids of segments not met before, to count each event once.
    public func statistics() async throws -> JournalStatistics {
        JournalStatistics(try await inbox.snapshot(damage: .skip, exactly: true))
    }
}

/// Counts and sizes of a journal.
public struct JournalStatistics: Sendable, Hashable {
    /// Events, each id once.
    public var events: Int
    /// Rows that do not count because an earlier one has their id.
    public var duplicates: Int
    /// Segments.
    public var segments: Int
    /// Segments that cannot be read; they are in no other figure.
    public var damagedSegments: Int
    /// Bytes of all payloads, duplicates included.
    public var payloadBytes: Int
    /// Bytes of all segments on the store.
    public var objectBytes: Int
    /// The earliest timestamp, duplicates included; `nil` when there is no event.
    public var first: Timestamp?
    /// The latest timestamp, duplicates included; `nil` when there is no event.
    public var last: Timestamp?

    init(_ snapshot: Snapshot) {
        events = snapshot.events
        duplicates = snapshot.duplicateCount
        segments = snapshot.segments.count
        damagedSegments = snapshot.damaged.count
        payloadBytes = snapshot.segments.reduce(0) { $0 + $1.payloadBytes }
        objectBytes = snapshot.segments.reduce(0) { $0 + $1.objectBytes }
        first = snapshot.segments.map(\.first).min()
        last = snapshot.segments.map(\.last).max()
    }
}
