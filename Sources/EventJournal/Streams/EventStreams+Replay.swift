internal import JMESPath
public import ObjectStorage

extension EventStreams {
    /// Replays from the manifest, with no access to the journal.
    ///
    /// Of a whole manifest the events are those that a replay of the journal gave when it was made, in the same order;
    /// of a share, those of its streams. What the manifest's ``selection`` keeps is delivered, shaped by it.
    ///
    /// - Parameters:
    ///   - store: Reads the objects by the ids of the streams, such as `PresignedObjectStore`.
    ///   - after: Exclusive; `nil` for where the manifest begins.
    ///   - through: Inclusive; `nil` for where it ends.
    ///   - options: As of a replay of the journal; a selection here only if the manifest has none, or the same
    ///     expressions.
    ///   - parallelism: How many segments are read and decoded at once; by default the number of processors.
    /// - Returns: A sequence of batches; each iteration replays anew.
    /// - Throws: ``JournalError/Code/invalidManifest`` when the manifest does not cover the range, or is a share and
    ///   the last event of each key is asked for; ``JournalError/Code/urlExpired`` when a URL that is needed has ended;
    ///   ``JournalError/Code/invalidOption`` when other expressions are asked for than the manifest has.
    public func replay(
        from store: any ObjectStore,
        after: Timestamp? = nil,
        through: Timestamp? = nil,
        options: ReplayOptions = ReplayOptions(),
        parallelism: Int = JournalConfiguration.processors
    ) throws -> Replay {
        let wanted = EventRange(after: after ?? range.after, through: through ?? range.through)
        guard wanted.after >= range.after, wanted.through <= range.through else {
            throw JournalError(
                .invalidManifest,
                "The manifest of \(journal) has the events \(EventStreams.words(range)), not all of those asked for. Ask for "
                    + "fewer, or make another with `highwater streams`."
            )
        }
        if options.latestPerKey, let share {
            throw JournalError(
                .invalidManifest,
                "Which event of a key is the last does not show in share \(share) alone. Replay the whole manifest."
            )
        }
        var options = options
        try select(&options)
        try checkExpiry(wanted)
        let reader = SegmentReader(store: store, parallelism: max(1, parallelism))
        return Replay(range: wanted, options: options, origin: .snapshot(snapshot), reader: reader)
    }

    private func select(_ options: inout ReplayOptions) throws {
        guard let selection else { return }
        if let other = options.selection,
            other.condition != selection.condition || other.projection != selection.projection
        {
            throw JournalError(
                .invalidOption,
                "The manifest of \(journal) has expressions of its own (\(selection.words)), which are not to be widened by others. "
                    + "Replay without any, or make a manifest without."
            )
        }
        options.selection = options.selection ?? selection
    }

    private func checkExpiry(_ wanted: EventRange) throws {
        let now = Timestamp.now
        for stream in streams where stream.segment.overlaps(wanted) {
            guard let expires = stream.expires, expires <= now else { continue }
            throw JournalError(
                .urlExpired,
                "The URL of \(stream.id) expired at \(expires.rfc3339), it is \(now.rfc3339) now. Make another manifest with "
                    + "`highwater streams \(journal)`, with a longer --expires if it has to last.",
                object: stream.id
            )
        }
    }

    private static func words(_ range: EventRange) -> String {
        let after = range.after == .min ? "from the first" : "behind \(range.after.rfc3339)"
        let through = range.through == .max ? "to the last" : "up to \(range.through.rfc3339)"
        return "\(after) \(through)"
    }

    /// What a reader of the journal saw.
    private var snapshot: Snapshot {
        // The catalog's by key, then the inbox's by arrival: a segment's place is its rank in the order of replay.
        let segments = streams.map(\.segment)
            .sorted { left, right in
                if left.isInCatalog != right.isInCatalog { return left.isInCatalog }
                return left.isInCatalog
                    ? left.key.utf8.lexicographicallyPrecedes(right.key.utf8) : left.arrival < right.arrival
            }
        var snapshot = Snapshot(catalog: .empty, segments: segments, damaged: [])
        for stream in streams {
            if !stream.skipped.isEmpty { snapshot.dropped[stream.id] = stream.skipped.flatMap { Array($0) } }
            for event in stream.hidden {
                snapshot.changes.append(Array(event.id.utf8), timestamp: event.timestamp.microseconds)
            }
        }
        snapshot.changes.seal()
        return snapshot
    }
}

extension EventSelection {
    /// The expressions as options of a command have them.
    fileprivate var words: String {
        [condition.map { "where \($0.text)" }, projection.map { "select \($0.text)" }].compactMap(\.self)
            .joined(separator: ", ")
    }
}
