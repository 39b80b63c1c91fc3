import EventJournal
import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import ReplayJobs

@Suite("Which event a job sends of each key")
struct SentKeysTests {
    private let journal = Replays.journal(MemoryObjectStore())

    private func keys(_ timestamps: Int64...) -> [LatestKey] {
        timestamps.enumerated().map { LatestKey(hash: UInt64($0.offset), timestamp: $0.element) }
    }

    @Test("is written in place of what was read, and of nothing else")
    func swapped() async throws {
        let (first, second) = (SentKeys(keys(1, 2)), SentKeys(keys(3)))
        let stored = try #require(try await first.write("j", journal, over: nil))
        // As after an answer that was lost.
        #expect(try await first.write("j", journal, over: nil)?.entityTag == stored.entityTag)
        #expect(try await second.write("j", journal, over: nil) == nil)
        let next = try #require(try await second.write("j", journal, over: stored))
        #expect(try await SentKeys(keys(4)).write("j", journal, over: stored) == nil)
        let found = try #require(try await SentKeys.read("j", journal))
        #expect(found.keys.keys == second.keys && found.entityTag == next.entityTag)
    }

    @Test("is undone by no process that has lost the job and does not know")
    func fenced() async throws {
        try await journal.append(Replays.events(0..<3))
        let jobs = ReplayJobStore(journal, time: JobTime().course)
        var spec = ReplayJobSpec(sink: "x")
        spec.latestPerKey = true
        spec.lease = .seconds(1)
        let job = try await jobs.create(spec)
        let before = LatestKeysWatch(journal, try await JobKeeper.take(job.id, of: jobs) { false })
        try await before.found(keys(1, 2))
        let now = LatestKeysWatch(journal, try await JobKeeper.take(job.id, of: jobs) { false })
        // It meets what the first one wrote.
        try await now.found(keys(5, 6))
        let error = await #expect(throws: ReplayJobError.self) { try await before.found(keys(7, 8)) }
        #expect(error?.code == .leaseLost)
        #expect(try await SentKeys.read(job.id, journal)?.keys.keys == keys(5, 6))
        // And goes on when it is its own.
        try await now.found(keys(9, 9))
        #expect(try await SentKeys.read(job.id, journal)?.keys.keys == keys(9, 9))
    }
}
