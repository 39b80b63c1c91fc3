import EventJournal
import Foundation
import ObjectStorage
import ObjectStorageTesting
import SQLQuery
import Testing

/// Queries over journals that are not a directory: their segments come through a cache.
@Suite("Segment cache") struct SegmentCacheTests {
    private static let days = 5

    /// A journal in memory with a segment a day, and how often its objects are read.
    private struct Remote: Sendable {
        let scratch: Scratch
        let store: CountingObjectStore
        let journal: Journal
        var cache: SegmentCache

        init() async throws {
            scratch = try Scratch()
            store = CountingObjectStore(MemoryObjectStore())
            journal = Journal(store: store, configuration: JournalConfiguration(automaticCompaction: nil))
            cache = SegmentCache(directory: scratch.path + "/some/cache*", limitBytes: 1 << 30)
            for day in 0..<SegmentCacheTests.days {
                let events = (0..<50)
                    .map { number in
                        Event(
                            id: "\(day)-\(number)",
                            timestamp: Timestamp(microseconds: Int64(day) * 86_400_000_000 + Int64(number)),
                            data: Array("{\"n\":\(number)}".utf8)
                        )
                    }
                try await journal.append(events)
                try await journal.compact(CompactionPolicy(force: true, targetObjectBytes: 1, isThorough: false))
            }
        }

        var segments: [Segment] { get async throws { try await journal.segments().filter { $0.batchID == nil } } }

        func run(_ statement: String, _ cache: SegmentCache? = nil) async throws -> (text: String, report: SQLReport) {
            try await SQLQuery(
                statement,
                engine: Engine.duckDB,
                options: SQLOptions(format: .csv, cache: cache ?? self.cache, temporaryDirectory: scratch.path)
            )
            .printed(on: journal)
        }

        /// The segments that are in the cache.
        var kept: [String] {
            get throws {
                try FileManager.default.contentsOfDirectory(atPath: cache.directory)
                    .filter {
                        $0.hasSuffix(".parquet") || $0.hasSuffix(".part")
                    }
            }
        }
    }

    private static let count = "select count(*) as n, sum((data->>'$.n')::int) as s from events"
    private static let whole = "n,s\n250,6125\n"

    @Test("segments are fetched once, and only those of the statement's range") func fetchesOnce() async throws {
        let remote = try await Remote()
        let day = try await remote.run(
            "select count(*) as n from events where timestamp >= '1970-01-03' and timestamp < '1970-01-04'"
        )
        #expect(day.text == "n\n50\n")
        #expect(day.report.archivedSegments == 1)
        #expect(day.report.fetchedBytes == day.report.archivedBytes)
        #expect(try remote.kept.count == 1)
        let all = try await remote.run(Self.count)
        #expect(all.text == Self.whole)
        #expect(all.report.fetchedBytes == all.report.archivedBytes - day.report.archivedBytes)
        #expect(try await remote.run(Self.count).report.fetchedBytes == 0)
        #expect(try await remote.run("select 1").report.archivedSegments == 0)
        // Nothing of a query stays but the segments.
        let left = try FileManager.default.contentsOfDirectory(atPath: remote.cache.directory)
        #expect(left.sorted() == (try remote.kept + ["lock"]).sorted())
    }

