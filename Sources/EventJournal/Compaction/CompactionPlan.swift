/// A segment of the catalog, as the planner sees it.
struct CompactionCandidate: Sendable, Hashable {
    /// A part of a segment of which the range is known: a row group.
    struct Piece: Sendable, Hashable {
        var first: Int64
        var last: Int64
        var payloadBytes: Int
    }

    var key: String
    /// What segments that cannot have a place of the order in common share: the run they were written by.
    var run: String
    var first: Int64
    var last: Int64
    var events: Int
    var payloadBytes: Int
    var objectBytes: Int
    /// Its row groups; empty when they are not known.
    var pieces: [Piece] = []
    /// Whether an update or delete that is waiting may concern it.
    var hasChanges = false
}

/// A segment of the inbox, as the planner sees it.
struct CompactionInput: Sendable, Hashable {
    var key: String
    var batchID: UUIDv7
    var isChanges = false
    var first: Int64
    var last: Int64
    var events: Int
    var payloadBytes: Int
}

/// What one commit is to do.
struct CompactionJob: Sendable, Hashable {
    /// Segments of the inbox to absorb, in order of arrival: nothing that stays behind arrived earlier, changes
    /// excepted.
    var inbox: [String] = []
    /// Segments of the catalog to replace.
    var catalog: [String] = []
    /// Stretches of time, disjoint and ascending, each of whose events go into objects of their own; those outside of
    /// all stretches go into objects together.
    ///
    /// So events that come late do not make objects wide that hold the events of one hour. Of the last stretch, if
    /// nothing is behind it, so few events may come that they are but the edge of the others: see ``isEdge(_:of:)``.
    var sections: [ClosedRange<Int64>] = []
    /// Whether updates and deletes are applied.
    var appliesChanges = false

    /// Whether a last stretch with so much in it is to go with what is outside of all stretches.
    static func isEdge(_ weight: Int, of outside: Int) -> Bool { weight < outside / 16 }
}

/// What is to be done, as jobs that share no segment.
struct CompactionPlan: Sendable, Hashable {
    /// The one that absorbs, if any, comes first.
    var jobs: [CompactionJob] = []
    /// Why nothing of the inbox is absorbed, in words for people; `nil` when it is, or is empty.
    var refusal: String?
}
