/// A stream that takes records.
public protocol StreamSink: Sendable {
    /// Where the records go, for messages.
    var name: String { get }

    /// Stores records and returns when the stream has acknowledged every one.
    ///
    /// Records of one key arrive in the order given, as long as calls do not overlap. After an error some may be
    /// there, and sending all again stores those twice: at least once is what is promised.
    ///
    /// - Throws: ``StreamError``: ``StreamError/Code/recordTooLarge`` before anything is sent, and what says why the
    ///   stream did not take the rest.
    func send(_ records: [OutgoingRecord]) async throws
}

/// A record on its way into a stream.
public struct OutgoingRecord: Sendable, Hashable {
    /// What it is about: records of one key keep their order.
    public var key: String
    /// The payload.
    public var data: [UInt8]
    /// Names the record among all of the stream; `nil` for none.
    ///
    /// Sinks that can (NATS) store a record of one id once, for as long as they remember ids.
    public var id: String?

    /// Makes a record.
    public init(key: String, data: [UInt8], id: String? = nil) {
        self.key = key
        self.data = data
        self.id = id
    }
}
