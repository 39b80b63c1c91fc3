/// A segment that anybody reads by a URL, and which of its rows are events.
///
/// The object is a Parquet file with the columns of `docs/format.md`. Its events are all rows but those whose number is
/// in ``skipped`` and those whose id and time are in ``hidden``; of these, a reader takes what is in its range of time.
public struct EventStream: Sendable {
    /// An event of a compacted segment that does not count any more.
    public struct HiddenEvent: Sendable, Hashable {
        /// The event.
        public var id: String
        /// When it happened.
        public var timestamp: Timestamp
    }

    /// What is read; its key, relative to the journal, is the stream's id.
    public let segment: Segment
    /// Rows that do not count, by their numbers in the file, ascending: of repeated and changed events, and deletions.
    public let skipped: [Range<Int>]
    /// Events in it that were updated or deleted since.
    public let hidden: [HiddenEvent]
    /// What reads the object by plain HTTP GET, ranges allowed; as secret as the object.
    public let url: String
    /// When the URL ends; `nil` when it does not.
    public let expires: Timestamp?

    /// Tells streams apart.
    public var id: String { segment.key }
    /// How many events it has, also those outside the range of time that was asked for.
    public var events: Int { segment.events - skipped.reduce(0) { $0 + $1.count } - hidden.count }
    /// The size of the object in bytes.
    public var bytes: Int { segment.objectBytes }

    init(segment: Segment, skipped: [Range<Int>], hidden: [HiddenEvent], url: String, expires: Timestamp?) {
        self.segment = segment
        self.skipped = skipped
        self.hidden = hidden
        self.url = url
        self.expires = expires
    }
}

extension [Int] {
    /// Ascending numbers as runs.
    var runs: [Range<Int>] {
        var runs: [Range<Int>] = []
        for number in self {
            if let last = runs.last, last.upperBound == number {
                runs[runs.count - 1] = last.lowerBound..<(number + 1)
            } else {
                runs.append(number..<(number + 1))
            }
        }
        return runs
    }
}
