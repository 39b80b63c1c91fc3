public import RecordStreams

/// A stream of NATS JetStream, to read and to write, by our own client on SwiftNIO.
///
/// It is one shard, named by the moment at which the stream was made, so that a stream deleted and made anew is another
/// one; a position is the sequence of a record. Every request is bounded in time; a connection that breaks is made
/// anew, on any of the servers, and what was under way is done again where that is right.
public struct NATSStream: StreamSource, StreamSink {
    let client: NATSClient

    /// `nats:STREAM`, with the domain before the stream if there is one; or `nats:` and the alias of the configuration.
    public let name: String

    /// Opens a stream; nothing is asked of it yet.
    ///
    /// - Parameter configuration: Where it is and how it is used.
    /// - Throws: ``StreamError/Code/invalidURL`` when there can be no such place.
    public init(_ configuration: NATSConfiguration) throws {
        client = try NATSClient(configuration)
        let domain = configuration.domain.map { "\($0):" } ?? ""
        name = "nats:" + (configuration.alias ?? domain + configuration.stream)
    }

    /// Opens the stream at a URL; see ``NATSConfiguration/init(url:)``.
    ///
    /// - Throws: ``StreamError/Code/invalidURL``.
    public init(url: String) throws { try self.init(try NATSConfiguration(url: url)) }

    /// How long the stream keeps records, its `max_age`; `nil` when age does not matter.
    ///
    /// One request, STREAM.INFO.
    public func retention() async throws -> Duration? {
        let age = try await state().maximumAge
        return age > 0 ? .nanoseconds(age) : nil
    }

    /// The one shard.
    ///
    /// One request, STREAM.INFO.
    public func shards() async throws -> [StreamShard] { [StreamShard(id: try await state().created)] }

    /// Begins to read; the first request is made by the first read.
    public func reader(of shard: String, from start: StreamStart) async throws -> any ShardReader {
        try NATSShardReader(client: client, shard: shard, from: start)
    }

    func state() async throws -> JetStreamState {
        try await client.retrying { try await client.streamState($0) }
    }
}
