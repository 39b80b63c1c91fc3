import EventJournal
import RecordStreams
import ReplayJobs
import Synchronization
import Testing

@Suite("Ids of the records of a job")
struct RecordIDsTests {
    private final class Stream: StreamSink {
        let name = "test"
        let ids = Mutex<[String?]>([])
        func send(_ records: [OutgoingRecord]) async throws { ids.withLock { $0 += records.map(\.id) } }
    }

    private func ids(_ events: [Event], job: String?) async throws -> [String?] {
        let stream = Stream()
        try await StreamReplaySink(stream, job: job).send(EventBatch(events))
        return stream.ids.withLock(\.self)
    }

    @Test("a repeated batch has the ids it had, which differ from one another and from those of other jobs")
    func repeated() async throws {
        let events = Replays.events(0..<1000)
        let first = try await ids(events, job: "a")
        #expect(try await ids(events, job: "a") == first)
        // A shorter repetition as well.
        #expect(try await ids(Array(events.prefix(400)), job: "a") == Array(first.prefix(400)))
        #expect(Set(first + (try await ids(events, job: "b"))).count == 2000)
        #expect(first.allSatisfy { $0?.utf8.count == 32 })
        #expect(try await ids(events, job: nil).allSatisfy { $0 == nil })
    }

    @Test("ids are new behind what changed before the repetition, so that the last of a key comes last")
    func changed() async throws {
        let events = Replays.events(0..<100)
        let first = try await ids(events, job: "a")
        var late = events
        late.insert(Event(id: "late", timestamp: events[40].timestamp, key: "key-1", data: Array("{}".utf8)), at: 40)
        var updated = events
        updated[40].data = Array("{\"updated\":true}".utf8)
        var deleted = events
        deleted.remove(at: 40)
        for other in [late, updated, deleted] {
            let second = try await ids(other, job: "a")
            #expect(second.prefix(40) == first.prefix(40))
            #expect(Set(second.dropFirst(40)).isDisjoint(with: first))
        }
    }
}
