public import EventJournal
internal import Parquet
public import RecordStreams

/// Where a replay job sends to.
///
/// Batches come one after the other, in order. When ``send(_:)`` returns, every record of the batch is acknowledged;
/// when it throws, or the process dies, some may be, and the job sends the batch again when it is resumed. The next
/// batch is read and encoded meanwhile, by ``encode(_:)``.
public protocol ReplaySink: Sendable {
    /// Where records go, for messages.
    var name: String { get }
    /// At most so many records are handed in at a time; fewer if the job says so.
    var batchRecords: Int { get }
    /// And none more once their payloads have so many bytes.
    var batchBytes: Int { get }

    /// Gets ready.
    ///
    /// - Parameter start: What the job may have sent before, in this process or another one.
    /// - Throws: ``ReplayJobError``, or an error of the sink's own.
    func begin(_ start: ReplaySinkStart) async throws

    /// Gets ready, and makes sure that this is what the job has sent to before.
    ///
    /// Without an implementation the mark is not looked at.
    ///
    /// - Parameters:
    ///   - start: What the job may have sent before, in this process or another one.
    ///   - mark: The ``mark`` as it was noted last; `nil` when there is none.
    /// - Throws: ``ReplayJobError``, or an error of the sink's own.
    func begin(_ start: ReplaySinkStart, mark: String?) async throws

    /// What a process that resumes the job can tell by that it is at the same sink; noted with each batch.
    ///
    /// `nil` for a sink that is always the same one, or cannot tell.
    var mark: String? { get }

    /// Sends records, and tries again what may pass; returns when all of them are acknowledged.
    ///
    /// - Parameter batch: At least one event, its payload as it is to be sent.
    /// - Throws: ``ReplayJobError``, or an error of the sink's own.
    func send(_ batch: EventBatch) async throws

    /// Does ahead of time what can be: makes of records what goes over the wire.
    ///
    /// A job encodes the next batch while it sends the one before, and sends what was encoded once at most, in order.
    /// Without an implementation nothing is done ahead.
    ///
    /// - Parameter batch: At least one event, its payload as it is to be sent.
    /// - Returns: What sends these records as ``send(_:)`` does.
    /// - Throws: ``ReplayJobError``, or an error of the sink's own; the batches before are sent all the same.
    func encode(_ batch: EventBatch) async throws -> EncodedBatch
}

extension ReplaySink {
    /// Nothing to do.
    public func begin(_ start: ReplaySinkStart) async throws {}

    /// Gets ready, whatever the mark.
    public func begin(_ start: ReplaySinkStart, mark: String?) async throws { try await begin(start) }

    /// Has no mark.
    public var mark: String? { nil }

    /// Nothing is done ahead.
    public func encode(_ batch: EventBatch) async throws -> EncodedBatch {
        EncodedBatch { try await send(batch) }
    }
}

/// Records as a sink sends them.
public struct EncodedBatch: Sendable {
    /// Sends the records, and returns when all of them are acknowledged.
    public let send: @Sendable () async throws -> Void

    /// Makes one of what sends it.
    public init(send: @escaping @Sendable () async throws -> Void) { self.send = send }
}

/// A stream as the sink of a replay: key and payload of each event become a record.
///
/// An event without a key is sent under its id.
public struct StreamReplaySink: ReplaySink {
    private let sink: any StreamSink
    private let job: String?

    /// The name of the stream.
    public var name: String { sink.name }
    /// At most so many records at a time.
    public let batchRecords: Int
    /// And none more once they have so many bytes.
    public let batchBytes: Int

    /// Makes a sink of a stream.
    ///
    /// - Parameters:
    ///   - sink: The stream.
    ///   - batchRecords: At most so many records at a time.
    ///   - batchBytes: And none more once their payloads have so many bytes.
    ///   - job: The job whose name goes into the ids of records, for streams that store what has the same id once;
    ///     records have no ids without it.
    public init(_ sink: any StreamSink, batchRecords: Int = 500, batchBytes: Int = 4 << 20, job: String? = nil) {
        self.sink = sink
        self.job = job
        self.batchRecords = batchRecords
        self.batchBytes = batchBytes
    }

    /// Sends records.
    public func send(_ batch: EventBatch) async throws { try await sink.send(records(batch)) }

    /// Makes records of events.
    public func encode(_ batch: EventBatch) async throws -> EncodedBatch {
        let records = records(batch)
        return EncodedBatch { [sink] in try await sink.send(records) }
    }

    private func records(_ batch: EventBatch) -> [OutgoingRecord] {
        var records: [OutgoingRecord] = []
        records.reserveCapacity(batch.count)
        var ids = job.map { RecordIDs(job: $0) }
        for row in 0..<batch.count {
            let id = ids?.next(of: batch, at: row)
            records.append(OutgoingRecord(key: batch.streamKey(at: row), data: batch.payloads[row] ?? [], id: id))
        }
        return records
    }
}

/// Another journal as the sink of a replay: events keep their ids, so that what comes twice is there once.
public struct JournalReplaySink: ReplaySink {
    private let journal: Journal

    /// Where the journal is.
    public var name: String { journal.location }
    /// At most so many events become a segment.
    public var batchRecords: Int { 50_000 }
    /// And none more once their payloads have so many bytes.
    public var batchBytes: Int { 32 << 20 }

    /// Makes a sink of a journal.
    public init(_ journal: Journal) { self.journal = journal }

    /// Appends events, by one put.
    public func send(_ batch: EventBatch) async throws { try await journal.append(batch) }
}

extension EventBatch {
    fileprivate func streamKey(at row: Int) -> String {
        if let keys, !keys.views[row].isNull, keys.views[row].length > 0 {
            return unsafe keys.withBytes(at: row) { unsafe String(decoding: $0, as: UTF8.self) }
        }
        return unsafe ids.withBytes(at: row) { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

/// What a job may have sent to a sink when a process begins to.
public enum ReplaySinkStart: Sendable, Hashable {
    /// Nothing: no other process was at work.
    case first
    /// Perhaps a batch that nobody noted.
    case repeated
    /// What was noted, and perhaps a batch more.
    case resumed
}
