internal import JMESPath
internal import Parquet
internal import Synchronization

/// Evaluators that wait to be used again: each has buffers of a megabyte, and is used by one thread at a time.
final class EvaluatorPool: Sendable {
    /// An evaluator on its way between threads; nobody else has it meanwhile, so its lock is free whenever it is taken.
    final class Loan: Sendable {
        fileprivate let evaluator: Mutex<JMESPathEvaluator>
        fileprivate let usesEnvelope: Bool

        fileprivate init(_ evaluator: sending JMESPathEvaluator, usesEnvelope: Bool) {
            self.evaluator = Mutex(evaluator)
            self.usesEnvelope = usesEnvelope
        }
    }

    private let condition: JMESPathExpression?
    private let projection: JMESPathExpression?
    private let idle = Mutex<[Loan]>([])

    init(_ condition: JMESPathExpression?, _ projection: JMESPathExpression?) {
        self.condition = condition
        self.projection = projection
    }

    func take() throws(JMESPathError) -> Loan {
        if let loan = idle.withLock({ $0.popLast() }) { return loan }
        return Loan(
            try JMESPathEvaluator(where: condition, select: projection),
            usesEnvelope: condition?.usesEnvelope == true || projection?.usesEnvelope == true
        )
    }

    func giveBack(_ loan: Loan) { idle.withLock { $0.append(loan) } }
}

extension EvaluatorPool.Loan {
    /// Evaluates the payloads of a batch.
    func evaluate(_ batch: EventBatch, into results: inout JMESPathBatch) {
        evaluator.withLock { evaluate(batch, with: $0, into: &results) }
    }

    private func evaluate(
        _ batch: EventBatch,
        with evaluator: JMESPathEvaluator,
        into results: inout JMESPathBatch
    ) {
        batch.payloads.withPinnedBuffers { payloads in
            guard usesEnvelope else {
                unsafe evaluator.evaluate(
                    count: batch.count,
                    document: { unsafe payloads[batch.payloads.views[$0]] },
                    into: &results
                )
                return
            }
            let none = ByteArrays()
            batch.ids.withPinnedBuffers { ids in
                (batch.keys ?? none)
                    .withPinnedBuffers { keys in
                        (batch.sources ?? none)
                            .withPinnedBuffers { sources in
                                (batch.sequences ?? none)
                                    .withPinnedBuffers { sequences in
                                        unsafe evaluator.evaluate(
                                            count: batch.count,
                                            document: { unsafe payloads[batch.payloads.views[$0]] },
                                            envelope: { row in
                                                unsafe JMESPathEnvelope(
                                                    id: ids[batch.ids.views[row]],
                                                    key: batch.keys.flatMap { unsafe keys.value($0.views[row]) },
                                                    timestamp: batch.timestamps[row],
                                                    source: batch.sources.flatMap {
                                                        unsafe sources.value($0.views[row])
                                                    },
                                                    sequence: batch.sequences.flatMap {
                                                        unsafe sequences.value($0.views[row])
                                                    }
                                                )
                                            },
                                            into: &results
                                        )
                                    }
                            }
                    }
            }
        }
    }
}

/// The buffers of a column while they are held in place.
@safe
struct PinnedBuffers {
    fileprivate var buffers: [UnsafeRawBufferPointer] = unsafe []

    /// The bytes of a view; none of a null.
    subscript(view: ByteView) -> UnsafeRawBufferPointer {
        view.isNull
            ? unsafe UnsafeRawBufferPointer(start: nil, count: 0)
            : unsafe UnsafeRawBufferPointer(rebasing: buffers[Int(view.buffer)][view.range])
    }

    /// The bytes of a view; `nil` for a null.
    func value(_ view: ByteView) -> UnsafeRawBufferPointer? { view.isNull ? nil : unsafe self[view] }
}

extension ByteArrays {
    /// Holds all buffers in place, so that many values can be lent at once.
    ///
    /// - Complexity: one frame of the stack for each buffer; a batch as it is read has one or two.
    func withPinnedBuffers<Result>(_ body: (PinnedBuffers) throws -> Result) rethrows -> Result {
        var pinned = PinnedBuffers()
        func pin(_ index: Int) throws -> Result {
            guard index < buffers.count else { return try body(pinned) }
            return try unsafe buffers[index]
                .withUnsafeBytes { bytes in
                    unsafe pinned.buffers.append(bytes)
                    return try pin(index + 1)
                }
        }
        return try pin(0)
    }
}