    @Test("a damaged file of the cache is fetched anew", arguments: ["flipped", "short", "empty", "long"])
    func damage(kind: String) async throws {
        let remote = try await Remote()
        #expect(try await remote.run(Self.count).text == Self.whole)
        let name = try #require(try remote.kept.first)
        let url = URL(fileURLWithPath: remote.cache.directory + "/" + name)
        var bytes = try Data(contentsOf: url)
        switch kind {
        case "flipped": bytes[bytes.count / 2] ^= 1
        case "short": bytes.removeLast()
        case "long": bytes.append(0)
        default: bytes = Data()
        }
        let file = try FileHandle(forWritingTo: url)
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: bytes)
        try file.close()
        let again = try await remote.run(Self.count)
        #expect(again.text == Self.whole)
        #expect(again.report.fetchedBytes > 0)
        #expect(try remote.kept.count == Self.days)
        #expect(try await remote.run(Self.count).report.fetchedBytes == 0)
    }

    @Test("what is damaged in the store is not served, and not kept") func damagedStore() async throws {
        let remote = try await Remote()
        let segment = try #require(try await remote.segments.first)
        var bytes = try await remote.store.get(segment.key, range: nil).bytes
        bytes[bytes.count / 2] ^= 1
        try await remote.store.put(segment.key, bytes, mode: .overwrite)
        let error = await #expect(throws: JournalError.self) { try await remote.run(Self.count) }
        #expect(error?.code == .damagedSegment)
        #expect(try !remote.kept.contains { $0.hasSuffix(".part") })
        #expect(try remote.kept.count < Self.days)
    }

    @Test("a full cache gives up what was not used for longest, and refuses what does not fit") func full() async throws
    {
        var remote = try await Remote()
        let sizes = try await remote.segments.map(\.objectBytes)
        let largest = try #require(sizes.max())
        remote.cache.limitBytes = largest * 3
        func day(_ number: Int) async throws -> Int {
            try await remote.run(
                "select count(*) from events where timestamp >= '1970-01-0\(number)' and timestamp < '1970-01-0\(number + 1)'"
            )
            .report.fetchedBytes
        }
        for number in 1...3 { #expect(try await day(number) > 0) }
        #expect(try await day(1) == 0)
        #expect(try await day(4) > 0)
        #expect(try remote.kept.count == 3)
        // The second went, which was used before the first.
        #expect(try await day(1) == 0)
        #expect(try await day(3) == 0)
        #expect(try await day(2) > 0)
        let error = await #expect(throws: SQLError(.limit, "")) { try await remote.run(Self.count) }
        #expect(error?.message.contains(remote.cache.directory) == true)
        remote.cache.limitBytes = sizes.reduce(0, +)
        #expect(try await remote.run(Self.count).text == Self.whole)
    }

    @Test("many queries at once share what each fetches", arguments: 0..<5) func concurrent(_: Int) async throws {
        let remote = try await Remote()
        let fetched = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    let (text, report) = try await remote.run(Self.count)
                    #expect(text == Self.whole)
                    return report.fetchedBytes
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(fetched == (try await remote.segments.reduce(0) { $0 + $1.objectBytes }))
        #expect(try remote.kept.count == Self.days)
    }

    @Test("what a killed process left half fetched is fetched again, or makes room") func abandoned() async throws {
        let remote = try await Remote()
        #expect(try await remote.run(Self.count).text == Self.whole)
        let name = try #require(try remote.kept.first)
        let path = remote.cache.directory + "/" + name
        let part = path.prefix(upTo: path.lastIndex(of: "-") ?? path.endIndex) + "-.part"
        try FileManager.default.moveItem(atPath: path, toPath: String(part))
        try Data("x".utf8).write(to: URL(fileURLWithPath: remote.cache.directory + "/0-0-1-.part"))
        #expect(try await remote.run(Self.count).text == Self.whole)
        #expect(try remote.kept.count == Self.days)
        #expect(try !remote.kept.contains { $0.hasSuffix(".part") })
    }

    @Test("updates and deletes that wait are applied to fetched segments") func changes() async throws {
        let remote = try await Remote()
        try await remote.journal.delete("1-7")
        try await remote.journal.update("2-7", data: Array("{\"n\":1000}".utf8))
        #expect(try await remote.run(Self.count).text == "n,s\n249,\(6125 - 7 - 7 + 1000)\n")
    }

    @Test("it is where the platform keeps such things") func place() {
        let given = SegmentCache.defaultDirectory(cacheHome: "/x/cache", home: "/h/u", temporary: "/tmp")
        #expect(given == "/x/cache/highwater")
        let home = SegmentCache.defaultDirectory(cacheHome: "relative", home: "/h/u", temporary: "/tmp")
        #if os(macOS)
        #expect(home == "/h/u/Library/Caches/highwater")
        #else
        #expect(home == "/h/u/.cache/highwater")
        #endif
        let none = SegmentCache.defaultDirectory(cacheHome: nil, home: nil, temporary: "/tmp")
        #expect(none.hasPrefix("/tmp/highwater-cache-"))
    }
}
