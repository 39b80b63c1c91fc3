import EventJournal
import ObjectStorage
import ObjectStorageTesting
import Synchronization
import Testing

@testable import ReplayJobs

@Suite("The next batch of a job", .timeLimit(.minutes(5)))
struct PipelineTests {
    /// Sends a batch only when the one behind it is encoded, and keeps what it saw.
    private final class Sink: ReplaySink {
        struct Refused: Error {}
        struct State {
            var encoded = 0
            var sent: [String] = []
            /// What was noted, and what was encoded, as each batch came and as it went.
            var noted: [Int] = []
            var ahead: [Int] = []
        }

        let state = Mutex(State())
        let jobs: ReplayJobStore
        let id: String
        let batches: Int
        /// The batch that cannot be encoded.
        let bad: Int?

        var name: String { "test" }
        var batchRecords: Int { 10 }
        var batchBytes: Int { 1 << 20 }

        init(_ jobs: ReplayJobStore, _ id: String, batches: Int, bad: Int? = nil) {
            self.jobs = jobs
            self.id = id
            self.batches = batches
            self.bad = bad
        }

        func send(_ batch: EventBatch) async throws { try await encode(batch).send() }

        func encode(_ batch: EventBatch) async throws -> EncodedBatch {
            let ids = (0..<batch.count).map { batch[$0].id }
            let number = state.withLock { state in
                state.encoded += 1
                return state.encoded
            }
            if number == bad { throw Refused() }
            return EncodedBatch { try await self.send(ids, number) }
        }

        private func send(_ ids: [String], _ number: Int) async throws {
            let noted = try await jobs.job(id).progress.events
            while state.withLock(\.encoded) < min(number + 1, batches) { try await Task.sleep(for: .milliseconds(1)) }
            // Were there more to be encoded, they would be by now.
            try await Task.sleep(for: .milliseconds(20))
            state.withLock { state in
                state.sent += ids
                state.noted.append(noted)
                state.ahead.append(state.encoded - number)
            }
        }
    }

    private func job() async throws -> (ReplayJobStore, ReplayJob) {
        let journal = Replays.journal(MemoryObjectStore())
        try await journal.append(Replays.events(0..<60))
        let jobs = ReplayJobStore(journal)
        return (jobs, try await jobs.create(ReplayJobSpec(sink: "test")))
    }

    @Test("is encoded while one is sent, no further one, and is sent when that is noted")
    func ahead() async throws {
        let (jobs, job) = try await job()
        let sink = Sink(jobs, job.id, batches: 6)
        let done = try await ReplayJobRunner(jobs, sink: sink).run(job.id)
        let seen = sink.state.withLock(\.self)
        #expect(done.state == .done && seen.sent == (0..<60).map { "event-\($0)" })
        #expect(seen.noted == [0, 10, 20, 30, 40, 50])
        #expect(seen.ahead == [1, 1, 1, 1, 1, 0])
    }

    @Test("that cannot be encoded fails the job when what is before it is sent and noted", arguments: [1, 4])
    func refused(bad: Int) async throws {
        let (jobs, job) = try await job()
        let sink = Sink(jobs, job.id, batches: 6, bad: bad)
        await #expect(throws: Sink.Refused.self) { try await ReplayJobRunner(jobs, sink: sink).run(job.id) }
        let failed = try await jobs.job(job.id)
        #expect(failed.state == .failed && failed.progress.events == (bad - 1) * 10)
        #expect(sink.state.withLock(\.sent).count == (bad - 1) * 10)
    }
}
