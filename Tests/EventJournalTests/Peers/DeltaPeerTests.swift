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
        let ((expected, tables), optimizing) = try await beside {
            othersCommit ? try await peer.optimize(until: stop) : DeltaPeer.Optimizing(commits: 0, conflicts: 0)
        } _: {
            try await beside {
                try await peer.watch(until: stop)
            } _: {
                // Whatever happens, the others are to end.
                defer { _ = FileManager.default.createFile(atPath: stop, contents: nil) }
                return try await Self.storm(path, seed: othersCommit ? 2 : 1, rounds: 120)
            }
        }
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

    @Test("events that delta-rs has doubled are told of before a change is applied, and its own way back helps")
    func doubled() async throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/journal"
        let peer = DeltaPeer(path: path)
        var random = SeededGenerator(seed: 9)
        let journal = Self.journal(path)
        try await journal.append((0..<40).map { Self.event("\($0)", &random) })
        try await journal.compact()
        let doubled = try await peer.run("double")
        try #require(doubled.rows.count == 80)
        try await Self.journal(path).delete("7")
        let error = await #expect(throws: JournalError(.damagedSegment, "")) {
            try await Self.journal(path).compact(CompactionPolicy(force: true, appliesChanges: true))
        }
        let message = try #require(error?.message)
        #expect(message.contains("nothing was changed"), "\(message)")
        #expect(message.contains("another program has entered events that are there already"), "\(message)")
        #expect(message.contains("`.restore(version)`"), "\(message)")
        #expect(try await peer.run("read").version == doubled.version)
        // What the message says to do.
        #expect(try await peer.run("restore").rows.count == 40)
        try await Self.journal(path).compact(CompactionPolicy(force: true, appliesChanges: true))
        let events = try await Self.journal(path).collect()
        #expect(events.count == 39 && !events.contains { $0.id == "7" })
        #expect(try await peer.run("read").rows.count == 39)
        #expect(try await Self.journal(path).verify().isClean)
    }

    /// What a follower gets until it is caught up: changes as texts by id, and where it is then if there were any.
    private static func follow(_ journal: Journal, from start: FollowStart) async throws
        -> (changes: [String: [String]], position: FollowPosition?)
    {
        var changes: [String: [String]] = [:]
        var position: FollowPosition?
        for try await batch in journal.follow(from: start, options: FollowOptions(untilCaughtUp: true)) {
            for row in 0..<batch.count {
                let event = batch.events[row]
                changes[event.id, default: []].append("\(batch.change(at: row)) \(event.data)")
            }
            position = batch.position
        }
        return (changes, position)
    }

    @Test(
        "a follower that was away while delta-rs optimized goes on from its mark: nothing is missed, nothing comes twice",
        arguments: ["compact", "z-order"],
        [false, true]
    )
    func followerAway(command: String, isCleaned: Bool) async throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/journal"
        let peer = DeltaPeer(path: path)
        var random = SeededGenerator(seed: 10)
        let time = VirtualTime()
        let journal = Self.journal(path, time: time.journalTime)
        let small = CompactionPolicy(force: true, targetObjectBytes: 3000, appliesChanges: true)
        var put: [String: Event] = [:]
        func append(_ name: String) async throws {
            let events = (0..<40).map { Self.event("\(name)-\($0)", &random) }
            for event in events { put[event.id] = event }
            try await journal.append(events)
        }
        try await append("compacted")
        try await journal.compact(small)
        try await append("waiting")
        let before = try await Self.follow(Self.journal(path), from: .beginning)
        try #require(before.changes.count == 80)
        try await journal.setMark("away", to: try #require(before.position), ifMatches: nil)
        // While it is away:
        for round in 0..<3 {
            try await append("away-\(round)")
            // An id that is taken does not count, wherever the first one is.
            try await journal.append([Self.event("compacted-\(round)", &random)])
            try await journal.update("compacted-1\(round)", data: Array("\(round)".utf8))
            try await journal.delete("waiting-\(round)")
            try await journal.compact(small)
        }
        if isCleaned {
            // What was absorbed is gone from the inbox: only files of the table have it.
            time.advance(by: .seconds(121))
            try await journal.compact(small)
            let left = try await journal.store.listAll(prefix: Segment.inbox).collect(upTo: 1000).map(\.key)
            #expect(!left.contains { $0.hasSuffix(Segment.suffix) })
        }
        let optimized = try await peer.run(command)
        #expect(optimized.rows.count == 197)
        // And those are of delta-rs alone.
        if isCleaned { _ = try await peer.run("vacuum-full") }
        try await append("new")
        try await journal.update("new-0", data: Array("again".utf8))
        let mark = try #require(try await Self.journal(path).mark("away"))
        #expect(mark.position == before.position)
        let after = try await Self.follow(Self.journal(path), from: .position(mark.position))
        var expected: [String: [String]] = [:]
        for (id, event) in put where before.changes[id] == nil { expected[id] = ["put \(event.data)"] }
        expected["new-0"] = ["put \(Array("again".utf8))"]
        for round in 0..<3 {
            expected["compacted-1\(round)"] = ["update \(Array("\(round)".utf8))"]
            expected["waiting-\(round)"] = ["delete []"]
        }
        #expect(after.changes == expected)
        let end = try #require(after.position)
        #expect(try await Self.follow(journal, from: .position(end)).changes.isEmpty)
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
