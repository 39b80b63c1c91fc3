import EventJournal
import ObjectStorage
import Synchronization
import Testing

@Suite("Sequential round trips")
struct RoundTripTests {
    /// A store that is far away, and notes how many requests had to wait for each other.
    private struct FarStore: ObjectStore {
        let base: any ObjectStore
        /// The length of the longest chain of requests of which each began behind the end of another.
        private let depth = Depth()

        final class Depth: Sendable {
            let longest = Mutex(0)
            let log = Mutex<[String]>([])
        }

        init(_ base: any ObjectStore) { self.base = base }

        var location: String { base.location }
        var longest: Int { depth.longest.withLock { $0 } }
        var log: [String] { depth.log.withLock { $0 } }

        private func trip<Result: Sendable>(_ what: String, _ body: () async throws -> Result) async throws -> Result {
            let mine = depth.longest.withLock { $0 } + 1
            depth.log.withLock { $0.append("\(mine) \(what)") }
            // Far enough that what is sent side by side is answered side by side.
            try await Task.sleep(for: .milliseconds(150))
            defer { depth.longest.withLock { $0 = max($0, mine) } }
            return try await body()
        }

        func get(_ key: String, range: ByteRange?) async throws -> GetResult {
            try await trip("get \(key) \(range.map { "\($0)" } ?? "")") { try await base.get(key, range: range) }
        }
        func head(_ key: String) async throws -> ObjectMetadata {
            try await trip("head \(key)") { try await base.head(key) }
        }
        func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
            try await trip("put \(key)") { try await base.put(key, bytes, mode: mode) }
        }
        func beginUpload(_ key: String, mode: PutMode) async throws -> any ObjectUpload {
            try await base.beginUpload(key, mode: mode)
        }
        func delete(_ keys: [String]) async throws -> [DeleteFailure] { try await base.delete(keys) }
        func copy(_ source: String, to destination: String, mode: PutMode) async throws -> ObjectMetadata {
            try await base.copy(source, to: destination, mode: mode)
        }
        func list(_ options: ListOptions) async throws -> ListPage {
            try await trip("list \(options.prefix)") { try await base.list(options) }
        }
    }

    private static let day: Int64 = 86_400_000_000

    @Test("a cold open and a day take four where all is compacted, two more with new segments", arguments: [0, 12])
    func coldDay(inbox: Int) async throws {
        try await CloudServers.withBucket { _, open in
            let store = try open(nil)
            var configuration = JournalConfiguration.defaults
            configuration.automaticCompaction = nil
            let writer = Journal(store: store, configuration: configuration)
            func events(_ numbers: Range<Int>, _ name: String) -> [Event] {
                numbers.map { number in
                    Event(
                        id: "\(name)\(number)",
                        timestamp: Timestamp(microseconds: Int64(number) * Self.day / 1000),
                        data: Array("{\"n\":\(number * 7919),\"text\":\"\(String(number * 104_729, radix: 36))\"}".utf8)
                    )
                }
            }
            for days in 0..<3 { try await writer.append(events((days * 10_000)..<((days + 1) * 10_000), "e")) }
            try await writer.compact(CompactionPolicy(force: true))
            // What arrived since, of the very day among others.
            for number in 0..<inbox {
                let first = 14_000 + number * 100
                try await writer.append(events(first..<(first + 20), "n"))
            }

            let far = FarStore(store)
            var registry = ObjectStoreRegistry()
            registry.register(scheme: "far") { _ in far }
            let begin = ContinuousClock.now
            let journal = try await Journal.open(
                "far:journal",
                create: false,
                configuration: configuration,
                registry: registry
            )
            var count = 0
            for try await batch in journal.replay(
                after: Timestamp(microseconds: Self.day * 14 - 1),
                through: Timestamp(microseconds: Self.day * 15 - 1)
            ) {
                count += batch.count
            }
            #expect(count == 1000 + min(inbox, 10) * 20)
            #expect(
                far.longest <= (inbox == 0 ? 4 : 6),
                "\(begin.duration(to: .now)): \(far.log.joined(separator: "\n"))"
            )
            print("Round trips of a cold open and a day, \(inbox) segments in the inbox: \(far.longest)")
        }
    }
}
