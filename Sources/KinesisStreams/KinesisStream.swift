public import AWSSigning
public import RecordStreams
internal import TextEncoding

/// A stream of Amazon Kinesis Data Streams, or of a service that speaks its language, to read and to write.
///
/// Requests are signed, bounded in time, and tried again with full jitter where that may help; limits of the service
/// are kept to before it has to refuse. Records that the Kinesis Producer Library packed into one come singly.
public struct KinesisStream: StreamSource, StreamSink {
    let client: KinesisClient

    /// `kinesis:REGION:STREAM`.
    public let name: String

    /// Opens a stream; nothing is asked of it yet.
    ///
    /// - Parameters:
    ///   - configuration: Where it is and how it is used.
    ///   - credentials: What requests are signed with.
    /// - Throws: ``StreamError/Code/invalidURL`` when there can be no such place.
    public init(_ configuration: KinesisConfiguration, credentials: any AWSCredentialsProvider) throws {
        client = try KinesisClient(configuration, credentials: credentials)
        name = "kinesis:\(configuration.region):\(configuration.stream)"
    }

    /// Opens the stream at a URL; see ``KinesisConfiguration/open(url:)``.
    ///
    /// - Throws: ``StreamError/Code/invalidURL``.
    public init(url: String) throws {
        let (configuration, credentials) = try KinesisConfiguration.open(url: url)
        try self.init(configuration, credentials: credentials)
    }

    private var streamMember: JSONLine.Member {
        ("StreamName", JSONString.quoted(client.configuration.stream))
    }

    /// How long the stream keeps records: 24 hours unless it was asked for more.
    ///
    /// One request, DescribeStreamSummary.
    public func retention() async throws -> Duration? {
        let summary = try await perform("DescribeStreamSummary", [streamMember])["StreamDescriptionSummary"]
        guard let hours = summary?["RetentionPeriodHours"]?.integer else {
            throw StreamError(.failed, "The description of \(client.stream) does not say how long it keeps records.")
        }
        return .seconds(hours * 3600)
    }

    /// The shards that can be read, closed ones included.
    ///
    /// One request for each thousand, ListShards.
    public func shards() async throws -> [StreamShard] {
        var shards: [StreamShard] = []
        var members = [streamMember]
        while true {
            let answer = try await perform("ListShards", members)
            for shard in answer["Shards"]?.elements ?? [] {
                guard let id = shard["ShardId"]?.text else {
                    throw StreamError(.failed, "The list of the shards of \(client.stream) has one without ShardId.")
                }
                let parents = [shard["ParentShardId"]?.text, shard["AdjacentParentShardId"]?.text].compactMap(\.self)
                shards.append(StreamShard(id: id, parents: parents))
            }
            guard let next = answer["NextToken"]?.text else { return shards }
            members = [("NextToken", JSONString.quoted(next))]
        }
    }

    /// Begins to read a shard; the first request is made by the first read.
    public func reader(of shard: String, from start: StreamStart) async throws -> any ShardReader {
        KinesisShardReader(client: client, shard: shard, from: start)
    }

    /// Makes a request, and puts a refusal into words.
    func perform(_ action: String, _ members: [JSONLine.Member]) async throws -> JSONValue {
        do {
            return try await client.call(action, members)
        } catch let failure as KinesisFailure {
            throw client.error(failure, action)
        }
    }
}
