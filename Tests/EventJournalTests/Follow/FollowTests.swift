import DeltaLake
import ObjectStorage
import ObjectStorageTesting
import Parquet
import Synchronization
import Testing

@testable import EventJournal

@Suite("Following", .serialized)
struct FollowTests {
    private static func event(_ number: Int, _ time: Int64 = 0) -> Event {
        Event(id: "e\(number)", timestamp: Timestamp(microseconds: time), data: Array("\(number)".utf8))
    }

    private static func ids(_ batch: FollowBatch) -> [String] { (0..<batch.count).map { batch.events[$0].id } }

    /// Everything until caught up, as lines.
    private static func all(
        _ journal: Journal,
        from start: FollowStart = .beginning
    ) async throws -> (lines: [String], position: FollowPosition?) {
        var lines: [String] = []
        var position: FollowPosition?
        for try await batch in journal.follow(from: start, options: FollowOptions(untilCaughtUp: true)) {
            for row in 0..<batch.count {
                let event = batch.events[row]
                lines.append("\(batch.change(at: row)) \(event.id)\(event.text.isEmpty ? "" : " " + event.text)")
            }
            position = batch.position
        }
        return (lines, position)
    }

    /// Compacts, and removes what that has made superfluous once it may go.
    private static func compact(_ fixture: CompactionFixture) async throws {
        try await fixture.another().compact(CompactionPolicy(force: true, appliesChanges: true))
        fixture.time.advance(by: .seconds(3700))
        try await fixture.another().vacuum(VacuumOptions(retention: .zero, allowsShortRetention: true))
        #expect(try await fixture.memory.keys("_inbox/").allSatisfy { !$0.hasSuffix(Segment.suffix) })
    }

    /// A follower at rest between looks, for closures of others.
    private actor Listener {
        private var iterator: Follow.Iterator

        init(_ journal: Journal) {
            iterator = journal.follow(from: .beginning, options: FollowOptions(untilCaughtUp: true)).makeAsyncIterator()
        }

        /// What is new.
        func hear() async throws -> [String] {
            var lines: [String] = []
            var iterator = iterator
            defer { self.iterator = iterator }
            while let batch = try await iterator.next() {
                for row in 0..<batch.count { lines.append("\(batch.change(at: row)) \(batch.events[row].text)") }
            }
            return lines
        }
    }

    @Test("a batch that lands late is first, until a compaction commits that had begun before; a follower hears both")
    func overtakenAndBack() async throws {
        let fixture = CompactionFixture()
        let listener = Listener(fixture.another())
        try await fixture.another(ahead: .seconds(3600)).append([Event(id: "a", timestamp: 1, data: Array("1".utf8))])
        #expect(try await listener.hear() == ["put 1"])
        let heard = Mutex<[String]>([])
        let compactor = fixture.another { store in
            RacingStore(base: store) { key in
                guard key.hasSuffix("00.json"), heard.withLock(\.isEmpty) else { return }
                try await fixture.another().append([Event(id: "a", timestamp: 2, data: Array("2".utf8))])
                let lines = try await listener.hear()
                heard.withLock { $0 = lines }
            }
        }
        try await compactor.compact(CompactionPolicy(force: true))
        #expect(heard.withLock { $0 } == ["update 2"])
        #expect(try await listener.hear() == ["update 1"])
        #expect(try await fixture.another().event("a")?.text == "1")
    }

