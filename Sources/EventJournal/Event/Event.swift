/// One thing that happened.
public struct Event: Sendable, Hashable {
    /// Unique in its journal; 1 to 1024 bytes of UTF-8.
    public var id: String
    /// When it happened; replay is ordered by it.
    public var timestamp: Timestamp
    /// The thing it is about, at most 1024 bytes; "last record per key" uses it.
    public var key: String?
    /// The payload, usually JSON; any bytes are allowed.
    public var data: [UInt8]
    /// Where an archived record came from; at most 1024 bytes.
    public var source: String?
    /// Its position there; at most 1024 bytes.
    public var sequence: String?

    /// Makes an event.
    public init(
        id: String,
        timestamp: Timestamp,
        key: String? = nil,
        data: [UInt8],
        source: String? = nil,
        sequence: String? = nil
    ) {
        self.id = id
        self.timestamp = timestamp
        self.key = key
        self.data = data
        self.source = source
        self.sequence = sequence
    }

    /// The payload as text; bytes that are not UTF-8 become U+FFFD.
    public var text: String { String(decoding: data, as: UTF8.self) }
}

/// Limits of the format, in one place.
public enum EventLimits {
    /// Longest id, key, source and sequence, in bytes of UTF-8.
    public static let fieldBytes = 1024
    /// Longest payload, in bytes; it has to fit into memory several times over.
    public static let payloadBytes = 64 << 20
}
