internal import EventJournal
internal import Parquet
internal import Synchronization

/// Sees to it that a job for the last event of each key loses none, whatever is deleted while it is at work or rests.
final class LatestKeysWatch: Sendable {
    /// The journal has changed so that the replay has to begin anew.
    struct Changed: Error {}

    private struct State {
        var keys = SentKeys()
        var missed: Set<UInt64> = []
        var moment: Int64?
        var hasBegun = false
    }

    private let journal: Journal
    private let id: String
    private let state: Mutex<State>

    /// - Parameters:
    ///   - journal: Where the job is.
    ///   - job: The job as it is.
    init(_ journal: Journal, _ job: ReplayJob) {
        self.journal = journal
        id = job.id
        state = Mutex(State(moment: job.position?.moment))
    }

    /// The hashes of keys of which nothing was sent, though what is their last event by now is before the position.
    var missed: Set<UInt64> { state.withLock(\.missed) }

    /// Takes note of which events are the last ones; to be called before any of them is sent.
    ///
    /// Cost: a put, and for a job that is resumed a get, of 16 bytes a key.
    ///
    /// - Throws: ``Changed`` when an event has become the last of its key that the replay at work has passed by.
    func found(_ latest: [LatestKey]) async throws {
        let found = SentKeys(latest)
        var (keys, moment, hasBegun) = state.withLock { ($0.keys, $0.moment, $0.hasBegun) }
        if hasBegun {
            if keys.movedBack(in: found, sentBefore: moment) { throw Changed() }
        } else if moment != nil {
            keys = try await SentKeys.read(id, journal)
        }
        let (merged, missed) = keys.merged(with: found, sentBefore: moment)
        try await merged.write(id, journal)
        state.withLock { state in
            state.keys = merged
            state.missed.formUnion(missed)
            state.hasBegun = true
        }
    }

    /// Takes note of a batch that was sent.
    ///
    /// Cost: none, but for missed keys: then a put.
    func sent(_ batch: EventBatch, position: JobPosition?) async throws {
        let moment = state.withLock(\.moment)
        var caughtUp: [UInt64: Int64] = [:]
        if let moment, let keys = batch.keys, !missed.isEmpty {
            for row in 0..<batch.count where batch.timestamps[row] < moment && !keys.views[row].isNull {
                caughtUp[unsafe keys.withBytes(at: row) { unsafe BloomFilter.hash($0) }] = batch.timestamps[row]
            }
        }
        let keys = state.withLock { state in
            state.moment = position?.moment ?? state.moment
            if !caughtUp.isEmpty { state.keys.note(caughtUp) }
            return state.keys
        }
        if !caughtUp.isEmpty { try await keys.write(id, journal) }
    }
}
