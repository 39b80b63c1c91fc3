public import JMESPath
internal import Parquet
internal import Synchronization

/// Which events to deliver, and what of them, as JMESPath over their payloads.
///
///     let failed = try EventSelection(
///         where: "status == 'failed' && @event.key != 'test'",
///         select: "{id: id, total: total}"
///     )
///     for try await batch in journal.replay(options: ReplayOptions(selection: failed)) { … }
///
/// An event is kept when the condition is truthy; `@event.id`, `.key`, `.timestamp`, `.source` and `.sequence` reach
/// what surrounds the payload (``JMESPathEnvelope``). A payload that is not JSON, or that a function of an expression
/// does not take, never matches; ``counts`` says how many there were, and a strict selection throws at the first.
public struct EventSelection: Sendable {
    /// Keeps an event when it is truthy; `nil` keeps all.
    public let condition: JMESPathExpression?
    /// What to deliver in place of the payload, as JSON; `nil` leaves it as it stands.
    public let projection: JMESPathExpression?
    /// Whether a payload that cannot be evaluated is an error.
    public let isStrict: Bool
    private let pool: EvaluatorPool
    private let counter = Counter()

    /// How many payloads were looked at so far, by all replays with this selection.
    public struct Counts: Sendable, Hashable {
        /// Those that were kept.
        public var matched = 0
        /// Those for which the condition is not truthy.
        public var unmatched = 0
        /// Those that are not JSON.
        public var notJSON = 0
        /// Those that a function of an expression does not take.
        public var failed = 0
    }

    private final class Counter: Sendable {
        let counts = Mutex(Counts())
    }

    /// A selection from compiled expressions.
    ///
    /// - Parameters:
    ///   - condition: Keeps an event when it is truthy.
    ///   - projection: What to deliver in place of the payload.
    ///   - isStrict: Whether a payload that cannot be evaluated is an error.
    public init(
        where condition: JMESPathExpression?,
        select projection: JMESPathExpression? = nil,
        isStrict: Bool = false
    ) {
        self.condition = condition
        self.projection = projection
        self.isStrict = isStrict
        pool = EvaluatorPool(condition, projection)
    }

    /// A selection from the texts of expressions.
    ///
    /// - Parameters:
    ///   - condition: Keeps an event when it is truthy.
    ///   - projection: What to deliver in place of the payload.
    ///   - isStrict: Whether a payload that cannot be evaluated is an error.
    /// - Throws: ``JMESPathError`` that points at the place.
    public init(
        where condition: String?,
        select projection: String? = nil,
        isStrict: Bool = false
    ) throws(JMESPathError) {
        self.init(
            where: try condition.map { text throws(JMESPathError) in try JMESPathExpression(text) },
            select: try projection.map { text throws(JMESPathError) in try JMESPathExpression(text) },
            isStrict: isStrict
        )
    }

    /// How many payloads were looked at so far.
    public var counts: Counts { counter.counts.withLock { $0 } }

    /// The events of a batch that are kept, with what is to be delivered of them.
    ///
    /// - Throws: ``JournalError/Code/invalidEvent`` when strict and a payload cannot be evaluated.
    package func apply(to batch: EventBatch) throws -> EventBatch { try select(from: batch).batch }

    /// The events of a batch that are kept, with what is to be delivered of them, and which of the rows they were.
    ///
    /// - Throws: As ``apply(to:)``.
    func select(from batch: EventBatch) throws -> (batch: EventBatch, rows: [Int]) {
        let evaluator = try pool.take()
        defer { pool.giveBack(evaluator) }
        var results = JMESPathBatch()
        evaluator.evaluate(batch, into: &results)
        count(results)
        if isStrict, let failure = results.results.first(where: { $0.error >= 0 }) {
            let error = results.errors[failure.error]
            let id = batch.ids.text(at: failure.index) ?? ""
            throw JournalError(
                .invalidEvent,
                "The payload of event \"\(id)\" at \(Timestamp(microseconds: batch.timestamps[failure.index]).rfc3339)"
                    + " cannot be evaluated: \(error.message) Leave `strict` off to pass over such events.",
                cause: error
            )
        }
        let kept = results.results.filter { $0.outcome == .match }
        if projection == nil, kept.count == batch.count { return (batch, Array(0..<batch.count)) }
        var selected = batch.selecting(kept.map(\.index))
        if projection != nil {
            selected.payloads = ByteArrays(
                buffers: [results.bytes],
                views: kept.map { result in
                    ByteView(
                        buffer: 0,
                        offset: UInt32(result.bytes.lowerBound),
                        length: UInt32(result.bytes.count)
                    )
                }
            )
        }
        return (selected, kept.map(\.index))
    }

    private func count(_ results: JMESPathBatch) {
        var counts = Counts()
        for result in results.results {
            switch result.outcome {
            case .match: counts.matched += 1
            case .noMatch: counts.unmatched += 1
            case .notJSON: counts.notJSON += 1
            case .failed: counts.failed += 1
            }
        }
        counter.counts.withLock { total in
            total.matched += counts.matched
            total.unmatched += counts.unmatched
            total.notJSON += counts.notJSON
            total.failed += counts.failed
        }
    }
}
