public import JMESPath

/// Which parts of a line become which parts of an event, as JMESPath.
///
/// A plain path, names and indexes from the front such as `meta.created_at` or `items[0].id`, is found while the line
/// is checked, and its value is taken as it stands: the id `1.50` stays `1.50`. Any other expression is evaluated,
/// which reads the lines once more for each, and a number that passes through is written as JMESPath does: `1.5`. There
/// is no envelope yet, so `@event` is null.
public struct FieldMapping: Sendable, Hashable {
    /// Where the id is: a string or number of 1 to 1024 bytes; `nil` when lines have none.
    public var id: JMESPathExpression?
    /// Where the time is; `nil` when lines have none.
    public var timestamp: JMESPathExpression?
    /// How the time is given.
    public var timestampUnit: TimestampUnit
    /// Where the key is: a string, number, true or false of at most 1024 bytes; a line without it has no key.
    public var key: JMESPathExpression?

    /// Makes a mapping.
    public init(
        id: JMESPathExpression? = nil,
        timestamp: JMESPathExpression? = nil,
        timestampUnit: TimestampUnit = .automatic,
        key: JMESPathExpression? = nil
    ) {
        self.id = id
        self.timestamp = timestamp
        self.timestampUnit = timestampUnit
        self.key = key
    }
}

extension FieldMapping {
    /// The expression of a field.
    subscript(field: MappedField) -> JMESPathExpression? {
        switch field {
        case .id: id
        case .timestamp: timestamp
        case .key: key
        }
    }

    /// The fields that are mapped.
    var fields: [MappedField] { [.id, .timestamp, .key].filter { self[$0] != nil } }
}
