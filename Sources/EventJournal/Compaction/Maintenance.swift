internal import ObjectStorage
internal import Synchronization

/// Compacts in the background when this process has appended much, at most once at a time.
///
/// Counting an append costs a lock. Only when what was appended here is a quarter of the limit is the inbox listed, and
/// only when it is over the limit is it compacted, on one thread. A process that does not append has no task and makes
/// no request.
///
/// A journal has no scope that could own a child task, so it owns one task through this object, which ends it with
/// the journal.
final class Maintenance: Sendable {
    private typealias Work = Task<Void, Never>

    private struct State {
        /// Appended here, or seen when the journal was opened, since the inbox was looked at last.
        var segments = 0
        var payloadBytes = 0
        /// When the last append was counted.
        var lastAppend = Duration.zero
        var work: Work?
        var status = MaintenanceStatus()
        var isClosed = false
    }

    private let settings: AutomaticCompaction?
    private let context: CompactionContext
    private let state = Mutex(State())

    init(settings: AutomaticCompaction?, context: CompactionContext) {
        self.settings = settings
        self.context = context
    }

    /// Ends the work in the background without waiting for its end.
    func cancel() {
        state.withLock { state in
            state.isClosed = true
            state.work?.cancel()
        }
    }

    var status: MaintenanceStatus { state.withLock { $0.status } }

    /// Counts segments that were there when the journal was opened; a journal that is only read does not compact.
    func see(segments: Int, payloadBytes: Int) {
        state.withLock { state in
            state.segments += segments
            state.payloadBytes += payloadBytes
        }
    }

    /// Whether the inbox is over some limits, if nobody else has compacted.
    func mayBeDue(_ settings: AutomaticCompaction) -> Bool {
        state.withLock { settings.isDue(segments: $0.segments, payloadBytes: $0.payloadBytes) }
    }

    /// Counts a segment that was stored, and begins to work if that makes it enough.
    func count(payloadBytes: Int) {
        let now = context.time.now()
        state.withLock { state in
            state.segments += 1
            state.payloadBytes += payloadBytes
            state.lastAppend = now
            begin(&state)
        }
    }

    /// Begins to work if enough was appended and no work is under way.
    private func begin(_ state: inout State) {
        guard let settings, state.work == nil, !state.isClosed,
            settings.isDue(segments: 4 * state.segments, payloadBytes: 4 * state.payloadBytes)
        else { return }
        state.status.isRunning = true
        state.work = Work(executorPreference: IOThreads.shared) { [self] in
            end(again: await settle(settings))
        }
    }

    /// Ends the work in the background and waits until it has ended.
    func close() async {
        cancel()
        await state.withLock { $0.work }?.value
    }

    /// Ends the work, and begins anew if what was appended since it looked at the inbox is enough.
    private func end(again: Bool) {
        state.withLock { state in
            state.work = nil
            state.status.isRunning = false
            if again { begin(&state) }
        }
    }

    /// Compacts once it is quiet, and deletes what it absorbed when no reader needs it any more.
    ///
    /// - Returns: Whether it got to its end.
    private func settle(_ settings: AutomaticCompaction) async -> Bool {
        do {
            try await waitForQuiet(settings)
            try await compact(settings)
            while let due = context.absorbed.nextDue {
                try await context.time.sleep(max(.milliseconds(1), due - context.time.now()))
                let cleanup = AbsorbedCleanup(context: context)
                let keys = context.absorbed.due(context.time.now())
                // What could not be deleted is left to the next compaction, and not tried for ever.
                _ = try await cleanup.delete(keys)
                context.absorbed.leave(keys)
            }
            return true
        } catch is CancellationError {
            return false
        } catch {
            note(.failure(error))
            return false
        }
    }

    private func waitForQuiet(_ settings: AutomaticCompaction) async throws {
        while true {
            let (last, isUrgent) = state.withLock { state in
                (
                    state.lastAppend,
                    settings.isDue(segments: state.segments / 4, payloadBytes: state.payloadBytes / 4)
                )
            }
            let rest = settings.quiet - (context.time.now() - last)
            if isUrgent || rest <= .zero { return }
            try await context.time.sleep(rest)
        }
    }

    private func compact(_ settings: AutomaticCompaction) async throws {
        let counted = state.withLock { ($0.segments, $0.payloadBytes) }
        let listing = try await context.listing()
        state.withLock { state in
            // What was appended meanwhile may not be in the list.
            state.segments -= counted.0
            state.payloadBytes -= counted.1
        }
        let waiting = listing.waiting
        guard settings.isDue(segments: waiting.count, payloadBytes: waiting.reduce(0) { $0 + $1.payloadBytes }) else {
            return
        }
        var context = context
        context.parallelism = 1
        note(.success(try await Compactor(context: context, policy: .defaults).run()))
    }

    private func note(_ result: Result<CompactionReport, any Error>) {
        state.withLock { state in
            switch result {
            case .success(let report):
                state.status.compactions += 1
                state.status.lastReport = report
                state.status.lastError = nil
            case .failure(let error): state.status.lastError = "\(error)"
            }
        }
    }
}
