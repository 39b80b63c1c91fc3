internal import CSimdJSON
internal import EventJournal
internal import Parquet
internal import ReplayConsistency

/// Makes of a payload what a job sends: says in it that it is replayed, where it stood, and what the user wants said.
struct RecordAnnotator: Sendable {
    private let job: String
    private let spec: ReplayJobSpec

    init(_ job: ReplayJob) {
        self.job = job.id
        spec = job.spec
    }

    init(job: String, spec: ReplayJobSpec) {
        self.job = job
        self.spec = spec
    }

    /// The batch as it is sent.
    func apply(to batch: EventBatch) -> EventBatch {
        var sent = EventBatch(
            timestamps: batch.timestamps,
            ids: batch.ids,
            keys: batch.keys,
            sources: batch.sources,
            sequences: batch.sequences,
            payloads: batch.payloads
        )
        guard spec.isAnnotated else { return sent }
        sent.payloads = ByteArrays()
        for row in 0..<batch.count { sent.payloads.append(payload(of: batch[row])) }
        return sent
    }

    /// The payload of one event with its annotation.
    func payload(of event: Event) -> [UInt8] {
        var annotation = ReplayAnnotation(
            job: job,
            mayOverwrite: spec.mayOverwrite,
            id: event.id,
            key: event.key,
            timestamp: event.timestamp.rfc3339,
            source: event.source,
            position: event.sequence ?? "\(event.timestamp.microseconds)",
            annotations: spec.annotations
        )
        // What was archived from a stream into which it was replayed before is what it was at first: were it to keep
        // the place that it got by the replay, it would win over what came after the original.
        guard let before = ReplayedRecord(event.data) else {
            return ReplayedRecord(annotation: annotation, payload: event.data).annotated(kind(of: event.data))
        }
        annotation.id = before.annotation.id
        annotation.key = before.annotation.key
        annotation.timestamp = before.annotation.timestamp
        annotation.source = before.annotation.source
        annotation.position = before.annotation.position
        return ReplayedRecord(annotation: annotation, payload: before.payload).annotated(kind(of: before.payload))
    }

    private func kind(of payload: [UInt8]) -> ReplayedRecord.PayloadKind {
        unsafe payload.withUnsafeBytes { bytes in
            let text = unsafe bytes.bindMemory(to: CChar.self)
            if unsafe hw_validate_json(text.baseAddress, text.count) { return .json }
            return unsafe hw_validate_utf8(text.baseAddress, text.count) ? .text : .bytes
        }
    }
}
