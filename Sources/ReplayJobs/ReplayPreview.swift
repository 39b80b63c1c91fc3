public import EventJournal
internal import Parquet

/// What a job would send, found out without sending anything.
public struct ReplayPreview: Sendable, Hashable {
    /// Records.
    public var events = 0
    /// Bytes of their payloads, as they would be sent.
    public var bytes = 0
    /// The first record, its payload as it would be sent; `nil` when there is none.
    public var first: Event?
    /// The last one.
    public var last: Event?

    /// Reads all that a job would send, once.
    ///
    /// No job is made, and nothing is written. Cost: that of a replay.
    ///
    /// - Parameters:
    ///   - spec: What the job would do; its sink is not looked at.
    ///   - journal: The journal.
    ///   - notify: Told of what was found so far, now and then.
    /// - Throws: `JMESPathError`, `JournalError`, or `CancellationError`.
    public init(
        of spec: ReplayJobSpec,
        in journal: Journal,
        notify: @Sendable (ReplayPreview) -> Void = { _ in }
    ) async throws {
        let options = ReplayOptions(latestPerKey: spec.latestPerKey, selection: try spec.selection())
        let annotator = RecordAnnotator(job: journal.freshName(), spec: spec)
        for try await batch in journal.replay(after: spec.after, through: spec.through, options: options) {
            let sent = annotator.apply(to: batch)
            events += sent.count
            bytes += sent.payloads.payloadBytes
            if first == nil { first = sent[0] }
            last = sent[sent.count - 1]
            notify(self)
        }
    }
}
