public import EventJournal

/// What a replay job sends, where to, and how; fixed when the job is made.
public struct ReplayJobSpec: Sendable, Hashable {
    /// The sink, in words that whoever runs the job can open; it is stored, so it must hold no secret.
    public var sink: String
    /// What else there is to know of the sink, by name; stored likewise.
    public var sinkOptions: [String: String] = [:]
    /// Exclusive; `nil` begins with the first event.
    public var after: Timestamp?
    /// Inclusive; `nil` ends with the last event that there is when the job is made.
    public var through: Timestamp?
    /// JMESPath: only events for which it is true.
    public var condition: String?
    /// JMESPath: what to send in place of the payload.
    public var projection: String?
    /// Whether a payload that cannot be evaluated ends the job.
    public var isStrict = false
    /// Whether only the last event of each key in the range is sent, and none without a key.
    public var latestPerKey = false
    /// Whether records say that they are replayed, as `docs/replay-consistency.md` has it.
    public var isAnnotated = false
    /// What else annotated records say, by name.
    public var annotations: [String: String] = [:]
    /// Whether the job's version of a record takes the place of the record's first version, where consumers keep to
    /// the contract.
    public var mayOverwrite = false
    /// How fast; `nil` as fast as it goes.
    public var rate: ReplayRate?
    /// At most so many records are sent at a time, and come twice after a crash, and never more
    /// than the sink takes; `nil` leaves it to the sink.
    public var batchRecords: Int?
    /// Another process may take the job over when its owner was silent for so long; 1 second at least.
    public var lease = Duration.seconds(15)

    /// Makes a specification; everything else has a default.
    public init(sink: String) { self.sink = sink }

    /// The expressions, compiled; `nil` when there is none.
    ///
    /// - Throws: `JMESPathError`.
    package func selection() throws -> EventSelection? {
        if condition == nil, projection == nil { return nil }
        return try EventSelection(where: condition, select: projection, isStrict: isStrict)
    }
}
