internal import EventJournal
internal import ObjectStorage
internal import Parquet
internal import Synchronization

/// Sees to it that a job for the last event of each key loses none, whatever is deleted while it is at work or rests.
final class LatestKeysWatch: Sendable {
    /// The journal has changed so that the replay has to begin anew.
    struct Changed: Error {}

    private struct State {
        var stored: SentKeys.Stored?
        var keys: SentKeys { stored?.keys ?? SentKeys() }
        var missed: Set<UInt64> = []
        var moment: Int64?
        var hasBegun = false
    }

    private let journal: Journal
    private let keeper: JobKeeper
    private let state: Mutex<State>
    /// What is found is noted while batches are sent.
    private let gate = AsyncGate()

    /// - Parameters:
    ///   - journal: Where the job is.
    ///   - keeper: Holds the job.
    init(_ journal: Journal, _ keeper: JobKeeper) {
        self.journal = journal
        self.keeper = keeper
        state = Mutex(State(moment: keeper.job.position?.moment))
    }

    /// The hashes of keys of which nothing was sent, though what is their last event by now is before the position.
    var missed: Set<UInt64> { state.withLock(\.missed) }

    /// Takes note of which events are the last ones; to be called before any of them is sent.
    ///
    /// Cost: a put, and for a job that is resumed a get, of 16 bytes a key.
    ///
    /// - Throws: ``Changed`` when an event has become the last of its key that the replay at work has passed by;
    ///   ``ReplayJobError/Code/leaseLost`` when another process has the job.
    func found(_ latest: [LatestKey]) async throws {
        let found = SentKeys(latest)
        try await gate.pass {
            let (keys, moment, hasBegun) = state.withLock { ($0.keys, $0.moment, $0.hasBegun) }
            if hasBegun, keys.movedBack(in: found, sentBefore: moment) { throw Changed() }
            if !hasBegun, moment != nil {
                let stored = try await SentKeys.read(keeper.id, journal)
                state.withLock { $0.stored = stored }
            }
            let missed = try await change { $0.merge(found, sentBefore: moment) }
            state.withLock { state in
                state.missed.formUnion(missed)
                state.hasBegun = true
            }
        }
    }

    /// Takes note of a batch that was sent.
    ///
    /// Cost: none, but for missed keys: then a put.
    ///
    /// - Throws: ``ReplayJobError/Code/leaseLost`` when another process has the job, or what the store throws.
    func sent(_ batch: EventBatch, position: JobPosition?) async throws {
        let moment = state.withLock(\.moment)
        var caughtUp: [UInt64: Int64] = [:]
        if let moment, let keys = batch.keys, !missed.isEmpty {
            for row in 0..<batch.count where batch.timestamps[row] < moment && !keys.views[row].isNull {
                caughtUp[unsafe keys.withBytes(at: row) { unsafe BloomFilter.hash($0) }] = batch.timestamps[row]
            }
        }
        let noted = caughtUp
        if !noted.isEmpty { try await gate.pass { try await change { $0.note(noted) } } }
        state.withLock { $0.moment = position?.moment ?? $0.moment }
    }

    /// Changes what is stored, by compare-and-swap: a process that lost the job and does not know it yet undoes
    /// nothing that the one at work has noted.
    private func change<Result>(_ change: (inout SentKeys) -> Result) async throws -> Result {
        while true {
            let known = state.withLock(\.stored)
            var keys = known?.keys ?? SentKeys()
            let result = change(&keys)
            if let stored = try await keys.write(keeper.id, journal, over: known) {
                state.withLock { $0.stored = stored }
                return result
            }
            // Another process wrote meanwhile: the one that has the job now, or the one that had it before.
            try await keeper.note { _ in }
            let stored = try await SentKeys.read(keeper.id, journal)
            state.withLock { $0.stored = stored }
        }
    }
}
