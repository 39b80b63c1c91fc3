import ObjectStorage
import ObjectStorageTesting
import Synchronization
import Testing

@testable import EventJournal

/// Another store as if it were behind a network; notes what is asked of it.
private final class FarAway: ForwardingObjectStore {
    private struct Notes {
        var running = 0
        var most = 0
        var ranges: [(key: String, range: ByteRange?)] = []
    }

    let base: any ObjectStore
    private let delay: Duration
    private let notes = Mutex(Notes())
    /// Gets of this key fail.
    let broken: Mutex<String?> = Mutex(nil)

    init(_ base: any ObjectStore, delay: Duration = .zero) {
        self.base = base
        self.delay = delay
    }

    var location: String { "far://" + base.location }
    var mostAtOnce: Int { notes.withLock { $0.most } }
    var gets: [(key: String, range: ByteRange?)] { notes.withLock { $0.ranges } }

    func get(_ key: String, range: ByteRange?) async throws -> GetResult {
        notes.withLock { notes in
            notes.running += 1
            notes.most = max(notes.most, notes.running)
            notes.ranges.append((key, range))
        }
        defer { notes.withLock { $0.running -= 1 } }
        try await Task.sleep(for: delay)
        if broken.withLock({ $0 }) == key { throw ObjectStoreError(.failed, "The test wants it so.") }
        return try await base.get(key, range: range)
    }
}

@Suite("Reading ahead")
struct ReadAheadTests {
    private static let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    private static func store() async throws -> MemoryObjectStore {
        let store = MemoryObjectStore()
        try await store.put("a", bytes)
        try await store.put("b", Array(bytes.reversed()))
        return store
    }

    private static func place(_ key: String, _ range: Range<Int>?) -> ReadAhead.Place {
        ReadAhead.Place(key: key, range: range, bytes: range?.count ?? bytes.count)
    }

    @Test("what is taken is what the object has, neighbours come by one request, and each place once")
    func takesWhatIsThere() async throws {
        let far = FarAway(try await Self.store())
        // One request at a time: the others wait in the queue, where neighbours meet.
        let ahead = ReadAhead(store: far, requests: 1)
        let pieces = stride(from: 0, to: 100_000, by: 5000).map { Self.place("a", $0..<($0 + 5000)) }
        ahead.expect([Self.place("b", nil)] + pieces)
        for piece in pieces {
            let range = try #require(piece.range)
            #expect(try await ahead.take("a", range)?.bytes == Array(Self.bytes[range]))
            #expect(try await ahead.take("a", range) == nil, "a place is taken once")
        }
        #expect(try await ahead.take("b", nil)?.bytes == Array(Self.bytes.reversed()))
        #expect(try await ahead.take("c", nil) == nil, "nobody expects it")
        #expect(far.gets.count < 15, "\(far.gets.count) requests for 21 places, twenty of them end to end")
    }

    @Test("no more requests at once than allowed, and no more bytes than the bound")
    func isBounded() async throws {
        let store = MemoryObjectStore()
        let large = [UInt8](repeating: 7, count: 6 << 20)
        for number in 0..<20 { try await store.put("o\(number)", large) }
        let far = FarAway(store, delay: .milliseconds(2))
        let ahead = ReadAhead(store: far, requests: 4)
        ahead.expect((0..<20).map { ReadAhead.Place(key: "o\($0)", range: nil, bytes: large.count) })
        for _ in 0..<5000 where far.gets.count < 4 { try await Task.sleep(for: .milliseconds(2)) }
        // Were more of them allowed, they would be on their way by then.
        try await Task.sleep(for: .milliseconds(100))
        let early = far.gets.count
        #expect((4...5).contains(early), "\(early) objects of 6 MiB before anything was taken")
        for number in 0..<20 { #expect(try await ahead.take("o\(number)", nil)?.bytes.count == large.count) }
        #expect(far.mostAtOnce <= 4)
        #expect(far.gets.count == 20)
    }

    @Test("what is let go of is not fetched, and what fails tells who takes it")
    func letsGo() async throws {
        let far = FarAway(try await Self.store(), delay: .milliseconds(50))
        far.broken.withLock { $0 = "b" }
        let ahead = ReadAhead(store: far, requests: 1)
        let pieces = [Self.place("a", 0..<10), Self.place("b", 0..<10), Self.place("a", 50..<60)]
        ahead.expect(pieces)
        ahead.forget([pieces[2]])
        #expect(try await ahead.take("a", 50..<60) == nil)
        #expect(try await ahead.take("a", 0..<10)?.bytes == Array(Self.bytes[0..<10]))
        await #expect(throws: ObjectStoreError.self) { try await ahead.take("b", 0..<10) }
        #expect(far.gets.count == 2)
    }

    @Test("a replay that reads ahead delivers what one that does not delivers", arguments: 0..<4)
    func sameEvents(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let store = MemoryObjectStore()
        var configuration = JournalConfiguration.defaults
        configuration.automaticCompaction = nil
        let writer = Journal(store: store, configuration: configuration)
        let noise = (0..<60_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        var number = 0
        for round in 0..<4 {
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                // Large ones too: those have footers to be read first, and several row groups.
                let count = Int.random(in: 1...4, using: &random) == 1 ? 900 : 20
                let size = count == 900 ? 9000 : 300
                let start = Int64.random(in: 0..<1_000_000, using: &random)
                let events = (0..<count)
                    .map { row in
                        number += 1
                        return Event(
                            id: "e\(number)",
                            timestamp: Timestamp(microseconds: start + Int64(row) * 500),
                            data: Array(noise[Int.random(in: 0...50_000, using: &random)...].prefix(size))
                        )
                    }
                try await writer.append(events)
            }
            for _ in 0..<5 {
                let id = "e\(Int.random(in: 1...number, using: &random))"
                if try await writer.event(id) == nil { continue }
                if Bool.random(using: &random) {
                    try await writer.update(id, data: Array("changed \(round)".utf8))
                } else {
                    try await writer.delete(id)
                }
            }
            if round == 1 || (round == 3 && seed % 2 == 0) { try await writer.compact(CompactionPolicy(force: true)) }
        }
        let far = FarAway(store)
        let reader = Journal(store: far, configuration: configuration)
        var options = ReplayOptions(windowBytes: 1 << 20)
        for turn in 0..<6 {
            if turn == 3 { options.windowBytes = 32 << 20 }
            let from = turn == 0 ? -1 : Int64.random(in: -1...700_000, using: &random)
            let range = (after: Timestamp(microseconds: from), through: Timestamp(microseconds: from + 1_200_000))
            var near: [Event] = []
            for try await event in writer.replay(after: range.after, through: range.through, options: options).events {
                near.append(event)
            }
            var found: [Event] = []
            for try await event in reader.replay(after: range.after, through: range.through, options: options).events {
                found.append(event)
            }
            #expect(near == found, "seed \(seed), turn \(turn): \(near.count) and \(found.count) events")
        }
    }
}
