import Foundation
import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import EventJournal

@Suite("Journal")
struct JournalTests {
    private static func memory() -> (Journal, CountingObjectStore) {
        let store = CountingObjectStore(MemoryObjectStore())
        return (Journal(store: store), store)
    }

    private static func event(_ id: String, _ timestamp: Timestamp, _ text: String = "{}", key: String? = nil) -> Event
    {
        Event(id: id, timestamp: timestamp, key: key, data: Array(text.utf8))
    }

    @Test("gives back what was put, field by field")
    func putAndGet() async throws {
        let (journal, _) = Self.memory()
        let put = try await journal.put(Array(#"{"a":1}"#.utf8), id: "one", at: 1_000_000, key: "k")
        #expect(try await journal.event("one") == put)
        #expect(try await journal.collect() == [put])
        #expect(try await journal.event("two") == nil)
    }

    @Test("keeps source and sequence")
    func sourceAndSequence() async throws {
        let (journal, _) = Self.memory()
        let event = Event(id: "a", timestamp: 5, data: [1], source: "stream/shard-0", sequence: "49590")
        try await journal.append([event, Self.event("b", 6)])
        #expect(try await journal.collect().first == event)
        #expect(try await journal.event("b")?.source == nil)
    }

    @Test("gives an event a UUID version 7 and the clock's time by default")
    func defaults() async throws {
        let journal = Journal(store: MemoryObjectStore(), clock: { 1_709_251_200_000_000 })
        let event = try await journal.put([1])
        #expect(event.timestamp == 1_709_251_200_000_000)
        #expect(UUIDv7(event.id)?.milliseconds == 1_709_251_200_000)
    }

    @Test("refuses to put an id twice, by name, also from another process")
    func reusedID() async throws {
        let store = MemoryObjectStore()
        let journal = Journal(store: store)
        try await journal.put([1], id: "same", at: 1)
        for writer in [journal, Journal(store: store)] {
            let error = await #expect(throws: JournalError.self) { try await writer.put([2], id: "same", at: 2) }
            #expect(error?.code == .eventExists)
            #expect(error?.message.contains("\"same\"") == true)
        }
        #expect(try await journal.collect().map(\.data) == [[1]])
    }

    @Test("lets the first write of an id win for every reader, old and new")
    func firstWriteWins() async throws {
        let store = MemoryObjectStore()
        let first = Journal(store: store)
        let second = Journal(store: store)
        try await first.append([Self.event("x", 10, "first"), Self.event("y", 11, "only")])
        #expect(try await second.collect().count == 2)
        try await second.append([
            Self.event("x", 5, "second"), Self.event("z", 12, "third"), Self.event("z", 1, "again"),
        ])
        for reader in [first, second, Journal(store: store)] {
            #expect(try await reader.collect().map(\.text) == ["first", "only", "third"])
            #expect(try await reader.event("x")?.text == "first")
            let statistics = try await reader.statistics()
            #expect(statistics.events == 3)
            #expect(statistics.duplicates == 1)
        }
    }

    @Test("stores the first of two events of one batch with the same id")
    func repeatedInBatch() async throws {
        let (journal, _) = Self.memory()
        let receipt = try await journal.append([Self.event("a", 9, "1"), Self.event("a", 3, "2"), Self.event("b", 1)])
        #expect(receipt == AppendReceipt(appended: 2, alreadyThere: 1))
        #expect(try await journal.collect().map(\.id) == ["b", "a"])
        #expect(try await journal.event("a")?.text == "1")
    }

    @Test("replays (after, through] in order of time, ties by arrival")
    func ranges() async throws {
        let (journal, _) = Self.memory()
        try await journal.append([Self.event("c", 30), Self.event("a", 10), Self.event("b", 20)])
        try await journal.append([Self.event("d", 20), Self.event("e", 40)])
        func ids(_ after: Timestamp?, _ through: Timestamp?) async throws -> String {
            try await journal.collect(after: after, through: through).map(\.id).joined()
        }
        #expect(try await ids(nil, nil) == "abdce")
        #expect(try await ids(10, 30) == "bdc")
        #expect(try await ids(20, 29) == "")
        #expect(try await ids(29, 30) == "c")
        #expect(try await ids(nil, 10) == "a")
        #expect(try await ids(40, nil) == "")
        #expect(try await ids(9, 100) == "abdce")
    }

    @Test("delivers single events as batches have them")
    func singleEvents() async throws {
        let (journal, _) = Self.memory()
        try await journal.append((0..<3000).map { Self.event("\($0)", Timestamp(microseconds: $0 % 7), "\($0)") })
        var events: [Event] = []
        for try await event in journal.replay().events { events.append(event) }
        let batches = try await journal.collect()
        #expect(events == batches)
        #expect(events.count == 3000)
    }

    @Test("an empty journal replays nothing, has no statistics, and is clean")
    func empty() async throws {
        let (journal, _) = Self.memory()
        #expect(try await journal.collect().isEmpty)
        #expect(try await journal.event("x") == nil)
        #expect(try await journal.segments().isEmpty)
        let statistics = try await journal.statistics()
        #expect(statistics.events == 0 && statistics.first == nil)
        #expect(try await journal.verify().isClean)
        #expect(try await journal.append([Event]()) == AppendReceipt(appended: 0, alreadyThere: 0))
    }

    @Test(
        "keeps odd events as they are",
        arguments: [
            Event(id: "i", timestamp: 0, data: []),
            Event(id: String(repeating: "x", count: 1024), timestamp: 1, data: [0]),
            Event(id: "no UTF-8", timestamp: 2, data: [0xFF, 0xFE, 0x00, 0xC3, 0x28]),
            Event(id: "before 1970", timestamp: -62_135_596_800_000_001, key: "", data: Array("{}".utf8)),
            Event(id: "far ahead", timestamp: 9_223_372_036_854_775_807, data: [1, 2, 3]),
            Event(id: "long ago", timestamp: -9_223_372_036_854_775_807, data: [1, 2, 3]),
            Event(id: "ünïcödé \u{0}\n\t🦀", timestamp: 3, key: "clé", data: Array("\u{0}\n".utf8)),
            Event(id: "10 MB", timestamp: 4, data: (0..<10_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }),
        ]
    )
    func oddEvents(event: Event) async throws {
        let directory = try ScratchDirectory()
        let journal = try await Journal.open(directory.path)
        try await journal.append([event, Self.event("beside", 77, "plain")])
        let reader = try await Journal.open(directory.path, create: false)
        #expect(try await reader.event(event.id) == event)
        #expect(try await reader.collect().contains(event))
        #expect(try await reader.verify().isClean)
    }

    @Test(
        "refuses events outside the limits of the format, by place and name",
        arguments: [
            Event(id: "", timestamp: 0, data: []),
            Event(id: String(repeating: "x", count: 1025), timestamp: 1, data: []),
            Event(id: "k", timestamp: 0, key: String(repeating: "k", count: 1025), data: []),
            Event(id: "t", timestamp: .min, data: []),
        ]
    )
    func limits(event: Event) async throws {
        let (journal, store) = Self.memory()
        let error = await #expect(throws: JournalError.self) {
            try await journal.append([Self.event("fine", 1), event])
        }
        #expect(error?.code == .invalidEvent)
        #expect(error?.message.contains("vent 1 of the batch") == true, "\(error?.message ?? "")")
        #expect(store.counts[.put] == 0)
    }

    @Test("many events of one moment keep the order they came in")
    func equalTimestamps() async throws {
        let (journal, _) = Self.memory()
        for part in 0..<20 {
            try await journal.append((0..<100).map { Self.event("\(part * 100 + $0)", 42) })
        }
        #expect(try await journal.collect().map(\.id) == (0..<2000).map(String.init))
    }

    @Test("concurrent callers share objects")
    func groupCommit() async throws {
        let slow = SlowPutStore(MemoryObjectStore())
        let counting = CountingObjectStore(slow)
        let journal = Journal(store: counting)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try await journal.append([Self.event("\(number)", Timestamp(microseconds: Int64(number)))])
                }
            }
            try await group.waitForAll()
        }
        #expect(try await journal.collect().map(\.id) == (0..<200).map(String.init))
        #expect(counting.counts[.put] < 20, "\(counting.counts[.put]) puts for 200 appends")
    }

    @Test("a range touches only the segments it overlaps")
    func requestsInProportion() async throws {
        let (journal, store) = Self.memory()
        for day in 0..<60 {
            let start = Int64(day) * 86_400_000_000
            try await journal.append((0..<10).map { Self.event("\(day)-\($0)", Timestamp(microseconds: start + $0)) })
        }
        _ = try await journal.collect()
        _ = store.reset()
        let day = try await journal.collect(
            after: 86_399_999_999,
            through: Timestamp(microseconds: 2 * 86_400_000_000 - 1)
        )
        #expect(day.count == 10)
        #expect(store.counts[.get] == 1)
        #expect(store.counts[.list] == 1)
    }

    @Test("a put costs one put, and with an id of one's own a list and what is new")
    func requestsOfPut() async throws {
        let (journal, store) = Self.memory()
        try await journal.put([1])
        #expect(store.counts[.put] == 1 && store.counts[.list] == 0 && store.counts[.get] == 0)
        try await journal.put([1], id: "a", at: 0)
        _ = store.reset()
        try await journal.put([1], id: "b", at: 0)
        #expect(store.counts[.put] == 1 && store.counts[.list] == 1 && store.counts[.get] == 0)
        try await Journal(store: store).put([1], id: "c", at: 0)
        _ = store.reset()
        try await journal.put([1], id: "d", at: 0)
        #expect(store.counts[.put] == 1 && store.counts[.list] == 1 && store.counts[.get] == 1)
    }

    @Test("overlapping segments far beyond the window replay in order and in bounded windows")
    func manyOverlapping() async throws {
        let (journal, _) = Self.memory()
        var random = SeededGenerator(seed: 11)
        var expected: [Event] = []
        for part in 0..<40 {
            let events = (0..<500)
                .map { number in
                    Event(
                        id: "\(part)/\(number)",
                        timestamp: Timestamp(microseconds: Int64.random(in: 0..<1_000_000, using: &random)),
                        data: (0..<Int.random(in: 0..<600, using: &random))
                            .map { UInt8(truncatingIfNeeded: $0 &* part) }
                    )
                }
            try await journal.append(events)
            expected.append(
                contentsOf: events.enumerated()
                    .sorted {
                        ($0.element.timestamp, $0.offset) < ($1.element.timestamp, $1.offset)
                    }
                    .map(\.element)
            )
        }
        let replayed = try await journal.collect(options: ReplayOptions(windowBytes: 1 << 20))
        let order = expected.enumerated()
            .sorted { ($0.element.timestamp, $0.offset) < ($1.element.timestamp, $1.offset) }
        #expect(replayed == order.map(\.element))
    }

    @Test("payload that bunches at one moment of many segments still comes in bounded windows")
    func bunchedPayload() async throws {
        let journal = Journal(store: MemoryObjectStore())
        var expected: [String] = []
        for part in 0..<60 {
            // Ends far apart make the segment look thinly spread; nearly all of it is at one moment.
            var events = [Event(id: "\(part)<", timestamp: 0, data: [])]
            for number in 0..<40 {
                let data = Array(repeating: UInt8(truncatingIfNeeded: part), count: 4000)
                events.append(Event(id: "\(part)-\(number)", timestamp: 500_000_000, data: data))
            }
            events.append(Event(id: "\(part)>", timestamp: 1_000_000_000, data: []))
            try await journal.append(events)
            expected += (0..<40).map { "\(part)-\($0)" }
        }
        let source = ReplaySource(
            range: .all,
            options: ReplayOptions(windowBytes: 1 << 20),
            origin: .journal(journal.inbox),
            reader: journal.reader
        )
        var ids: [String] = []
        while let window = try await source.next() {
            let events = window.flatMap { batch in (0..<batch.count).map { batch[$0] } }
            #expect(events.reduce(0) { $0 + $1.data.count } <= 2 << 20)
            ids += events.map(\.id)
        }
        #expect(ids == (0..<60).map { "\($0)<" } + expected + (0..<60).map { "\($0)>" })
    }

    @Test("large appends go as several row groups, and ranges inside are found")
    func largeSegment() async throws {
        let directory = try ScratchDirectory()
        let journal = try await Journal.open(directory.path)
        var batch = EventBatch()
        for number in 0..<70_000 {
            batch.append(
                Event(
                    id: "event-\(number)",
                    timestamp: Timestamp(microseconds: Int64(number) * 10),
                    key: number % 3 == 0 ? "fizz" : nil,
                    data: Array(repeating: UInt8(number & 127), count: 600)
                )
            )
        }
        try await journal.append(batch)
        let segments = try await journal.segments()
        #expect(segments.count == 1 && segments[0].events == 70_000)
        let reader = try await Journal.open(directory.path, create: false)
        let some = try await reader.collect(after: 123_450, through: 345_670)
        #expect(some.map(\.id) == (12_346...34_567).map { "event-\($0)" })
        #expect(try await reader.event("event-69999")?.data == Array(repeating: UInt8(69_999 & 127), count: 600))
        #expect(try await reader.collect().count == 70_000)
        #expect(try await reader.verify().isClean)
    }

    @Test("cancelling the consumer ends the replay with CancellationError")
    func cancellation() async throws {
        let (journal, _) = Self.memory()
        for part in 0..<50 {
            try await journal.append(
                (0..<100).map { Self.event("\(part)-\($0)", Timestamp(microseconds: Int64(part))) }
            )
        }
        let task = Task {
            var batches = 0
            for try await _ in journal.replay(options: ReplayOptions(windowBytes: 1)) {
                batches += 1
                try await Task.sleep(for: .seconds(3600))
            }
            return batches
        }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("opening says when there is no journal")
    func absent() async throws {
        let directory = try ScratchDirectory()
        let error = await #expect(throws: JournalError.self) {
            try await Journal.open(directory.path + "/nowhere", create: false)
        }
        #expect(error?.code == .storage && error?.storeCode == .notFound)
        #expect(error?.message.contains("There is no journal at") == true)
    }

    @Test("a journal opened after another wrote sorts its writes behind, though its clock is slow")
    func slowClock() async throws {
        let directory = try ScratchDirectory()
        let fast = Journal(store: LocalObjectStore(directory: directory.path), clock: { 4_000_000_000_000_000 })
        try await fast.append([Self.event("x", 1, "first")])
        let slow = try await Journal.open(directory.path)
        try await slow.append([Self.event("x", 1, "second")])
        #expect(try await slow.event("x")?.text == "first")
        #expect(try await Journal.open(directory.path).event("x")?.text == "first")
    }
}
