import Foundation
import ObjectStorage
import ObjectStorageTesting
import Parquet
import Testing

@testable import EventJournal

/// A store that does something once, before the first byte of the id index is read.
private struct InterruptedIndexStore: ForwardingObjectStore {
    let base: any ObjectStore
    let isDone = Shared(false)
    let interruption: @Sendable () async throws -> Void

    func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        let isFirst = isDone.withLock { done in
            defer { if key.hasPrefix("_index/") { done = true } }
            return !done && key.hasPrefix("_index/")
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

@Suite("Verification of the id index and of what else a journal relies on")
struct IndexVerificationTests {
    private static func events(_ count: Int, _ name: String = "e") -> [Event] {
        (0..<count)
            .map { Event(id: "\(name)-\($0)", timestamp: Timestamp(microseconds: Int64($0)), data: Array("{}".utf8)) }
    }

    /// A compacted journal in a directory.
    private static func journal(_ directory: ScratchDirectory, events count: Int = 1000) async throws -> Journal {
        let journal = try await Journal.open(directory.path + "/j")
        try await journal.append(events(count))
        try await journal.compact()
        return journal
    }

    private static func another(_ journal: Journal) async throws -> Journal {
        try await Journal.open(journal.location, create: false)
    }

    /// Commits another index: of some of the events, and in objects of so many entries.
    private static func commitIndex(
        of journal: Journal,
        entriesPerRun: Int = IndexLimits.standard.entriesPerRun,
        with more: [IndexEntry] = [],
        without dropped: Set<String> = []
    ) async throws {
        let listing = try await journal.compaction.listing()
        var limits = IndexLimits.standard
        limits.entriesPerRun = entriesPerRun
        var builder = IndexBuilder(store: journal.store, generator: journal.generator, limits: limits)
        var ids = ByteArrays()
        var timestamps: [Int64] = []
        for event in try await journal.collect() where !dropped.contains(event.id) {
            ids.append(event.id.utf8)
            timestamps.append(event.timestamp.microseconds)
        }
        try await builder.add(zip(HashedIDs(ids).hashes, timestamps).map { IndexEntry(hash: $0, timestamp: $1) } + more)
        let change = try await builder.finish(replacing: listing.state.runs)
        try await commit(CatalogCommit(index: change, operation: "REINDEX"), to: journal, listing)
    }

    private static func commit(_ commit: CatalogCommit, to journal: Journal, _ listing: InboxListing) async throws {
        let outcome = await CatalogCommitter(context: journal.compaction)
            .commit(commit, madeOf: listing.state, listed: [], excludesNewFiles: true)
        guard case .committed = outcome else { throw JournalError(.conflict, "the test could not commit") }
    }

    @Test("a sound journal is clean, whether or not it was compacted, changed, or erased from")
    func sound() async throws {
        let fixture = CompactionFixture()
        #expect(try await fixture.another().verify().isClean)
        try await fixture.journal.append(Self.events(200))
        let appended = try await fixture.another().verify()
        #expect(appended.isClean && appended.soundIndexObjects == 0 && appended.indexIsCompared)
        try await fixture.journal.compact()
        try await fixture.journal.append(Self.events(300))
        try await fixture.journal.update("e-3", data: [1])
        try await fixture.journal.delete("e-4")
        _ = try await fixture.journal.setMark("m", to: FollowPosition(version: 0), ifMatches: nil)
        try await fixture.journal.compact(CompactionPolicy(force: true, appliesChanges: true))
        try await fixture.journal.append(Self.events(10, "late"))
        let report = try await fixture.another().verify()
        #expect(report.isClean, "\(report.damaged)")
        #expect(report.events == 309 && report.isExact && report.indexIsCompared)
        #expect(report.indexEntries == 300, "the entry of a deleted event stays, and is no damage")
        #expect(report.soundIndexObjects == 1 && report.soundMarks == 1 && report.soundChangeLists == 1)
    }

    /// How an object of the index is harmed.
    enum Harm: String, CaseIterable, Sendable {
        case cutShort, emptied, flippedEntry, flippedFilter, flippedFooter, deleted, swapped
    }

    @Test("every harm to an object of the index is told of by its name, a reindex mends it", arguments: Harm.allCases)
    func attack(harm: Harm) async throws {
        let directory = try ScratchDirectory()
        let journal = try await Self.journal(directory)
        try await Self.commitIndex(of: journal, entriesPerRun: 400)
        let runs = try await Self.another(journal).compaction.listing().state.runs
        try #require(runs.count == 3)
        let victim = runs[1]
        func url(_ run: IndexRun) -> URL { URL(filePath: journal.location + "/" + run.path) }
        var bytes = try Data(contentsOf: url(victim))
        switch harm {
        case .cutShort: bytes = bytes.dropLast(1)
        case .emptied: bytes = Data()
        case .flippedEntry: bytes[100] ^= 1
        case .flippedFilter: bytes[victim.layout.filterBytes.lowerBound + 20] ^= 1
        case .flippedFooter: bytes[victim.bytes - 5] ^= 1
        case .deleted: break
        case .swapped:
            try Data(contentsOf: url(runs[0])).write(to: url(victim))
            try bytes.write(to: url(runs[0]))
        }
        if harm == .deleted {
            try FileManager.default.removeItem(at: url(victim))
        } else if harm != .swapped {
            try bytes.write(to: url(victim))
        }
        // Ids in the inbox would be looked up in the index.
        try await journal.append(Self.events(2, "waiting"))
        let report = try await Self.another(journal).verify()
        let expected = harm == .swapped ? [runs[0].path, victim.path] : [victim.path]
        #expect(report.damaged.map(\.object) == expected)
        #expect(report.damaged.allSatisfy { $0.error.code == .damagedIndex })
        #expect(report.damaged.first?.error.message.contains("highwater reindex") == true)
        #expect(report.soundIndexObjects == 3 - expected.count && !report.indexIsCompared)
        #expect(report.soundSegments == 2)
        try await Self.another(journal).reindex()
        let mended = try await Self.another(journal).verify()
        #expect(mended.isClean && mended.events == 1002, "\(mended.damaged)")
    }

    @Test("an id that the index lacks is told of, with the segment that has it")
    func lackingEntry() async throws {
        let directory = try ScratchDirectory()
        let journal = try await Self.journal(directory)
        try await Self.commitIndex(of: journal, without: ["e-77"])
        #expect(try await Self.another(journal).event("e-77") == nil, "this is what it would cost")
        let report = try await Self.another(journal).verify()
        #expect(report.damaged.map(\.object) == ["_index/"])
        let message = try #require(report.damaged.first?.error.message)
        #expect(message.contains("lacks the id \"e-77\" in segments/") && message.contains("highwater reindex"))
        #expect(report.indexIsCompared && report.indexEntries == 999)
        try await Self.another(journal).reindex()
        #expect(try await Self.another(journal).verify().isClean)
        #expect(try await Self.another(journal).event("e-77") != nil)
    }

    @Test("entries of events that are gone are no damage")
    func moreEntries() async throws {
        let directory = try ScratchDirectory()
        let journal = try await Self.journal(directory)
        try await Self.commitIndex(of: journal, with: IndexFixture.entries(500, seed: 3))
        let report = try await Self.another(journal).verify()
        #expect(report.isClean && report.indexEntries == 1500, "\(report.damaged)")
    }

    @Test("an index that the catalog does not name, or names unreadably, is told of and can be rebuilt")
    func unnamedIndex() async throws {
        for isUnreadable in [false, true] {
            let directory = try ScratchDirectory()
            let journal = try await Self.journal(directory)
            let listing = try await journal.compaction.listing()
            let change = IndexChange(runs: [], added: [], removed: [])
            try await Self.commit(CatalogCommit(index: change, operation: "REINDEX"), to: journal, listing)
            if isUnreadable {
                let url = URL(filePath: journal.location + "/_delta_log/00000000000000000001.json")
                let text = try String(contentsOf: url, encoding: .utf8)
                try #require(text.contains(#"{\"runs\":[]}"#))
                try text.replacing(#"{\"runs\":[]}"#, with: #"{\"runs\":[}"#)
                    .write(to: url, atomically: true, encoding: .utf8)
            }
            let other = try await Self.another(journal)
            #expect(try await other.collect().count == 1000, "a replay needs no index")
            await #expect(throws: JournalError(.damagedIndex, "")) { try await other.event("e-1") }
            try await other.append(Self.events(1001))
            await #expect(throws: JournalError(.damagedIndex, "")) { try await other.compact() }
            let report = try await other.verify()
            #expect(report.damaged.map(\.object) == ["_index/"])
            #expect(!report.isExact && report.events == 2001, "ids of the inbox cannot be compared")
            try await Self.another(journal).reindex()
            let mended = try await Self.another(journal).verify()
            #expect(mended.isClean && mended.isExact && mended.events == 1001, "\(mended.damaged)")
        }
    }

    @Test("marks and lists of changes that cannot be read are told of")
    func marksAndLists() async throws {
        let fixture = CompactionFixture()
        try await fixture.journal.append(Self.events(20))
        try await fixture.journal.compact()
        try await fixture.journal.delete("e-4")
        try await fixture.journal.compact(CompactionPolicy(force: true, appliesChanges: true))
        _ = try await fixture.journal.setMark("m", to: FollowPosition(version: 0), ifMatches: nil)
        let lists = try await fixture.memory.keys("_changes/")
        try #require(lists.count == 1)
        try await fixture.memory.change("_marks/m.json") { $0.removeLast(10) }
        try await fixture.memory.change(lists[0]) { $0[20] ^= 1 }
        let report = try await fixture.another().verify()
        #expect(report.damaged.map(\.object) == ["_marks/m.json", lists[0]])
        #expect(report.soundMarks == 0 && report.soundChangeLists == 0)
    }

    @Test("row groups that are not where the catalog says are told of, since look-ups would miss them")
    func misplacedRowGroups() async throws {
        let fixture = CompactionFixture()
        try await fixture.journal.append(Self.events(50))
        try await fixture.journal.compact()
        var segment = try #require(try await fixture.journal.segments().first)
        try await fixture.journal.reader.verify(segment) { _ in }
        segment.rowGroups?[0].last -= 1
        let error = await #expect(throws: JournalError.self) {
            try await fixture.journal.reader.verify(segment) { _ in }
        }
        #expect(error?.code == .damagedCatalog && error?.object == segment.key)
    }

    @Test("a compaction, a reindex or a vacuum between segments and index is no damage")
    func compactedMeanwhile() async throws {
        for isReindexed in [false, true] {
            let fixture = CompactionFixture()
            try await fixture.journal.append(Self.events(100))
            try await fixture.journal.compact()
            let reader = fixture.another { store in
                InterruptedIndexStore(base: store) {
                    let other = fixture.another()
                    for number in 0..<50 { try await other.delete("e-\(number)") }
                    try await other.append(Self.events(30, "late"))
                    try await other.compact(CompactionPolicy(force: true, appliesChanges: true, isThorough: true))
                    // Then the entries of what was deleted are gone too.
                    if isReindexed { try await other.reindex() }
                    fixture.time.advance(by: .seconds(8000))
                    try await fixture.another()
                        .vacuum(VacuumOptions(retention: .seconds(-4_000_000_000), allowsShortRetention: true))
                }
            }
            let report = try await reader.verify()
            #expect(report.isClean, "\(report.damaged)")
            #expect(report.indexIsCompared && report.indexEntries == (isReindexed ? 80 : 130))
        }
    }

    @Test("no alarm while others append, compact and reindex without a pause", .timeLimit(.minutes(3)))
    func storm() async throws {
        let directory = try ScratchDirectory()
        let journal = try await Self.journal(directory, events: 100)
        let isOver = Shared(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var round = 0
                while !isOver.withLock({ $0 }) {
                    try await journal.append(Self.events(50, "r\(round)"))
                    try await journal.delete("r\(round)-7")
                    try await journal.compact(CompactionPolicy(force: true, appliesChanges: true, isThorough: true))
                    if round % 3 == 2 { try await Self.another(journal).reindex() }
                    round += 1
                }
            }
            group.addTask {
                defer { isOver.withLock { $0 = true } }
                for _ in 0..<25 {
                    let report = try await Self.another(journal).verify()
                    #expect(report.isClean && report.indexIsCompared, "\(report.damaged)")
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("ids beyond the memory for them go to scratch, come back in order, and leave nothing there")
    func spilled() async throws {
        let scratch = MemoryObjectStore()
        let made = Shared(0)
        let identifiers = CatalogIdentifiers(generator: UUIDv7Generator(), capacity: 100) {
            made.withLock { $0 += 1 }
            return scratch
        }
        let entries = IndexFixture.entries(1050, seed: 21)
        for start in stride(from: 0, to: entries.count, by: 70) {
            try await identifiers.add(Array(entries[start..<min(start + 70, entries.count)]))
        }
        #expect(made.withLock { $0 } == 1)
        #expect(try await scratch.keys("_index/").count == 10)
        for _ in 0..<2 {
            var read: [IndexEntry] = []
            try await identifiers.sorted().read { read += $0 }
            #expect(read == entries.sorted())
        }
        await identifiers.discard()
        #expect(try await scratch.keys("").isEmpty)
    }

    @Test("progress goes from nothing to all, segments first and then the index")
    func progress() async throws {
        let directory = try ScratchDirectory()
        let journal = try await Self.journal(directory)
        let steps = Shared<[VerificationProgress]>([])
        _ = try await journal.verify(progress: { step in steps.withLock { $0.append(step) } })
        let told = steps.withLock { $0 }
        #expect(told.first?.phase == .segments && told.last?.phase == .index)
        #expect(zip(told, told.dropFirst()).allSatisfy { $0.bytes <= $1.bytes })
        #expect(told.allSatisfy { $0.bytes <= $0.ofBytes })
        #expect(told.last.map { $0.bytes == $0.ofBytes } == true)
    }
}
