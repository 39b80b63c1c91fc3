import Foundation
import ObjectStorage
import ObjectStorageTesting
import Parquet
import Testing

@testable import EventJournal

@Suite("Streams of URLs")
struct EventStreamsTests {
    /// A store in memory that signs, so that URLs show what they are of.
    struct SigningStore: PresigningObjectStore, ForwardingObjectStore {
        let base: any ObjectStore = MemoryObjectStore()
        var expiration: Int64? = Timestamp.now.microseconds + 3_600_000_000

        func presignedURL(forReading key: String, expires: Duration) async throws -> PresignedURL {
            PresignedURL("memory:" + key, expiration: expiration)
        }
    }

    private static func collect(_ replay: Replay) async throws -> [Event] {
        var events: [Event] = []
        for try await batch in replay { events += (0..<batch.count).map { batch[$0] } }
        return events
    }

    /// Puts, repeats, updates, deletes and compactions, by chance, of few ids and few moments.
    private static func program(_ journal: Journal, _ random: inout SeededGenerator) async throws {
        for step in 0..<Int.random(in: 3...14, using: &random) {
            let id = "e\(Int.random(in: 0..<12, using: &random))"
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let events = (0..<Int.random(in: 1...5, using: &random))
                    .map { number in
                        Event(
                            id: "e\(Int.random(in: 0..<12, using: &random))",
                            timestamp: Timestamp(microseconds: Int64.random(in: 0..<6, using: &random)),
                            key: Bool.random(using: &random) ? "k\(Int.random(in: 0..<3, using: &random))" : nil,
                            data: Array("put \(step) \(number) \"ü\n".utf8)
                        )
                    }
                try await journal.append(events)
            case 5..<7 where try await journal.event(id) != nil:
                try await journal.update(id, data: Array("update \(step)".utf8))
            case 7 where try await journal.event(id) != nil: try await journal.delete(id)
            case 8:
                var policy = CompactionPolicy(force: true)
                policy.appliesChanges = Bool.random(using: &random)
                policy.isThorough = Bool.random(using: &random)
                try await journal.compact(policy)
            default: break
            }
        }
    }

    /// What somebody reads who knows of a stream only which rows it says not to count.
    private static func readPlainly(_ stream: EventStream, _ store: any ObjectStore) async throws -> [Event] {
        let open = try await SegmentReader(store: store, parallelism: 1).open(stream.segment)
        var events: [Event] = []
        for group in open.file.metadata.rowGroups.indices {
            for batch in try await open.events(rowGroup: group, rows: nil) {
                events += (0..<batch.count).map { batch[$0] }
            }
        }
        let hidden = stream.hidden
        return events.enumerated()
            .filter { row, event in
                !stream.skipped.contains { $0.contains(row) }
                    && !hidden.contains { $0.id == event.id && $0.timestamp == event.timestamp }
            }
            .map(\.element)
    }

    @Test(
        "a manifest brings what a replay of the journal brings, whole and in shares",
        arguments: 0..<40 as Range<UInt64>
    )
    func equalsReplay(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let store = SigningStore()
        var configuration = JournalConfiguration.defaults
        configuration.automaticCompaction = nil
        try await Self.program(Journal(store: store, configuration: configuration), &random)
        let journal = Journal(store: store, configuration: configuration)
        for _ in 0..<3 {
            let bounds = (0..<2).map { _ in Int64.random(in: -1..<7, using: &random) }.sorted()
            let after = Bool.random(using: &random) ? nil : Timestamp(microseconds: bounds[0])
            let through = Bool.random(using: &random) ? nil : Timestamp(microseconds: bounds[1] + 1)
            let expected = try await journal.collect(after: after, through: through)
            let made = try await journal.eventStreams(after: after, through: through, expires: .seconds(60))
            let streams = try EventStreams(parsing: made.encoded())
            #expect(streams.encoded() == made.encoded())
            #expect(try await Self.collect(streams.replay(from: store)) == expected, "seed \(seed)")
            if after == nil, through == nil { #expect(streams.events == expected.count, "seed \(seed)") }

            let latest = ReplayOptions(latestPerKey: true)
            let expectedLatest = try await journal.collect(after: after, through: through, options: latest)
            #expect(
                try await Self.collect(streams.replay(from: store, options: latest)) == expectedLatest,
                "seed \(seed)"
            )

            let inside = Timestamp(microseconds: 3)
            if streams.range.after < inside, inside < streams.range.through {
                let part = try await Self.collect(streams.replay(from: store, after: inside))
                #expect(part == expected.filter { $0.timestamp > inside }, "seed \(seed)")
            }

            let count = Int.random(in: 1...4, using: &random)
            var shared: [Event] = []
            for number in 1...count {
                let share = try streams.dealt(#require(EventStreams.Share(number, of: count)))
                let mine = try await Self.collect(EventStreams(parsing: share.encoded()).replay(from: store))
                #expect(mine.map(\.timestamp) == mine.map(\.timestamp).sorted())
                shared += mine
            }
            #expect(Self.sorted(shared) == Self.sorted(expected), "seed \(seed)")

            var plain: [Event] = []
            for stream in streams.streams {
                let events = try await Self.readPlainly(stream, store)
                #expect(events.count == stream.events, "seed \(seed)")
                plain += events.filter { $0.timestamp > streams.range.after && $0.timestamp <= streams.range.through }
            }
            #expect(Self.sorted(plain) == Self.sorted(expected), "seed \(seed)")
        }
    }

    private static func sorted(_ events: [Event]) -> [Event] { events.sorted { $0.id < $1.id } }

    @Test("shares are balanced by bytes, disjoint, and the same each time")
    func shares() async throws {
        let store = SigningStore()
        var configuration = JournalConfiguration.defaults
        configuration.automaticCompaction = nil
        let journal = Journal(store: store, configuration: configuration)
        var random = SeededGenerator(seed: 5)
        for number in 0..<40 {
            let size = Int.random(in: 100..<20_000, using: &random)
            let data = (0..<size).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            try await journal.put(data, id: "e\(number)", at: Timestamp(microseconds: Int64(number)))
        }
        let streams = try await journal.eventStreams(expires: .seconds(60))
        let largest = try #require(streams.streams.map(\.bytes).max())
        for count in [1, 3, 7, 40, 50] {
            let shares = try (1...count).map { try streams.dealt(#require(EventStreams.Share($0, of: count))) }
            #expect(shares.flatMap { $0.streams.map(\.id) }.sorted() == streams.streams.map(\.id).sorted())
            let loads = shares.map(\.bytes)
            #expect(try #require(loads.max()) - #require(loads.min()) <= largest)
            let again = try EventStreams(parsing: streams.encoded()).dealt(#require(EventStreams.Share(1, of: count)))
            #expect(again.encoded() == shares[0].encoded())
        }
        let share = try #require(EventStreams.Share("2/3"))
        #expect(throws: JournalError(.invalidManifest, "")) { try streams.dealt(share).dealt(share) }
        #expect(throws: JournalError(.invalidManifest, "")) {
            try streams.dealt(share).replay(from: store, options: ReplayOptions(latestPerKey: true))
        }
        for text in ["0/3", "4/3", "3", "1/", "-1/2", "a/b", "1/2/3"] { #expect(EventStreams.Share(text) == nil) }
    }

    @Test("a manifest says what is wrong with it")
    func invalid() async throws {
        let store = SigningStore()
        let journal = Journal(store: store)
        try await journal.put([1], id: "a", at: Timestamp(microseconds: 5))
        let streams = try await journal.eventStreams(after: Timestamp(microseconds: 1), expires: .seconds(60))
        let text = String(decoding: streams.encoded(), as: UTF8.self)
        let lines = text.split(separator: "\n").map(String.init)
        let cases: [(String, String)] = [
            ("", "empty"), ("x\n", "no JSON"), (lines[1], "not the head"), (lines[0], "cut short"),
            (text.replacing("\"version\":1", with: "\"version\":3"), "update Highwater"),
            (text.replacing("\"version\":1", with: "\"version\":2"), "belong to version 2"),
            (text.replacing("\"share\":null", with: "\"share\":null,\"where\":\"a\""), "belong to version 2"),
            (text.replacing("\"version\":1", with: "\"version\":2,\"where\":\"a.\""), "its \"where\" is no expression"),
            (text.replacing("\"version\":1", with: "\"version\":2,\"select\":7"), "\"select\" is no text"),
            (text.replacing("\"version\":1", with: "\"version\":2,\"where\":\"a\",\"strict\":1"), "\"strict\""),
            (text.replacing("\"streams\":1", with: "\"streams\":2") + lines[1], "is there twice"),
            (text.replacing("\"kind\":\"appended\"", with: "\"kind\":\"compacted\""), "lacks checksum"),
            (text.replacing("\"skip\":[]", with: "\"skip\":[[0,2]]"), "skip"),
            (text.replacing("\"hide\":[]", with: "\"hide\":[[1,2]]"), "hide"),
            (text.replacing("_5_5_1_", with: "_5_5_x_"), "not the name"),
        ]
        for (text, words) in cases {
            let error = #expect(throws: JournalError.self) { try EventStreams(parsing: Array(text.utf8)) }
            #expect(error?.code == .invalidManifest)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
        #expect(throws: JournalError(.invalidManifest, "")) {
            try streams.replay(from: store, after: Timestamp(microseconds: 0))
        }
    }

    @Test("expressions of a manifest are applied by every replay from it, and by none widened")
    func selection() async throws {
        let store = SigningStore()
        let journal = Journal(store: store)
        try await journal.append(
            (0..<20)
                .map { number in
                    Event(
                        id: "e\(number)",
                        timestamp: Timestamp(microseconds: Int64(number)),
                        key: "k\(number % 3)",
                        data: Array((number == 7 ? "no JSON" : "{\"n\":\(number)}").utf8)
                    )
                }
        )
        let cases: [(String?, String?)] = [("n > `4` && @event.key != 'k1'", "[n]"), ("n > `4`", nil), (nil, "n")]
        for (condition, projection) in cases {
            let selection = try EventSelection(where: condition, select: projection)
            let made = try await journal.eventStreams(expires: .seconds(60), selection: selection)
            #expect(made.events == 20)
            let streams = try EventStreams(parsing: made.encoded())
            #expect(streams.encoded() == made.encoded())
            #expect(streams.selection?.condition == selection.condition)
            #expect(streams.selection?.projection == selection.projection)
            for latest in [false, true] {
                let expected = try await journal.collect(
                    options: ReplayOptions(latestPerKey: latest, selection: selection)
                )
                let options = ReplayOptions(latestPerKey: latest)
                #expect(try await Self.collect(streams.replay(from: store, options: options)) == expected)
            }
            #expect(streams.selection?.counts.notJSON == 1)
            let share = try streams.dealt(#require(EventStreams.Share(1, of: 1)))
            #expect(share.selection?.condition == selection.condition)
            let other = ReplayOptions(selection: try EventSelection(where: "n"))
            #expect(throws: JournalError(.invalidOption, "")) { try streams.replay(from: store, options: other) }
        }
        let strict = try EventSelection(where: "n", isStrict: true)
        let streams = try EventStreams(
            parsing: await journal.eventStreams(expires: .seconds(60), selection: strict).encoded()
        )
        await #expect(throws: JournalError(.invalidEvent, "")) { try await Self.collect(streams.replay(from: store)) }
    }

    @Test("a URL that has ended is named with its end before anything is read")
    func expired() async throws {
        let store = SigningStore(expiration: 1_709_251_200_000_000)
        let journal = Journal(store: store)
        try await journal.put([1], id: "a", at: Timestamp(microseconds: 5))
        let streams = try await journal.eventStreams(expires: .seconds(60))
        let error = #expect(throws: JournalError.self) { try streams.replay(from: store) }
        #expect(error?.code == .urlExpired)
        #expect(error?.message.contains("expired at 2024-03-01T00:00:00.000000Z") == true)
        // What is out of range need not be valid any more.
        #expect(try await Self.collect(streams.replay(from: store, after: Timestamp(microseconds: 5))).isEmpty)
    }

    @Test("a store without URLs says so")
    func noURLs() async throws {
        let journal = Journal(store: MemoryObjectStore())
        try await journal.put([1])
        await #expect(throws: JournalError(.invalidOption, "")) {
            try await journal.eventStreams(expires: .seconds(60))
        }
    }
}
