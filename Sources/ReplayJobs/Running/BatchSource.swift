internal import EventJournal
internal import Parquet

/// Reads, annotates and encodes the next batch of a job, while the one before is sent and noted.
///
/// Whoever asks has at most one call under way, and asks for a batch when it has begun to send the one before: so
/// there are two at a time.
actor BatchSource {
    /// A batch whose turn to be sent is next.
    struct Ready: Sendable {
        /// As the journal has it.
        let batch: EventBatch
        /// As it is sent.
        let outgoing: EventBatch
        /// The same as the sink has it.
        let encoded: EncodedBatch
    }

    /// What comes next.
    enum Next: Sendable {
        case batch(Ready)
        /// Everything was handed out.
        case end
        /// The job is to stop, and waited for what is not due yet.
        case stopped
    }

    private let sink: any ReplaySink
    private let annotator: RecordAnnotator
    private let records: Int
    private let bytes: Int
    private let wait: @Sendable (Duration) async throws -> Bool
    private var cutter: BatchCutter
    private var pace: RecordedPace?

    /// - Parameters:
    ///   - cutter: What is to be sent.
    ///   - sink: Where to.
    ///   - annotator: What is said of records.
    ///   - records: At most so many are a batch.
    ///   - bytes: And none more come in once payloads have so many bytes.
    ///   - pace: Events are batched when they are due; `nil` for as soon as they are read.
    ///   - wait: Waits, and says whether the job is to go on.
    init(
        _ cutter: sending BatchCutter,
        for sink: any ReplaySink,
        annotator: RecordAnnotator,
        records: Int,
        bytes: Int,
        pace: RecordedPace?,
        wait: @escaping @Sendable (Duration) async throws -> Bool
    ) {
        self.cutter = cutter
        self.sink = sink
        self.annotator = annotator
        self.records = records
        self.bytes = bytes
        self.pace = pace
        self.wait = wait
    }

    /// The next batch.
    ///
    /// - Throws: What the journal throws, or what the sink does of a record that it cannot take.
    func next() async throws -> Next {
        var cutter = cutter
        defer { self.cutter = cutter }
        guard let timestamp = try await cutter.upcoming() else { return .end }
        var moment = Int64.max
        if let due = pace?.next(timestamp) {
            guard try await wait(due.wait) else { return .stopped }
            moment = due.moment
        }
        let batch = try await cutter.next(records: records, bytes: bytes, through: moment)
        let outgoing = annotator.apply(to: batch)
        return .batch(Ready(batch: batch, outgoing: outgoing, encoded: try await sink.encode(outgoing)))
    }
}
