/// What a reader sees: the segments of one moment, and which of their rows do not count.
struct Snapshot: Sendable {
    /// The segments, by order of arrival; a segment's place here is its rank among equal timestamps.
    var segments: [Segment]
    /// Rows whose event id an earlier append had, ascending, by batch id.
    var duplicates: [UUIDv7: [Int]]
    /// Objects that cannot be read, with the reason.
    var damaged: [DamagedSegment]

    /// How many events there are, each id once.
    var events: Int { segments.reduce(0) { $0 + $1.events } - duplicateCount }
    /// How many rows do not count.
    var duplicateCount: Int { duplicates.values.reduce(0) { $0 + $1.count } }
}

/// An object of a journal that is not what was written.
public struct DamagedSegment: Sendable {
    /// The object's key, relative to the journal.
    public var object: String
    /// How many events it held by its name; `nil` when the name says nothing.
    public var events: Int?
    /// What is wrong.
    public var error: JournalError

    /// Describes a damaged object.
    public init(object: String, events: Int?, error: JournalError) {
        self.object = object
        self.events = events
        self.error = error
    }
}

/// A row of a segment.
struct RowReference: Sendable, Hashable {
    var segment: Segment
    var row: Int
}
