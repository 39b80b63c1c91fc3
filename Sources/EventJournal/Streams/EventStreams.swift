/// A manifest of streams: the segments of a range of time, each with a URL, for readers without access to the bucket.
///
/// It is of one moment: what was acknowledged before is in it, also updates and deletes that no compaction has applied
/// yet. As text it is NDJSON; see `docs/presigned-reads.md`.
public struct EventStreams: Sendable {
    /// Which of several shares a manifest is.
    public struct Share: Sendable, Hashable, CustomStringConvertible {
        /// From 1 on.
        public let number: Int
        /// How many there are.
        public let count: Int

        /// A share; `nil` unless 1 ≤ number ≤ count.
        public init?(_ number: Int, of count: Int) {
            guard number >= 1, number <= count else { return nil }
            self.number = number
            self.count = count
        }

        /// Reads `2/8`; `nil` when the text is not of that form.
        public init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
            guard parts.count == 2, let number = parts[0], let count = parts[1] else { return nil }
            self.init(number, of: count)
        }

        /// `2/8`.
        public var description: String { "\(number)/\(count)" }
    }

    /// Where the journal is.
    public let journal: String
    /// Events of which time are there whole.
    public let range: EventRange
    /// When the manifest was made.
    public let created: Timestamp
    /// Which share it is; `nil` for all of it.
    public let share: Share?
    /// Which events a replay from it delivers, and what of them; `nil` for all as they stand.
    ///
    /// The streams are not chosen by it: whoever reads them evaluates it.
    public let selection: EventSelection?
    /// The streams, by first time.
    public let streams: [EventStream]

    init(
        journal: String,
        range: EventRange,
        created: Timestamp,
        share: Share?,
        selection: EventSelection?,
        streams: [EventStream]
    ) {
        self.journal = journal
        self.range = range
        self.created = created
        self.share = share
        self.selection = selection
        self.streams = streams
    }

    /// How many events there are, also those of its segments that are outside the range or not selected.
    public var events: Int { streams.reduce(0) { $0 + $1.events } }
    /// The bytes of all objects.
    public var bytes: Int { streams.reduce(0) { $0 + $1.bytes } }
    /// When the first of its URLs ends; `nil` when none does.
    public var expires: Timestamp? { streams.compactMap(\.expires).min() }

    /// One of several shares with about as many bytes each.
    ///
    /// The same manifest is always dealt in the same way, so workers can each take theirs from one. The largest stream
    /// goes first, each to the share that has least (R. Graham, "Bounds on Multiprocessing Timing Anomalies", 1969):
    /// the largest share exceeds the mean by one stream at most.
    ///
    /// - Throws: ``JournalError/Code/invalidManifest`` when this is a share already.
    public func dealt(_ share: Share) throws -> EventStreams {
        if let mine = self.share {
            throw JournalError(
                .invalidManifest,
                "The manifest of \(journal) is share \(mine) already and cannot be split again. Split the whole one."
            )
        }
        let order = streams.indices.sorted { left, right in
            let (left, right) = (streams[left], streams[right])
            return left.bytes != right.bytes ? left.bytes > right.bytes : left.id < right.id
        }
        var loads = [Int](repeating: 0, count: share.count)
        var mine: [Int] = []
        for index in order {
            var least = 0
            for other in loads.indices where loads[other] < loads[least] { least = other }
            loads[least] += streams[index].bytes
            if least == share.number - 1 { mine.append(index) }
        }
        return EventStreams(
            journal: journal,
            range: range,
            created: created,
            share: share,
            selection: selection,
            streams: mine.sorted().map { streams[$0] }
        )
    }
}
