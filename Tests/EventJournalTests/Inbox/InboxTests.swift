import ObjectStorage
import ObjectStorageTesting
import Synchronization
import Testing

@testable import EventJournal

@Suite("Inbox")
struct InboxTests {
    private static func event(_ id: String, _ timestamp: Int64 = 0, _ text: String = "{}") -> Event {
        Event(id: id, timestamp: Timestamp(microseconds: timestamp), data: Array(text.utf8))
    }

    @Test("tells ids apart whose hashes are equal, and finds each", arguments: 0..<4 as Range<UInt64>)
    func collisions(seed: UInt64) async throws {
        let ids = try HashCollisions.ids(6, seed: seed)
        let store = MemoryObjectStore()
        let writer = Journal(store: store)
        try await writer.append(ids[..<3].map { Self.event($0, 0, "first") })
        let early = Journal(store: store)
        #expect(try await early.statistics().events == 3)
        // One of the first three again, then new ones, in segments of their own and together.
        try await writer.append([Self.event(ids[1], 1, "again"), Self.event(ids[3], 1, "first")])
        try await writer.put(Array("first".utf8), id: ids[4])
        await #expect(throws: JournalError(.eventExists, "")) { try await writer.put([], id: ids[3]) }
        for reader in [writer, early, Journal(store: store)] {
            let statistics = try await reader.statistics()
            #expect(statistics.events == 5 && statistics.duplicates == 1)
            #expect(Set(try await reader.collect().map(\.id)) == Set(ids[..<5]))
            for id in ids[..<5] { #expect(try await reader.event(id)?.text == "first") }
            #expect(try await reader.event(ids[5]) == nil)
        }
    }

    @Test("an earlier write that is seen later takes precedence, also among equal hashes")
    func earlierSeenLater() async throws {
        let ids = try HashCollisions.ids(3, seed: 77)
        let store = MemoryObjectStore()
        let reader = Journal(store: store)
        for (number, clock) in [3_000_000_000_000, 2_000_000_000_000, 1_000_000_000_000 as Timestamp].enumerated() {
            let writer = Journal(store: store, clock: { clock })
            try await writer.append((ids + ["plain"]).map { Self.event($0, 0, "\(number)") })
            for journal in [reader, Journal(store: store)] {
                #expect(try await journal.collect().map(\.text) == Array(repeating: "\(number)", count: 4))
                for id in ids { #expect(try await journal.event(id)?.text == "\(number)") }
            }
        }
        #expect(try await reader.statistics().duplicates == 8)
    }

    @Test("counts each id once over many segments, whatever the order they are met in")
    func manyDuplicates() async throws {
        let store = MemoryObjectStore()
        let old = Journal(store: store)
        for part in 0..<30 {
            let writer = Journal(store: store, clock: { Timestamp(microseconds: Int64((part * 7) % 30) * 1_000_000) })
            try await writer.append((0..<20).map { Self.event("\((part + $0) % 25)", Int64($0), "\((part * 7) % 30)") })
            if part % 4 == 0 { _ = try await old.statistics() }
        }
        let fresh = Journal(store: store)
        #expect(try await old.statistics() == fresh.statistics())
        let events = try await fresh.collect()
        #expect(events.count == 25 && Set(events.map(\.id)).count == 25)
        #expect(try await old.collect() == events)
        #expect(try await fresh.statistics().duplicates == 30 * 20 - 25)
    }

    @Test("forgets a segment that is gone, and brings back the rows it hid")
    func vanished() async throws {
        let store = MemoryObjectStore()
        let journal = Journal(store: store)
        try await journal.append([Self.event("a", 1, "first"), Self.event("b", 2)])
        try await journal.append([Self.event("a", 3, "second"), Self.event("c", 4)])
        #expect(try await journal.collect().map(\.text) == ["first", "{}", "{}"])
        let first = try #require(try await store.keys().first)
        #expect(try await store.delete([first]).isEmpty)
        #expect(try await journal.collect().map(\.text) == ["second", "{}"])
        #expect(try await journal.event("b") == nil)
        #expect(try await journal.event("a")?.text == "second")
        #expect(try await journal.statistics().duplicates == 0)
    }

    @Test("a segment that goes between listing and reading is an error in that replay, not in the next")
    func vanishesMeanwhile() async throws {
        let store = MemoryObjectStore()
        try await Journal(store: store).append([Self.event("a")])
        let key = try #require(try await store.keys().first)
        let faulty = FaultInjectingObjectStore(store) { $0.operation == .get ? [.errorBefore(.notFound)] : [] }
        let journal = Journal(store: faulty)
        let error = await #expect(throws: JournalError.self) { try await journal.collect() }
        #expect(error?.code == .damagedSegment && error?.object == key)
        faulty.isEnabled = false
        #expect(try await journal.collect().map(\.id) == ["a"])
    }

    @Test("leaves foreign objects alone that are no Parquet files", arguments: [".DS_Store", "sub/", "x.parquet.tmp"])
    func foreign(name: String) async throws {
        let store = MemoryObjectStore()
        let journal = Journal(store: store)
        try await journal.append([Self.event("a")])
        try await store.put("_inbox/\(name.hasSuffix("/") ? name + "y" : name)", [1, 2, 3], mode: .overwrite)
        #expect(try await journal.collect().map(\.id) == ["a"])
        #expect(try await journal.verify().isClean)
        #expect(try await journal.statistics().damagedSegments == 0)
    }

    @Test("reports a Parquet file without a segment's name until it is moved away")
    func misnamed() async throws {
        let store = MemoryObjectStore()
        let journal = Journal(store: store)
        try await journal.append([Self.event("a")])
        let key = try #require(try await store.keys().first)
        let names = [
            "_inbox/copy of it.parquet", "_inbox/" + key.dropFirst(7).prefix(36).uppercased() + key.dropFirst(43),
        ]
        for name in names {
            try await store.copy(key, to: name, mode: .overwrite)
            let error = await #expect(throws: JournalError.self) { try await journal.collect() }
            #expect(error?.code == .damagedSegment && error?.object == name)
            #expect(error?.message.contains("move it out of _inbox/") == true)
            // What it holds is not known, so the event looked for may be inside.
            await #expect(throws: JournalError(.damagedSegment, "")) { try await journal.event("a") }
            let skipped = Mutex<[String]>([])
            let options = ReplayOptions(damage: .skip) { damaged in skipped.withLock { $0.append(damaged.object) } }
            #expect(try await journal.collect(options: options).map(\.id) == ["a"])
            #expect(skipped.withLock { $0 } == [name])
            #expect(try await journal.verify().damaged.map(\.object) == [name])
            #expect(try await store.delete([name]).isEmpty)
            #expect(try await journal.verify().isClean)
        }
    }

    @Test("a renamed segment is damaged: its footer tells")
    func renamed() async throws {
        let store = MemoryObjectStore()
        try await Journal(store: store).append([Self.event("a")])
        let key = try #require(try await store.keys().first)
        let other = "_inbox/\(UUIDv7Generator().next())" + key.dropFirst(43)
        try await store.copy(key, to: other, mode: .overwrite)
        #expect(try await store.delete([key]).isEmpty)
        let report = try await Journal(store: store).verify()
        #expect(report.damaged.map(\.object) == [other])
        #expect(report.damaged.first?.error.message.contains("renamed") == true)
    }

    @Test("a flipped byte of a segment is damage, wherever it is, named as such, and heals when the object is restored")
    func flipped() async throws {
        let store = MemoryObjectStore()
        let journal = Journal(store: store)
        try await journal.append([Self.event("a", 1, "payload"), Self.event("b", 2)])
        let key = try #require(try await store.keys().first)
        let good = try await store.get(key, range: nil).bytes
        for offset in stride(from: 0, to: good.count, by: 3) {
            try await store.change(key) { $0[offset] ^= 1 << UInt8(offset % 8) }
            for reader in [journal, Journal(store: store)] {
                let error = await #expect(throws: JournalError.self, "byte \(offset)") { try await reader.collect() }
                #expect(error?.code == .damagedSegment && error?.object == key, "byte \(offset)")
            }
            let reader = Journal(store: store)
            #expect(try await reader.statistics().damagedSegments == 1, "byte \(offset)")
            try await store.put(key, good, mode: .overwrite)
            #expect(try await reader.collect().count == 2, "byte \(offset)")
        }
    }

    @Test("what cannot be read refuses or is skipped and counted, as asked; the rest is right either way")
    func refuseOrSkip() async throws {
        let store = MemoryObjectStore()
        let writer = Journal(store: store)
        try await writer.append([Self.event("a", 1), Self.event("b", 2)])
        try await writer.append([Self.event("b", 3, "second"), Self.event("c", 4)])
        try await writer.append([Self.event("c", 5, "third"), Self.event("d", 6)])
        let keys = try await store.keys()
        try await store.change(keys[1]) { $0.removeLast(10) }
        let reader = Journal(store: store)
        await #expect(throws: JournalError(.damagedSegment, "")) { try await reader.collect() }
        let skipped = Mutex<[DamagedSegment]>([])
        let options = ReplayOptions(damage: .skip) { damaged in skipped.withLock { $0.append(damaged) } }
        let events = try await reader.collect(options: options)
        #expect(events.map(\.id) == ["a", "b", "c", "d"] && events[2].text == "third")
        #expect(skipped.withLock { $0 }.map(\.object) == [keys[1]])
        #expect(skipped.withLock { $0 }.map(\.events) == [2])
        // The first segment is before the damage, so its events are known; the last is behind it.
        #expect(try await reader.event("a") == events[0])
        for id in ["c", "d", "nobody"] {
            await #expect(throws: JournalError(.damagedSegment, "")) { try await reader.event(id) }
        }
        let report = try await reader.verify()
        #expect(report.soundSegments == 2 && report.events == 4 && report.damaged.count == 1)
    }

    @Test("damage that comes after the ids were read is met by readers that know the segment, too")
    func damagedLater() async throws {
        let store = MemoryObjectStore()
        let journal = Journal(store: store)
        try await journal.append([Self.event("a", 1, "first")])
        #expect(try await journal.collect().count == 1)
        let key = try #require(try await store.keys().first)
        try await store.change(key) { $0[20] ^= 1 }
        // The new segment repeats the id, so those of the old one are read again.
        try await journal.append([Self.event("a", 2, "second"), Self.event("b", 3)])
        await #expect(throws: JournalError(.damagedSegment, "")) { try await journal.collect() }
        #expect(try await journal.collect(options: ReplayOptions(damage: .skip)).map(\.text) == ["second", "{}"])
        #expect(try await journal.verify().damaged.map(\.object) == [key])
    }

    @Test(
        "an error of the store is no damage, and leaves nothing behind when the store is well again",
        arguments: 0..<12,
        [Fault.errorBefore(.unavailable), .errorAfter(.permissionDenied), .truncate(0.5)]
    )
    func transient(request: Int, fault: Fault) async throws {
        let store = MemoryObjectStore()
        let writer = Journal(store: store)
        // Whichever get fails: those of ids, those of ids to compare, those of events.
        let gets = Mutex(0)
        let faulty = FaultInjectingObjectStore(store) { asked in
            guard asked.operation == .get else { return [] }
            return gets.withLock { gets in
                defer { gets += 1 }
                return gets == request ? [fault] : []
            }
        }
        let journal = Journal(store: faulty)
        var expected: [Event] = []
        for part in 0..<4 {
            let event = Self.event("\(part)", Int64(part))
            try await writer.append([Self.event("same", 9, "\(part)"), event])
            expected.append(event)
            do {
                #expect(try await journal.collect() == expected + [Self.event("same", 9, "0")])
            } catch let error as JournalError {
                #expect(error.code == (fault == .truncate(0.5) ? .damagedSegment : .storage))
            }
        }
        #expect(faulty.log.count == 1)
        #expect(try await journal.collect() == expected + [Self.event("same", 9, "0")])
        #expect(try await journal.event("same")?.text == "0")
        #expect(try await journal.statistics() == Journal(store: store).statistics())
        #expect(try await journal.verify().isClean)
    }
}
