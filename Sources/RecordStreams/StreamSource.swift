/// A stream of records to read: shards, each a sequence of records with positions, such as a Kinesis stream.
///
/// A new kind of stream is one file that conforms to this and to ``ShardReader``; `RecordStreamsTesting` has checks of
/// what is promised here, for authors of sources.
///
/// Every method throws ``StreamError``, or `CancellationError` when its task was cancelled.
public protocol StreamSource: Sendable {
    /// Names the stream among all streams, and stays the same for ever: it is the beginning of the ids of its records.
    ///
    /// At most 512 bytes; such as `kinesis:eu-west-1:orders`.
    var name: String { get }

    /// How long the stream keeps records; `nil` when it forgets none by age.
    ///
    /// Cost: a request.
    func retention() async throws -> Duration?

    /// The shards that can be read now, in any order: also those that take no more records and still have some.
    ///
    /// Cost: a request for each thousand.
    func shards() async throws -> [StreamShard]

    /// Begins to read a shard.
    ///
    /// A position that the stream has no more is no error here: the first batch tells (``StreamBatch/continuity``).
    ///
    /// - Parameters:
    ///   - shard: Its identifier.
    ///   - start: From where on.
    /// - Returns: A reader for one task at a time.
    /// - Throws: ``StreamError/Code/notFound`` when there is no such shard, at the latest when it is first read.
    func reader(of shard: String, from start: StreamStart) async throws -> any ShardReader
}

/// Reads one shard from a position on, in order.
public protocol ShardReader: Sendable {
    /// What comes next, at most as much as the stream gives at a time.
    ///
    /// Waits as long as limits of the service ask for, and not for records: a batch may be empty. Calls must not
    /// overlap. After an error the next call goes on where the last batch ended.
    ///
    /// - Returns: Records behind those of the batch before.
    func next() async throws -> StreamBatch
}

/// Where to begin in a shard.
public enum StreamStart: Sendable, Hashable {
    /// At the oldest record there is.
    case beginning
    /// Behind what is there now.
    case end
    /// Behind a position that a batch had.
    case behind(StreamPosition)
}

/// A place between two records of a shard, which only the kind of stream it is of understands.
public struct StreamPosition: Sendable, Hashable, CustomStringConvertible {
    /// The text to store, at most 512 bytes.
    public let text: String

    /// Takes a position from its text.
    public init(_ text: String) { self.text = text }

    /// The text.
    public var description: String { text }
}

/// One sequence of records of a stream.
public struct StreamShard: Sendable, Hashable {
    /// Names it within its stream for ever; at most 128 bytes.
    public var id: String
    /// The shards it continues: their records come before its own, key by key.
    public var parents: [String]

    /// Makes a shard.
    public init(id: String, parents: [String] = []) {
        self.id = id
        self.parents = parents
    }
}
