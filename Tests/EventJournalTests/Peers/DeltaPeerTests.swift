import DeltaLake
import Foundation
import ObjectStorage
import Testing

@testable import EventJournal

/// Other programs read the catalog while it changes, and change it themselves.
@Suite("Other programs at the table", .serialized)
struct DeltaPeerTests {
    private static func event(_ id: String, _ random: inout SeededGenerator) -> Event {
        let bytes: [UInt8] =
            Int.random(in: 0..<20, using: &random) == 0 ? [0xFF, 0xFE, 0] : Array("data of \(id)".utf8)
        return Event(
            id: id,
            // Many share a moment, and many a millisecond.
            timestamp: Timestamp(microseconds: 1_709_251_200_000_000 + Int64.random(in: 0..<3000, using: &random)),
            key: Int.random(in: 0..<4, using: &random) == 0 ? nil : "key-\(Int.random(in: 0..<9, using: &random))",
            data: bytes,
            source: Int.random(in: 0..<9, using: &random) == 0 ? "source" : nil
        )
    }

    /// Another process, without a cache of the journal.
    private static func journal(_ path: String, time: JournalTime = .system) -> Journal {
        Journal(
            store: LocalObjectStore(directory: path),
            configuration: JournalConfiguration(parallelism: 2, automaticCompaction: nil),
            generator: UUIDv7Generator(clock: { .now }),
            time: time,
            clock: { .now }
        )
    }

    /// What we read of the table at a version, made of its commits one by one.
    private static func rows(of version: Int64, _ path: String) async throws -> [DeltaPeer.Row] {
        let journal = journal(path)
        let log = DeltaLog(store: journal.store)
        var table: DeltaSnapshot?
        for version in 0...version {
            let actions = try #require(try await log.actions(ofVersion: version))
            table = try table?.applying(actions) ?? DeltaSnapshot(actions, version: 0)
        }
        let state = try CatalogState(table, before: nil)
        let source = ReplaySource(
            range: .all,
            options: ReplayOptions(),
            origin: .snapshot(Snapshot(catalog: state, segments: state.segments, damaged: [])),
            reader: journal.reader,
            withBatchIDs: true
        )
        var rows: [DeltaPeer.Row] = []
        while let window = try await source.next() {
            for batch in window {
                for row in 0..<batch.count {
                    let batchID = try #require(batch.batchIDs?.text(at: row))
                    rows.append(DeltaPeer.Row(event: batch[row], batchID: batchID))
                }
            }
        }
        return rows
    }