    @Test("what is there comes in the order of replay, then what arrives, with updates and deletes")
    func order() async throws {
        let store = MemoryObjectStore()
        let journal = Journal(store: store)
        try await journal.append([Self.event(1, 5)])
        try await journal.append([Self.event(2, 3)])
        let first = try await Self.all(journal)
        #expect(first.lines == ["put e2 2", "put e1 1"])
        let position = try #require(first.position)
        try await journal.append([Self.event(3, 9)])
        try await journal.append([Self.event(4, 1)])
        try await journal.append([Self.event(3, 7)])
        try await journal.update("e1", data: Array("new".utf8))
        try await journal.delete("e2")
        // Of another process, too.
        let second = try await Self.all(Journal(store: store), from: .position(position))
        #expect(second.lines == ["put e3 3", "put e4 4", "update e1 new", "delete e2"])
        let third = try await Self.all(journal, from: .position(try #require(second.position)))
        #expect(third.lines.isEmpty)
    }

    @Test("what was superseded or deleted before the follower came by is left out")
    func differences() async throws {
        let journal = Journal(store: MemoryObjectStore())
        let listener = Listener(journal)
        #expect(try await listener.hear().isEmpty)
        try await journal.append([Self.event(1), Self.event(2), Self.event(3)])
        try await journal.update("e1", data: Array("last".utf8))
        try await journal.delete("e2")
        #expect(try await listener.hear() == ["put 3", "put last"])
    }

    @Test("who was handed an event and died before the position was kept hears that it was deleted meanwhile")
    func deletedBeforePositionWasKept() async throws {
        let store = MemoryObjectStore()
        let journal = Journal(store: store)
        let position = try #require(try await Self.all(journal).position)
        try await journal.append([Self.event(1), Self.event(2), Self.event(3)])
        // This position is lost.
        #expect(try await Self.all(journal, from: .position(position)).lines == ["put e1 1", "put e2 2", "put e3 3"])
        try await journal.update("e1", data: Array("last".utf8))
        try await journal.delete("e2")
        let again = try await Self.all(Journal(store: store), from: .position(position))
        #expect(again.lines == ["put e3 3", "put e1 last", "delete e2"])
        try await journal.append([Self.event(4)])
        try await journal.delete("e4")
        let caughtUp = try #require(again.position)
        try await journal.append([Self.event(5)])
        #expect(try await Self.all(journal, from: .position(caughtUp)).lines == ["delete e4", "put e5 5"])
    }

    @Test("from now on nothing comes that was there")
    func now() async throws {
        let journal = Journal(store: MemoryObjectStore())
        try await journal.append([Self.event(1)])
        let (lines, position) = try await Self.all(journal, from: .now)
        #expect(lines.isEmpty)
        try await journal.append([Self.event(2)])
        let behind = try await Self.all(journal, from: .position(try #require(position)))
        #expect(behind.lines == ["put e2 2"])
    }

    @Test("a follower that waits costs one list for each look, and looks ever less often")
    func idleCost() async throws {
        let memory = MemoryObjectStore()
        let writer = Journal(store: memory)
        for number in 0..<3 { try await writer.append([Self.event(number)]) }
        // What was absorbed stays in the inbox for a while, and is no news.
        try await writer.compact()
        for number in 3..<5 { try await writer.append([Self.event(number)]) }
        let store = CountingObjectStore(memory)
        let waits = Mutex<[Duration]>([])
        let now = Mutex(Duration.zero)
        let hours = Mutex<[CountingObjectStore.Counts]>([])
        let time = JournalTime(
            now: { now.withLock { $0 } },
            sleep: { duration in
                // The waits are over at once, the last of them never.
                waits.withLock { $0.append(duration) }
                let passed = now.withLock { now in
                    now += duration
                    return now
                }
                let isOver = hours.withLock { hours in
                    if passed >= .seconds(3600 * (hours.count + 1)) { hours.append(store.counts) }
                    return hours.count == 24
                }
                if isOver { try await Task.sleep(for: .seconds(1000)) }
            }
        )
        let journal = Journal(
            store: store,
            configuration: .defaults,
            generator: UUIDv7Generator(),
            time: time,
            clock: { .now }
        )
        let start = try #require(try await Self.all(journal).position)
        store.reset()
        let task = Task {
            var iterator = journal.follow(from: .position(start)).makeAsyncIterator()
            return try await iterator.next()
        }
        while hours.withLock({ $0.count }) < 24 { try await Task.sleep(for: .milliseconds(1)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        let waited = waits.withLock { $0 }
        #expect(waited.prefix(3) == [.milliseconds(50), .milliseconds(100), .milliseconds(200)])
        #expect(waited.last == .seconds(30))
        let counts = hours.withLock { $0 }
        // The first look is a full one; later ones are once an hour, with a list more.
        #expect(counts[0][.list] == waited.prefix { $0 < .seconds(30) }.count + 120, "\(counts[0])")
        #expect(counts[0].total - counts[0][.list] <= 8, "\(counts[0])")
        for hour in 1..<24 {
            let (lists, all) = (
                counts[hour][.list] - counts[hour - 1][.list], counts[hour].total - counts[hour - 1].total
            )
            #expect((119...121).contains(lists) && all - lists <= 1, "hour \(hour): \(lists) of \(all)")
        }
        print("idle: \(counts[0].total) requests in the first hour, \(counts[23].total) in a day")
    }

    @Test("an append of the same process wakes a follower at once", .timeLimit(.minutes(5)))
    func wakes() async throws {
        let journal = Journal(store: MemoryObjectStore())
        let options = FollowOptions(shortestInterval: .seconds(1000), longestInterval: .seconds(1000))
        let (arrived, arrive) = AsyncStream.makeStream(of: String.self)
        let task = Task {
            for try await batch in journal.follow(options: options) {
                for id in Self.ids(batch) { arrive.yield(id) }
            }
        }
        var iterator = arrived.makeAsyncIterator()
        var latencies: [Duration] = []
        for number in 0..<50 {
            let begin = ContinuousClock.now
            try await journal.append([Self.event(number)])
            #expect(await iterator.next() == "e\(number)")
            latencies.append(ContinuousClock.now - begin)
        }
        task.cancel()
        let begin = ContinuousClock.now
        _ = await task.result
        #expect(ContinuousClock.now - begin < .seconds(60))
        let median = latencies.sorted()[25]
        #expect(median < .seconds(10), "\(median), where looks are 1000 s apart")
    }

    @Test(
        "a large segment comes in parts, and a crash between them repeats and misses nothing",
        arguments: [false, true]
    )
    func largeSegment(isCompacted: Bool) async throws {
        let fixture = CompactionFixture()
        let start = try #require(try await Self.all(fixture.journal).position)
        let count = 141_000
        try await fixture.journal.append((0..<count).map { Self.event($0, Int64($0 / 3)) })
        var iterator = fixture.journal
            .follow(from: .position(start), options: FollowOptions(untilCaughtUp: true)).makeAsyncIterator()
        let first = try #require(try await iterator.next())
        #expect(first.count > 60_000 && first.count <= 64 << 10)
        #expect(first.count % 3 == 0, "parts end where the moment changes")
        #expect(first.position.partial != nil)
        if isCompacted { try await Self.compact(fixture) }
        let rest = try await Self.all(fixture.another(), from: .position(first.position))
        #expect(
            Self.ids(first) + rest.lines.map { String($0.split(separator: " ")[1]) } == (0..<count).map { "e\($0)" }
        )
        // The one that was under way finds its segment gone, and goes on elsewhere.
        var ids = Self.ids(first)
        while let batch = try await iterator.next() { ids += Self.ids(batch) }
        #expect(ids == (0..<count).map { "e\($0)" })
    }

    @Test("a segment that appears and is absorbed and removed between two looks is delivered")
    func absorbedUnseen() async throws {
        let fixture = CompactionFixture()
        let journal = fixture.journal
        try await journal.append([Self.event(1, 1)])
        let start = try #require(try await Self.all(journal).position)
        let late = try journal.writer.encode(EventBatch([Self.event(2, 2)]), batchID: journal.generator.next())
        try await journal.append([Self.event(3, 3)])
        try await journal.update("e1", data: Array("new".utf8))
        try await Journal.store(late, in: fixture.memory)
        try await journal.append([Self.event(4, 4)])
        try await journal.delete("e4")
        try await Self.compact(fixture)
        let (lines, _) = try await Self.all(fixture.another(), from: .position(start))
        #expect(lines == ["delete e4", "update e1 new", "put e2 2", "put e3 3"])
    }

    @Test("an event that was delivered before a crash inside its segment, and changed since, is known to be there")
    func changedInsidePart() async throws {
        let fixture = CompactionFixture()
        let journal = fixture.journal
        let start = try #require(try await Self.all(journal).position)
        let late = try journal.writer.encode(
            EventBatch([Event(id: "e2", timestamp: 2, data: [65])]),
            batchID: UUIDv7(high: 0x7000, low: 1 << 63)
        )
        try await journal.append((0..<5).map { Self.event($0, Int64($0)) })
        var options = FollowOptions(untilCaughtUp: true)
        options.batchEvents = 3
        var iterator = journal.follow(from: .position(start), options: options).makeAsyncIterator()
        let first = try #require(try await iterator.next())
        #expect(Self.ids(first) == ["e0", "e1", "e2"])
        try await journal.delete("e0")
        try await journal.delete("e4")
        try await journal.update("e1", data: Array("new".utf8))
        // This one comes before all others in order of arrival, and therefore wins.
        try await Journal.store(late, in: fixture.memory)
        let (lines, _) = try await Self.all(fixture.another(), from: .position(first.position))
        #expect(lines == ["put e3 3", "update e2 A", "delete e0", "delete e4", "update e1 new"])
    }

    @Test("what deleted events left is told apart by what a newer catalog has, which comes later")
    func deletesInOlderCatalog() async throws {
        let fixture = CompactionFixture()
        let journal = fixture.journal
        try await journal.append([Self.event(1), Self.event(2)])
        try await Self.compact(fixture)
        let start = try #require(try await Self.all(journal).position)
        try await journal.delete("e1")
        try await journal.delete("e2")
        try await journal.append([Self.event(3)])
        try await Self.compact(fixture)
        // The first look is at this catalog; a crash before anything was delivered keeps its version.
        var position = start
        position.pass = FollowPosition.Pass(target: start.version + 1, deletes: start.version)
        try await journal.append([Event(id: "e1", timestamp: 7, data: Array("again".utf8))])
        try await Self.compact(fixture)
        let (lines, _) = try await Self.all(fixture.another(), from: .position(position))
        #expect(lines == ["delete e1", "delete e2", "put e3 3", "put e1 again"])
    }

    @Test("a position behind which the log was cleaned says so")
    func expired() async throws {
        let fixture = CompactionFixture()
        let journal = fixture.journal
        try await journal.append([Self.event(1)])
        let start = try #require(try await Self.all(journal).position)
        for number in 2..<5 {
            try await journal.append([Self.event(number)])
            try await Self.compact(fixture)
        }
        try await fixture.memory.delete("_delta_log/00000000000000000001.json")
        await #expect(throws: JournalError(.positionExpired, "")) {
            try await Self.all(fixture.another(), from: .position(start))
        }
        // From another journal.
        await #expect(throws: JournalError(.positionExpired, "")) {
            try await Self.all(Journal(store: MemoryObjectStore()), from: .position(FollowPosition(version: 3)))
        }
        #expect(try await Self.all(fixture.another()).lines.count == 4)
    }

    @Test("a damaged segment stops a follower, or comes when it is whole")
    func damage() async throws {
        let store = MemoryObjectStore()
        let journal = Journal(store: store)
        try await journal.append([Self.event(1)])
        let start = try #require(try await Self.all(journal).position)
        try await journal.append([Self.event(2)])
        let key = try #require(try await journal.segments().last?.key)
        try await journal.append([Self.event(3)])
        let whole = try await store.get(key, range: nil).bytes
        try await store.put(key, Array(whole.dropLast(9)))
        await #expect(throws: JournalError(.damagedSegment, "")) {
            try await Self.all(Journal(store: store), from: .position(start))
        }
        let reports = Mutex(0)
        let options = FollowOptions(damage: .skip, untilCaughtUp: true) { _ in reports.withLock { $0 += 1 } }
        var iterator = Journal(store: store).follow(from: .position(start), options: options).makeAsyncIterator()
        var ids: [String] = []
        while let batch = try await iterator.next() { ids += Self.ids(batch) }
        #expect(ids == ["e3"])
        #expect(reports.withLock { $0 } == 1)
        try await store.put(key, whole)
        while let batch = try await iterator.next() { ids += Self.ids(batch) }
        #expect(ids == ["e3", "e2"])
    }
}
