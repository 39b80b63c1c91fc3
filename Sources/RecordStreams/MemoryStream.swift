internal import Synchronization

/// A stream in memory, source and sink at once: for tests, and to try an archive without a service.
///
/// Shards can be split, merged and trimmed as those of a service are. Every record counts as received at a time the
/// caller gives.
public final class MemoryStream: StreamSource, StreamSink {
    private struct Shard {
        var parents: [String]
        var records: [StreamRecord] = []
        /// The number of the first record that is kept.
        var first = 0
        var isClosed = false
        var isGone = false

        var end: Int { first + records.count }
    }

    private struct State {
        var shards: [String: Shard] = [:]
        var order: [String] = []
        var open: [String] { order.filter { shards[$0]?.isClosed == false } }
    }

    /// The name of the stream.
    public let name: String
    private let state: Mutex<State>
    private let limit: Int
    private let keeps: Duration?

    /// Makes a stream.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - shards: How many shards it begins with.
    ///   - limit: At most so many records come at a time.
    ///   - retention: What it says of how long it keeps records; it forgets none by itself.
    public init(name: String = "memory:stream", shards: Int = 1, limit: Int = 10_000, retention: Duration? = nil) {
        self.name = name
        self.limit = max(1, limit)
        keeps = retention
        var state = State()
        for _ in 0..<max(1, shards) { MemoryStream.add(to: &state, parents: []) }
        self.state = Mutex(state)
    }

    @discardableResult
    private static func add(to state: inout State, parents: [String]) -> String {
        let id = "shard-\(state.order.count)"
        state.shards[id] = Shard(parents: parents)
        state.order.append(id)
        return id
    }

    /// Adds a record to a shard of the caller's choice.
    ///
    /// - Returns: Its sequence; `nil` when the shard is closed or is none.
    @discardableResult
    public func append(_ data: [UInt8], key: String?, arrival: Int64, to shard: String) -> String? {
        state.withLock { state in
            guard let there = state.shards[shard], !there.isClosed else { return nil }
            let record = StreamRecord(sequence: "\(there.end)", key: key, arrival: arrival, data: data)
            state.shards[shard]?.records.append(record)
            return record.sequence
        }
    }

    /// The shards that take records, in order of their birth.
    public var openShards: [String] { state.withLock { $0.open } }

    /// Closes shards, and continues them in others.
    ///
    /// - Parameters:
    ///   - parents: Open shards.
    ///   - count: How many continue them.
    /// - Returns: The new shards; none when one of the parents is not open.
    @discardableResult
    public func reshard(_ parents: [String], into count: Int) -> [String] {
        state.withLock { state in
            guard parents.allSatisfy({ state.shards[$0]?.isClosed == false }) else { return [] }
            for parent in parents { state.shards[parent]?.isClosed = true }
            return (0..<count).map { _ in MemoryStream.add(to: &state, parents: parents) }
        }
    }

    /// Forgets the oldest records of a shard; a closed shard without records is gone.
    public func trim(_ shard: String, keeping count: Int) {
        state.withLock { state in
            guard var there = state.shards[shard] else { return }
            let dropped = max(0, there.records.count - count)
            there.records.removeFirst(dropped)
            there.first += dropped
            there.isGone = there.isClosed && there.records.isEmpty
            state.shards[shard] = there
        }
    }

    /// What it was made with.
    public func retention() async throws -> Duration? { keeps }

    /// The shards that are not gone.
    public func shards() async throws -> [StreamShard] {
        state.withLock { state in
            state.order.compactMap { id in
                guard let shard = state.shards[id], !shard.isGone else { return nil }
                return StreamShard(id: id, parents: shard.parents)
            }
        }
    }

    /// A reader of a shard.
    public func reader(of shard: String, from start: StreamStart) async throws -> any ShardReader {
        let next: Int? = try state.withLock { state in
            guard let there = state.shards[shard], !there.isGone else { throw missing(shard) }
            switch start {
            case .beginning: return nil
            case .end: return there.end
            case .behind(let position):
                guard let last = Int(position.text) else {
                    throw StreamError(.failed, "\"\(position)\" is no position in \(shard) of \(name).")
                }
                return last + 1
            }
        }
        return MemoryShardReader(stream: self, shard: shard, next: next)
    }

    /// Adds records to open shards by their keys.
    public func send(_ records: [OutgoingRecord]) async throws {
        state.withLock { state in
            let open = state.open
            guard !open.isEmpty else { return }
            for record in records {
                let hash = record.key.utf8.reduce(UInt64(5381)) { $0 &* 33 &+ UInt64($1) }
                let shard = open[Int(hash % UInt64(open.count))]
                guard let end = state.shards[shard]?.end else { continue }
                state.shards[shard]?.records
                    .append(StreamRecord(sequence: "\(end)", key: record.key, arrival: Int64(end), data: record.data))
            }
        }
    }

    /// Reads behind a number; `nil` for the oldest record there is.
    fileprivate func read(_ shard: String, from wanted: Int?) throws -> (batch: StreamBatch, next: Int) {
        try state.withLock { state in
            guard let there = state.shards[shard], !there.isGone else { throw missing(shard) }
            let start = max(wanted ?? there.first, there.first)
            let isBroken = start > (wanted ?? start)
            let records = there.records.dropFirst(start - there.first).prefix(limit)
            let next = start + records.count
            let batch = StreamBatch(
                records: Array(records),
                position: next == 0 ? nil : StreamPosition("\(next - 1)"),
                isEnd: there.isClosed && next == there.end,
                // Times of arrival are the caller's, so how old a record is cannot be told.
                lag: next == there.end ? .zero : nil,
                waiting: there.end - next,
                continuity: isBroken ? .broken : .whole
            )
            return (batch, next)
        }
    }

    private func missing(_ shard: String) -> StreamError {
        StreamError(.notFound, "\(name) has no shard \(shard); list its shards anew.")
    }
}

private final class MemoryShardReader: ShardReader {
    private let stream: MemoryStream
    private let shard: String
    private let next: Mutex<Int?>

    init(stream: MemoryStream, shard: String, next: Int?) {
        self.stream = stream
        self.shard = shard
        self.next = Mutex(next)
    }

    func next() async throws -> StreamBatch {
        try Task.checkCancellation()
        return try next.withLock { next in
            let (batch, following) = try stream.read(shard, from: next)
            next = following
            return batch
        }
    }
}
