import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import EventJournal

/// A store that does something once, before an object with some prefix is read for the first time.
private struct InterruptedStore: ForwardingObjectStore {
    let base: any ObjectStore
    let prefix: String
    let isDone = Shared(false)
    let interruption: @Sendable () async throws -> Void

    func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        let isFirst = isDone.withLock { done in
            defer { if key.hasPrefix(prefix) { done = true } }
            return !done && key.hasPrefix(prefix)
        }
        if isFirst {
            do {
                try await interruption()
            } catch {
                throw ObjectStoreError(.failed, "the interruption failed: \(error)")
            }
        }
        return try await base.get(key, range: range)
    }
}

@Suite("Objects that were replaced and deleted while somebody was about to read them")
struct SupersededObjectTests {
    private static let thorough = CompactionPolicy(force: true, appliesChanges: true, isThorough: true)

    /// Compacts and lets go all that nobody needs, whatever its age.
    private static func replaceEverything(_ store: any ObjectStore, _ time: VirtualTime) async throws {
        let other = journal(store, time)
        try await other.append([Event(id: "z", timestamp: 9, data: [9])])
        try await other.compact(thorough)
        time.advance(by: .seconds(8000))
        try await journal(store, time)
            .vacuum(VacuumOptions(retention: .seconds(-4_000_000_000), allowsShortRetention: true))
    }

    private static func journal(_ store: any ObjectStore, _ time: VirtualTime) -> Journal {
        Journal(
            store: store,
            configuration: .defaults,
            generator: UUIDv7Generator(clock: { time.timestamp }),
            time: time.journalTime,
            clock: { time.timestamp }
        )
    }

    /// What somebody is about to do.
    enum Work: String, CaseIterable, Sendable {
        case lookUp
        case replay
        case latestPerKey
        case update
        case delete
        case put
        case compact
        case reindex
        case follow
        case verify
    }

    @Test(
        "whoever needs one reads what has taken its place",
        arguments: Work.allCases,
        ["_index/", "segments/", "_inbox/0"]
    )
    func superseded(work: Work, prefix: String) async throws {
        let (memory, time) = (MemoryObjectStore(), VirtualTime())
        let writer = Self.journal(memory, time)
        for id in ["a", "b"] { try await writer.append([Event(id: id, timestamp: 1, key: id, data: [1])]) }
        try await writer.compact()
        for id in ["c", "d"] { try await writer.append([Event(id: id, timestamp: 2, key: id, data: [2])]) }
        try await writer.update("a", data: [3])
        let store = InterruptedStore(base: memory, prefix: prefix) { try await Self.replaceEverything(memory, time) }
        let journal = Self.journal(store, time)
        switch work {
        case .lookUp:
            #expect(try await journal.event("b")?.data == [1])
            #expect(try await journal.event("a")?.data == [3])
        case .replay: #expect(Set(try await journal.collect().map(\.id)).isSuperset(of: ["a", "b", "c", "d"]))
        case .latestPerKey:
            let events = try await journal.collect(options: ReplayOptions(latestPerKey: true))
            #expect(events.map(\.id).sorted() == ["a", "b", "c", "d"])
        case .update: #expect(try await journal.update("b", data: [7]).timestamp == 1)
        case .delete: #expect(try await journal.delete("a").data == [3])
        case .put: await #expect(throws: JournalError.self) { try await journal.put([1], id: "b") }
        case .compact: try await journal.compact(Self.thorough)
        case .reindex: #expect(try await journal.reindex() > 0)
        case .verify:
            let report = try await journal.verify()
            #expect(report.isClean, "\(report.damaged)")
            #expect(report.events >= 4)
        case .follow:
            var ids: Set<String> = []
            for try await batch in journal.follow(options: FollowOptions(untilCaughtUp: true)) {
                for row in 0..<batch.count { ids.insert(batch.events[row].id) }
            }
            #expect(ids.isSuperset(of: ["a", "b", "c", "d"]))
        }
        let events = try await Self.journal(memory, time).collect()
        #expect(Set(events.map(\.id)).isSuperset(of: ["b", "c", "d"]))
    }

    @Test("a replay goes on though what it began with was compacted and deleted meanwhile", arguments: [1, 100])
    func slowReplay(windowBytes: Int) async throws {
        let (memory, time) = (MemoryObjectStore(), VirtualTime())
        let writer = Self.journal(memory, time)
        for number in 0..<12 {
            let events = (0..<10)
                .map {
                    Event(id: "\(number)-\($0)", timestamp: Timestamp(microseconds: Int64(number / 3)), data: [1, 2])
                }
            try await writer.append(events)
        }
        let expected = try await writer.collect()
        var options = ReplayOptions()
        options.windowBytes = windowBytes
        var events: [Event] = []
        var isReplaced = false
        for try await batch in Self.journal(memory, time).replay(options: options) {
            events += (0..<batch.count).map { batch[$0] }
            if !isReplaced { try await Self.replaceEverything(memory, time) }
            isReplaced = true
        }
        // What came meanwhile may be delivered.
        #expect(events.filter { $0.id != "z" } == expected)
    }

    @Test("a segment that the newest catalog names and that is gone is an error")
    func lost() async throws {
        let (memory, time) = (MemoryObjectStore(), VirtualTime())
        let writer = Self.journal(memory, time)
        try await writer.append([Event(id: "a", timestamp: 1, data: [1])])
        try await writer.compact()
        _ = try await memory.delete(try await memory.keys("segments/"))
        let journal = Self.journal(memory, time)
        await #expect(throws: JournalError(.damagedSegment, "")) { try await journal.event("a") }
        await #expect(throws: JournalError(.damagedSegment, "")) { try await journal.collect() }
        await #expect(throws: JournalError(.damagedSegment, "")) { try await journal.reindex() }
    }

    @Test("what was absorbed counts before what lands late, also for a reader that relies on an older catalog")
    func announcement() async throws {
        let (memory, time) = (MemoryObjectStore(), VirtualTime())
        let reader = Self.journal(memory, time)
        try await reader.append([Event(id: "a", timestamp: 1, data: [1])])
        #expect(try await reader.collect().map(\.data) == [[1]])
        // Its hint, by which readers notice it as well, is not written.
        let failing = FaultInjectingObjectStore(memory) { request in
            request.operation == .put && request.key.contains("~catalog-") ? [.errorBefore(.failed)] : []
        }
        #expect(try await Self.journal(failing, time).compact().warnings.count == 1)
        // A machine whose clock is an hour behind, and which has not looked.
        let late = Journal(
            store: memory,
            clock: { Timestamp(microseconds: time.timestamp.microseconds - 3_600_000_000) }
        )
        try await late.append([Event(id: "a", timestamp: 2, data: [2])])
        #expect(try await reader.collect().map(\.data) == [[1]])
        #expect(try await reader.event("a")?.data == [1])
        #expect(try await Self.journal(memory, time).collect().map(\.data) == [[1]])
    }
}
