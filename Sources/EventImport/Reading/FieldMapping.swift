/// Which fields of a line become which parts of an event.
public struct FieldMapping: Sendable, Hashable {
    /// Where the id is: a string or number of 1 to 1024 bytes; `nil` when lines have none.
    public var id: FieldPath?
    /// Where the time is; `nil` when lines have none.
    public var timestamp: FieldPath?
    /// How the time is given.
    public var timestampUnit: TimestampUnit
    /// Where the key is: a string, number, true or false of at most 1024 bytes; a line without it has no key.
    public var key: FieldPath?

    /// Makes a mapping.
    public init(
        id: FieldPath? = nil,
        timestamp: FieldPath? = nil,
        timestampUnit: TimestampUnit = .automatic,
        key: FieldPath? = nil
    ) {
        self.id = id
        self.timestamp = timestamp
        self.timestampUnit = timestampUnit
        self.key = key
    }
}
