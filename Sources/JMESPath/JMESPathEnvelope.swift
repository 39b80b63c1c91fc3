/// What surrounds a payload: reachable in an expression as `@event.id`, `@event.key` and so on.
///
/// `@` directly followed by a name is an error in the standard language, so these names cannot collide with a payload's
/// members, whatever they are called. `@event` alone is an object of all five. A part that is absent is null; without
/// any envelope, `@event` is null.
///
/// The buffers are UTF-8, borrowed for the call that gets the envelope.
@safe
public struct JMESPathEnvelope {
    /// The id, `@event.id`.
    public var id: UnsafeRawBufferPointer?
    /// The key, `@event.key`.
    public var key: UnsafeRawBufferPointer?
    /// The time, `@event.timestamp`, given in microseconds since 1970 UTC.
    ///
    /// In an expression it is text such as `2024-03-01T10:20:30.123456Z` (RFC 3339, always six digits), so comparing it
    /// with `<` and the like orders it by time.
    public var timestamp: Int64?
    /// The source, `@event.source`.
    public var source: UnsafeRawBufferPointer?
    /// The sequence, `@event.sequence`.
    public var sequence: UnsafeRawBufferPointer?

    /// Makes an envelope.
    public init(
        id: UnsafeRawBufferPointer? = nil,
        key: UnsafeRawBufferPointer? = nil,
        timestamp: Int64? = nil,
        source: UnsafeRawBufferPointer? = nil,
        sequence: UnsafeRawBufferPointer? = nil
    ) {
        unsafe self.id = id
        unsafe self.key = key
        self.timestamp = timestamp
        unsafe self.source = source
        unsafe self.sequence = sequence
    }
}

@available(*, unavailable)
extension JMESPathEnvelope: Sendable {}

/// Parts of the envelope, in the order in which `@event` has them.
enum EnvelopePart: Int32, CaseIterable {
    case id, timestamp, key, source, sequence

    static func named(_ name: [UInt8]) -> EnvelopePart? { allCases.first { "\($0)".utf8.elementsEqual(name) } }

    /// Its name in an expression.
    var name: StaticString {
        switch self {
        case .id: "id"
        case .timestamp: "timestamp"
        case .key: "key"
        case .source: "source"
        case .sequence: "sequence"
        }
    }
}
