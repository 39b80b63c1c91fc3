import CloudTesting
import EventJournal
import Foundation
import ObjectStorage
import ObjectStorageTesting
import Synchronization
import Testing

@Suite("A journal is the same on every store", .timeLimit(.minutes(5)))
struct JournalProgramTests {
    /// One that is fixed, and one that is new each time.
    private static let seeds: [UInt64] = [1, given ?? UInt64.random(in: 2...1 << 40)]
    /// Repeats a program that failed.
    private static let given = ProcessInfo.processInfo.environment["HIGHWATER_TEST_SEED"].flatMap { UInt64($0) }

    /// Eight for each store: fixed ones, so that a change fails for what it does, and one that is new each time.
    private static let programSeeds: [UInt64] = seeds + Array(2...7)

    @Test("random programs of three processes do what their model does", arguments: StoreKind.allCases, programSeeds)
    func programs(kind: StoreKind, seed: UInt64) async throws {
        try await CloudServers.withStore(kind) { open in
            var program = try JournalProgram(seed: seed, open)
            try await program.run(steps: 28)
        }
    }

    @Test("programs lose nothing and double nothing on a way with every fault", arguments: seeds)
    func faults(seed: UInt64) async throws {
        let random = Mutex(SeededRandom(seed: seed))
        let met = Mutex<Set<WayFault>>([])
        try await CloudServers.withBucket { _, open in
            let way = FaultyWay(to: try CloudServers.s3) { _, _ in
                random.withLock { random in
                    guard random.next() % 100 < 8 else { return nil }
                    let fault = WayFault.allCases[Int(random.next() % UInt64(WayFault.allCases.count))]
                    met.withLock { _ = $0.insert(fault) }
                    return fault
                }
            }
            try await TestServer.run(way.handle) { url in
                var program = try JournalProgram(seed: seed) { try open(url) }
                try await program.run(steps: 14)
            }
            #expect(met.withLock { $0.count } >= 4, "seed \(seed)")
        }
    }

    @Test("writers and compactors that race bring every event once", arguments: StoreKind.allCases, [false, true])
    func races(kind: StoreKind, isFaulty: Bool) async throws {
        if isFaulty, kind != .s3 { return }
        if isFaulty {
            let random = Mutex(SeededRandom(seed: 11))
            try await CloudServers.withBucket { _, open in
                let way = FaultyWay(to: try CloudServers.s3) { _, _ in
                    random.withLock { random in
                        random.next() % 100 < 8
                            ? WayFault.allCases[Int(random.next() % UInt64(WayFault.allCases.count))] : nil
                    }
                }
                try await TestServer.run(way.handle) { url in try await Self.race { try open(url) } }
            }
        } else {
            try await CloudServers.withStore(kind) { try await Self.race($0) }
        }
    }

    /// Four writers who store some ids that others store too, and two compactors at once.
    private static func race(_ open: @escaping @Sendable () throws -> any ObjectStore) async throws {
        let writers = 4
        let batches = 9
        let working = Working(writers)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    defer { working.end() }
                    var configuration = JournalConfiguration.defaults
                    configuration.automaticCompaction = nil
                    let journal = Journal(store: try open(), configuration: configuration)
                    for batch in 0..<batches {
                        var events = (0..<5)
                            .map { number in
                                Event(
                                    id: "w\(writer)-\(batch)-\(number)",
                                    timestamp: Timestamp(microseconds: Int64(batch * 5 + number)),
                                    data: Array("\(writer)".utf8)
                                )
                            }
                        events.append(
                            Event(
                                id: "all-\(batch)",
                                timestamp: Timestamp(microseconds: 1000),
                                data: Array("\(writer)".utf8)
                            )
                        )
                        try await journal.append(events)
                        if batch == 6 { try await journal.delete("w\(writer)-2-2") }
                        if batch == 8 { try await journal.update("w\(writer)-3-3", data: Array("new".utf8)) }
                    }
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    let journal = Journal(store: try open())
                    while working.isAny {
                        // The writers are to have their turn on machines with few processors too.
                        try await Task.sleep(for: .milliseconds(5))
                        do {
                            try await journal.compact(CompactionPolicy(force: true, appliesChanges: true))
                        } catch let error as JournalError where error.code == .conflict {
                            continue
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let reader = Journal(store: try open())
        for _ in 0..<2 {
            var events: [Event] = []
            for try await batch in reader.replay() { events += (0..<batch.count).map { batch[$0] } }
            var expected = (0..<writers)
                .flatMap { writer in
                    (0..<batches).flatMap { batch in (0..<5).map { "w\(writer)-\(batch)-\($0)" } }
                        .filter { $0 != "w\(writer)-2-2" }
                }
            expected += (0..<batches).map { "all-\($0)" }
            #expect(events.map(\.id).sorted() == expected.sorted())
            #expect(
                events.filter { $0.id.hasSuffix("-3-3") }.map { String(decoding: $0.data, as: UTF8.self) }
                    == Array(repeating: "new", count: writers)
            )
            #expect(try await reader.verify().isClean)
            do { try await reader.compact(CompactionPolicy(force: true, appliesChanges: true)) } catch let error
                as JournalError where error.code == .tooLittle
            { continue }
        }
    }
}

/// How many are at work still.
private final class Working: Sendable {
    private let count: Mutex<Int>

    init(_ count: Int) { self.count = Mutex(count) }

    var isAny: Bool { count.withLock { $0 > 0 } }

    func end() { count.withLock { $0 -= 1 } }
}
