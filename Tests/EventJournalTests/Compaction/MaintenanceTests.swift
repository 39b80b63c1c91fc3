import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import EventJournal

@Suite("Automatic compaction")
struct MaintenanceTests {
    private static func journal(_ store: any ObjectStore, _ settings: AutomaticCompaction?) -> Journal {
        Journal(store: store, configuration: JournalConfiguration(automaticCompaction: settings))
    }

    private static let eager = AutomaticCompaction(inboxSegments: 8, quiet: .milliseconds(1))

    private static func append(_ count: Int, _ journal: Journal) async throws {
        for number in 0..<count {
            try await journal.append([Event(id: "e-\(number)", timestamp: .now, data: Array("\(number)".utf8))])
        }
    }

    /// Waits until something holds, a minute at most.
    private static func until(_ holds: () async throws -> Bool) async throws {
        for _ in 0..<6000 {
            if try await holds() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("waited in vain")
    }

    @Test("a journal that is written looks after itself")
    func byItself() async throws {
        let store = MemoryObjectStore()
        let journal = Self.journal(store, Self.eager)
        try await Self.append(20, journal)
        try await Self.until { journal.maintenanceStatus.compactions > 0 }
        #expect(try await !store.keys("segments/").isEmpty)
        #expect(try await journal.collect().count == 20)
        #expect(journal.maintenanceStatus.lastError == nil)
        await journal.endMaintenance()
        #expect(!journal.maintenanceStatus.isRunning)
    }

    @Test("it does not when it is off, below the limits, or only read")
    func notByItself() async throws {
        let store = MemoryObjectStore()
        try await Self.append(20, Self.journal(store, nil))
        let reader = Self.journal(store, Self.eager)
        #expect(try await reader.collect().count == 20)
        let writer = Self.journal(store, AutomaticCompaction(inboxSegments: 1000, quiet: .zero))
        try await writer.append([Event(id: "x", timestamp: .now, data: [])])
        try await Task.sleep(for: .milliseconds(50))
        #expect(!reader.maintenanceStatus.isRunning && !writer.maintenanceStatus.isRunning)
        #expect(try await store.keys("segments/").isEmpty)
    }

    @Test("it ends with the journal")
    func endsWithJournal() async throws {
        let store = MemoryObjectStore()
        var journal: Journal? = Self.journal(store, AutomaticCompaction(inboxSegments: 4, quiet: .seconds(3600)))
        try await Self.append(10, try #require(journal))
        #expect(journal?.maintenanceStatus.isRunning == true)
        weak let maintenance = journal?.maintenance
        journal = nil
        try await Self.until { maintenance == nil }
        #expect(try await store.keys("segments/").isEmpty)
    }

    @Test(
        "what is appended while it ends its work, and is enough by itself, is compacted too, with nobody appending more"
    )
    func appendedMeanwhile() async throws {
        let memory = MemoryObjectStore()
        let time = VirtualTime()
        let virtual = time.journalTime
        let appending = Shared<Journal?>(nil)
        let journal = Journal(
            store: DatedStore(memory, time),
            configuration: JournalConfiguration(
                automaticCompaction: AutomaticCompaction(inboxSegments: 4, quiet: .milliseconds(1))
            ),
            generator: UUIDv7Generator(clock: { time.timestamp }),
            time: JournalTime(now: virtual.now) { duration in
                // Nobody else waits so long: it has compacted, and waits to delete what it has absorbed.
                if duration > .seconds(60) {
                    let journal = appending.withLock { journal -> Journal? in
                        defer { journal = nil }
                        return journal
                    }
                    for number in 0..<4 {
                        try await journal?.append([Event(id: "late-\(number)", timestamp: time.timestamp, data: [])])
                    }
                }
                try await virtual.sleep(duration)
            },
            clock: { time.timestamp }
        )
        appending.withLock { $0 = journal }
        try await Self.append(4, journal)
        try await Self.until { !journal.maintenanceStatus.isRunning }
        #expect(journal.maintenanceStatus.compactions == 2)
        #expect(journal.maintenanceStatus.lastError == nil)
        #expect(appending.withLock { $0 == nil })
        #expect(try await memory.keys(Segment.inbox).allSatisfy { !$0.hasSuffix(Segment.suffix) })
        #expect(try await journal.collect().count == 8)
    }

    @Test("what fails in the background is told, and stops nobody")
    func failure() async throws {
        let memory = MemoryObjectStore()
        let store = FaultInjectingObjectStore(
            memory,
            plan: FaultPlan(rules: [.init(.errorBefore(.permissionDenied), on: [.beginUpload])])
        )
        let journal = Self.journal(store, Self.eager)
        try await Self.append(20, journal)
        try await Self.until { journal.maintenanceStatus.lastError != nil }
        #expect(journal.maintenanceStatus.compactions == 0)
        try await journal.append([Event(id: "x", timestamp: .now, data: [])])
        #expect(try await journal.collect().count == 21)
        await journal.endMaintenance()
    }

    @Test("compacting when due asks nobody while it is not")
    func ifDue() async throws {
        let counting = CountingObjectStore(MemoryObjectStore())
        let journal = Self.journal(counting, nil)
        try await Self.append(5, journal)
        let before = counting.counts
        #expect(try await journal.compactIfDue() == nil)
        #expect(counting.counts == before)
        let report = try await journal.compactIfDue(AutomaticCompaction(inboxSegments: 5))
        #expect(report?.absorbedSegments == 5)
        #expect(try await journal.compactIfDue(AutomaticCompaction(inboxSegments: 5)) == nil)
    }
}
