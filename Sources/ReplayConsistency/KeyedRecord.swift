/// A record as a consumer gets it: live from the stream, or from a replay.
public struct KeyedRecord<Value: Sendable>: Sendable {
    /// What the record does to its key.
    public enum Change: Sendable {
        /// The key has this value from now on.
        case put(Value)
        /// The key has no value any more.
        case delete
    }

    /// Where a record comes from.
    public enum Origin: Sendable, Hashable {
        /// The stream itself.
        case live
        /// A replay: its job, and whether its version of a record takes the place of the record's first version.
        ///
        /// Of two jobs that may overwrite the one with the greater identifier wins, by bytes: identifiers that begin
        /// with the time, as UUIDs of version 7 do, make that the later one.
        case replay(job: String, mayOverwrite: Bool)
    }

    /// What it is about.
    public var key: String
    /// Its original position, among all records of the key.
    public var position: LogPosition
    /// What it does.
    public var change: Change
    /// Where it comes from.
    public var origin: Origin

    /// Makes a record.
    public init(key: String, position: LogPosition, change: Change, origin: Origin = .live) {
        self.key = key
        self.position = position
        self.change = change
        self.origin = origin
    }
}

/// Which version of a record it is: what decides between two records of one key.
public struct RecordVersion: Sendable, Hashable, Comparable {
    /// The original position of the record.
    public let position: LogPosition
    /// The job that overwrites the record; empty for the record as it was first.
    public let job: String

    /// Makes a version of its parts.
    public init(position: LogPosition, job: String = "") {
        self.position = position
        self.job = job
    }

    /// By position, then by job.
    public static func < (left: RecordVersion, right: RecordVersion) -> Bool {
        if left.position != right.position { return left.position < right.position }
        return left.job.utf8.lexicographicallyPrecedes(right.job.utf8)
    }
}

extension KeyedRecord {
    /// Which version of its record it is.
    public var version: RecordVersion {
        if case .replay(let job, true) = origin { return RecordVersion(position: position, job: job) }
        return RecordVersion(position: position)
    }
}