    /// Writers and compactors at work, until they have done so many rounds.
    private static func storm(_ path: String, seed: UInt64, rounds: Int) async throws -> [String: [UInt8]?] {
        let expected = Shared<[String: [UInt8]?]>([:])
        let writersLeft = Shared(2)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<2 {
                group.addTask {
                    let journal = journal(path)
                    var random = SeededGenerator(seed: seed * 10 + UInt64(writer))
                    var mine: [String] = []
                    for round in 0..<rounds {
                        let events = (0..<Int.random(in: 1..<30, using: &random))
                            .map { event("w\(writer)-\(round)-\($0)", &random) }
                        try await journal.append(events)
                        mine += events.map(\.id)
                        expected.withLock { expected in for event in events { expected[event.id] = event.data } }
                        let id = mine[Int.random(in: 0..<mine.count, using: &random)]
                        if round % 3 == 1 {
                            let data = Array("round \(round)".utf8)
                            try await journal.update(id, data: data)
                            expected.withLock { $0[id] = data }
                        } else if round % 5 == 2 {
                            try await journal.delete(id)
                            expected.withLock { $0[id] = .some(nil) }
                            mine.removeAll { $0 == id }
                        }
                        try await Task.sleep(for: .milliseconds(Int.random(in: 0..<60, using: &random)))
                    }
                    writersLeft.withLock { $0 -= 1 }
                }
            }
            for compactor in 0..<2 {
                group.addTask {
                    let journal = journal(path)
                    while writersLeft.withLock({ $0 > 0 }) {
                        do {
                            var policy = CompactionPolicy(force: true, targetObjectBytes: 6000)
                            policy.appliesChanges = compactor == 0
                            policy.isThorough = compactor == 1
                            try await journal.compact(policy)
                        } catch let error as JournalError where error.code == .conflict {
                            continue
                        }
                        try await Task.sleep(for: .milliseconds(200))
                    }
                }
            }
            try await group.waitForAll()
        }
        return expected.withLock { $0 }
    }

    @Test(
        "at every version they meet while writers and compactors are at work, they have the rows that version describes",
        .timeLimit(.minutes(5)),
        arguments: [false, true]
    )
    func storm(othersCommit: Bool) async throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/journal"
        let stop = scratch.path + "/stop"
        let peer = DeltaPeer(path: path)
        async let watched = peer.watch(until: stop)
        async let optimized = othersCommit ? peer.optimize(until: stop) : DeltaPeer.Optimizing(commits: 0, conflicts: 0)
        var outcome = Result<[String: [UInt8]?], any Error>.success([:])
        do {
            outcome = .success(
                try await Self.storm(path, seed: othersCommit ? 2 : 1, rounds: 120)
            )
        } catch {
            outcome = .failure(error)
        }
        // Whatever happened, the others are to end.
        try Data().write(to: URL(filePath: stop))
        let (tables, optimizing) = (try await watched, try await optimized)
        let expected = try outcome.get()
        #expect(tables.count > 5, "only \(tables.count) versions were met")
        // At their commits, too, nothing comes back and nothing doubles: whoever is late notices.
        if othersCommit { #expect(optimizing.commits > 0, "\(optimizing)") }
        for table in tables {
            let ours = try await Self.rows(of: table.version, path)
            #expect(Set(ours) == Set(table.rows) && ours.count == table.rows.count, "version \(table.version)")
            let ids = Set(ours.map(\.event.id))
            #expect(ids.count == ours.count, "version \(table.version) has an event twice")
            #expect(ids.isSubset(of: expected.keys), "version \(table.version) has an event that nobody put")
        }
        // At the quiet end.
        let journal = Self.journal(path)
        let events = try await journal.collect()
        let found = Dictionary(uniqueKeysWithValues: events.map { ($0.id, $0.data) })
        #expect(found == expected.compactMapValues(\.self))
        try await journal.compact(CompactionPolicy(force: true, appliesChanges: true))
        #expect(try await journal.collect().sorted(by: Self.byTime) == events.sorted(by: Self.byTime))
        let table = try await peer.run("read")
        #expect(table.rows.map(\.event).sorted(by: Self.byTime) == events.sorted(by: Self.byTime))
        #expect(try await Self.journal(path).verify().isClean)
    }

    private static func byTime(_ left: Event, _ right: Event) -> Bool {
        (left.timestamp, left.id) < (right.timestamp, right.id)
    }

    @Test(
        "what delta-rs commits leaves the journal right, and we can go on with it",
        arguments: ["compact", "z-order", "checkpoint", "vacuum", "vacuum-full", "cleanup"]
    )
    func othersCommit(command: String) async throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/journal"
        let peer = DeltaPeer(path: path)
        var random = SeededGenerator(seed: 7)
        let time = VirtualTime()
        let journal = Self.journal(path, time: time.journalTime)
        for round in 0..<4 {
            for batch in 0..<3 {
                try await journal.append((0..<40).map { Self.event("\(round)-\(batch)-\($0)", &random) })
            }
            if round < 3 { try await journal.compact(CompactionPolicy(force: true, targetObjectBytes: 3000)) }
        }
        // In the inbox are new events, an update and a delete of events that are in the catalog.
        try await journal.update("1-1-5", data: Array("updated".utf8))
        try await journal.delete("1-2-6")
        let events = try await journal.collect()
        try #require(events.count == 479)

        func check(_ what: String) async throws {
            // Who was there before, as soon as the catalog is not relied on any more, and who comes now.
            time.advance(by: Catalog.reliance)
            for reader in [journal, Self.journal(path)] {
                let found = try await reader.collect()
                #expect(found.map(\.timestamp) == events.map(\.timestamp), "\(what)")
                // Rows of one append at one moment are in the order of the file, and delta-rs makes its own.
                #expect(found.sorted(by: Self.byTime) == events.sorted(by: Self.byTime), "\(what)")
                for event in events.prefix(5) + events.suffix(5) {
                    #expect(try await reader.event(event.id) == event, "\(what)")
                }
                #expect(try await reader.event("1-1-5")?.text == "updated", "\(what)")
                #expect(try await reader.event("1-2-6") == nil, "\(what)")
                #expect(try await reader.event("nobody") == nil, "\(what)")
                #expect(try await reader.statistics().events == events.count, "\(what)")
                await #expect(throws: JournalError(.eventExists, ""), "\(what)") {
                    try await reader.put([], id: "0-0-1", at: 1)
                }
            }
            let verified = try await Self.journal(path).verify()
            #expect(verified.isClean && verified.events == events.count, "\(what): \(verified)")
        }
        let before = try await peer.run("read")
        // Vacuum has something to delete only behind something else.
        if command.hasPrefix("vacuum") { _ = try await peer.run("compact") }
        let after = try await peer.run(command)
        #expect(Set(after.rows) == Set(before.rows) && after.rows.count == before.rows.count)
        if command == "compact" || command == "z-order" { #expect(after.version > before.version) }
        try await check("after \(command)")
        // On with compactions of ours, over their files.
        try await Self.journal(path).compact(CompactionPolicy(force: true, appliesChanges: true, isThorough: true))
        try await check("compacted after \(command)")
        let read = try await peer.run("read")
        #expect(read.rows.map(\.event).sorted(by: Self.byTime) == events.sorted(by: Self.byTime))
        // Once more around.
        _ = try await peer.run("compact")
        _ = try await peer.run(command)
        try await check("after \(command) again")
        try await Self.journal(path).reindex()
        try await check("indexed anew after \(command)")
    }
}
