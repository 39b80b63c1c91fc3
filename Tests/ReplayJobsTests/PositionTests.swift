import EventJournal
import ObjectStorage
import ObjectStorageTesting
import Synchronization
import Testing

@testable import ReplayJobs

@Suite("Positions inside a moment", .timeLimit(.minutes(5)))
struct PositionTests {
    /// Takes so many batches and then no more.
    private final class Sink: ReplaySink {
        struct Full: Error {}
        let left: Mutex<Int>
        let events = Mutex<[Event]>([])
        let batchRecords: Int

        var name: String { "test" }
        var batchBytes: Int { 1 << 30 }

        init(batchRecords: Int, batches: Int = .max) {
            self.batchRecords = batchRecords
            left = Mutex(batches)
        }

        func send(_ batch: EventBatch) async throws {
            guard left.withLock({ $0 > 0 }) else { throw Full() }
            left.withLock { $0 -= 1 }
            events.withLock { $0 += (0..<batch.count).map { batch[$0] } }
        }
    }

    private let store: MemoryObjectStore
    private let journal: Journal

    init() {
        store = MemoryObjectStore()
        journal = Replays.journal(store)
    }

    /// Events of one moment, by so many appends.
    private func append(_ numbers: Range<Int>, of moment: Int64 = 7, appends: Int = 1) async throws {
        let each = numbers.count / appends
        for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: each) {
            try await journal.append((start..<start + each).map { event("event-\($0)", moment) })
        }
    }

    private func event(_ id: String, _ moment: Int64) -> Event {
        Event(id: id, timestamp: Timestamp(microseconds: moment), key: "k", data: Array("{}".utf8))
    }

    private func run(_ id: String, _ sink: Sink, mostSent: Int = JobPosition.mostSent) async throws -> ReplayJob {
        let jobs = ReplayJobStore(journal)
        return try await ReplayJobRunner(jobs, sink: sink, grace: .zero, time: .system, mostSent: mostSent).run(id)
    }

    @Test("have the same size however many events a moment has, and part it where it was left")
    func bounded() async throws {
        try await append(0..<60_000, appends: 2)
        let jobs = ReplayJobStore(journal)
        let job = try await jobs.create(ReplayJobSpec(sink: "test"))
        let sink = Sink(batchRecords: 5000, batches: 9)
        await #expect(throws: Sink.Full.self) { try await run(job.id, sink) }
        let position = try #require(try await jobs.job(job.id).position)
        #expect(position.sent.count == JobPosition.mostSent && !position.isWhole && position.append?.count == 15_000)
        let object = try await store.get("_replays/\(job.id).json", range: nil)
        #expect(object.bytes.count < 180_000)
        sink.left.withLock { $0 = .max }
        #expect(try await run(job.id, sink).state == .done)
        #expect(sink.events.withLock { $0.map(\.id) } == (0..<60_000).map { "event-\($0)" })
    }

    /// What happens to a journal while a job rests.
    enum Change: CaseIterable {
        case nothing
        case compaction
        /// Of the first append; the job is in the second.
        case earlierDeleted
        case sentDeleted
        case sentUpdated
        case unsentDeleted
        case unsentUpdated
        case late
    }

    @Test("leave out nothing that was not sent, whatever becomes of what was", arguments: Change.allCases)
    func changed(change: Change) async throws {
        // The second append is half sent, and the ids of its last two events are known.
        try await append(0..<30, appends: 3)
        try await append(30..<33, of: 8)
        let jobs = ReplayJobStore(journal)
        let job = try await jobs.create(ReplayJobSpec(sink: "test"))
        let sink = Sink(batchRecords: 5, batches: 3)
        await #expect(throws: Sink.Full.self) { try await run(job.id, sink, mostSent: 2) }
        let sent = (0..<15).map { "event-\($0)" }
        #expect(sink.events.withLock { $0.map(\.id) } == sent)
        // Of what the second append had sent but two come again where they are not what they were.
        let again = (10..<13).map { "event-\($0)" }
        var rest = (15..<33).map { "event-\($0)" }
        switch change {
        case .nothing: break
        case .compaction:
            var policy = CompactionPolicy.defaults
            policy.force = true
            _ = try await journal.compact(policy)
        case .earlierDeleted: try await journal.delete("event-4")
        case .sentDeleted:
            try await journal.delete("event-11")
            rest = again.filter { $0 != "event-11" } + rest
        case .sentUpdated:
            try await journal.update("event-11", data: [1])
            // It has its place behind the third append now.
            rest = again.filter { $0 != "event-11" } + rest.prefix(15) + ["event-11"] + rest.suffix(3)
        case .unsentDeleted:
            try await journal.delete("event-17")
            rest.removeAll { $0 == "event-17" }
        case .unsentUpdated:
            try await journal.update("event-17", data: [1])
            rest.removeAll { $0 == "event-17" }
            rest.insert("event-17", at: 14)
        case .late:
            try await journal.append([event("late", 7)])
            rest.insert("late", at: 15)
        }
        sink.left.withLock { $0 = .max }
        #expect(try await run(job.id, sink, mostSent: 2).state == .done)
        #expect(sink.events.withLock { $0.map(\.id) }.dropFirst(15) == rest[...])
    }

    @Test("are read as they were written")
    func json() throws {
        var job = ReplayJob(id: "01a1fdda-6c4b-73f7-96b5-c8e2d2c3bcda", spec: ReplayJobSpec(sink: "x"), created: .now)
        let id = try #require(UUIDv7(job.id))
        job.position = JobPosition(
            moment: -9,
            sent: [3, .max, 1],
            isWhole: false,
            append: .init(id: id, count: 5, sum: .max - 3)
        )
        #expect(try ReplayJob(job.json(nonce: "n"), id: job.id, object: "x") == job)
        let text = String(decoding: job.json(nonce: "n"), as: UTF8.self)
        let bad = text.replacing("\"batch_events\":5", with: "\"batch_events\":-5")
        #expect(throws: ReplayJobError.self) { try ReplayJob(Array(bad.utf8), id: job.id, object: "x") }
    }
}
