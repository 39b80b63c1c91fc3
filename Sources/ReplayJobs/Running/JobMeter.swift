internal import EventJournal
internal import Parquet

/// Measures how fast the process at work is, and estimates how long the rest takes.
struct JobMeter {
    private let estimate: RangeEstimate
    private let begun: Duration
    private let before: ReplayJob.Progress
    private var events = 0
    private var bytes = 0
    private var last: Int64?

    init(_ job: ReplayJob, estimate: RangeEstimate, begun: Duration) {
        before = job.progress
        self.estimate = estimate
        self.begun = begun
    }

    /// Takes note of a batch as it was sent.
    mutating func note(_ batch: EventBatch) {
        events += batch.count
        bytes += batch.payloads.payloadBytes
        last = batch.timestamps.last ?? last
    }

    /// The progress of the job.
    func progress(now: Duration) -> ReplayJob.Progress {
        var progress = before
        progress.events += events
        progress.bytes += bytes
        progress.noted = .now
        if let last {
            progress.last = max(Timestamp(microseconds: last), before.last ?? .min)
            progress.fraction = max(estimate.fraction(through: last), before.fraction)
        }
        let elapsed = (now - begun).inSeconds
        progress.timeLeft = nil
        guard elapsed > 0.05 else { return progress }
        progress.eventsPerSecond = Double(events) / elapsed
        progress.bytesPerSecond = Double(bytes) / elapsed
        let done = progress.fraction - before.fraction
        if done > 0 { progress.timeLeft = .seconds(min(elapsed * (1 - progress.fraction) / done, 1e9)) }
        return progress
    }
}
