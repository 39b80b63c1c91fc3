import EventJournal
import ObjectStorage
import ObjectStorageTesting
import RecordStreams
import Synchronization
import Testing

@testable import StreamArchive

@Suite("Archivers that die, pause and compete")
struct CrashTests {
    @Test("nothing is missing and nothing twice, whichever put an archiver dies at", arguments: [false, true])
    func everyPut(hasLastEffect: Bool) async throws {
        for puts in 0..<16 {
            let stream = MemoryStream(shards: 2, limit: 5)
            var producer = Producer(stream)
            let store = MemoryObjectStore()
            producer.send(20)
            stream.reshard(["shard-0"], into: 2)
            producer.send(20)
            let mortal = MortalStore(store, puts: puts, hasLastEffect: hasLastEffect)
            do {
                try await Archives.once(stream, mortal) { $0.batchRecords = 6 }
            } catch let error as JournalError {
                #expect((error.cause as? ObjectStoreError) == MortalStore.death)
            } catch let error as ObjectStoreError {
                #expect(error == MortalStore.death)
            }
            producer.send(10)
            #expect(try await Archives.once(stream, store).gaps.isEmpty)
            try await producer.expectArchived(in: store, "died at put \(puts)")
        }
    }

    @Test("random interleavings of producers, resharding, compaction and archivers that die", arguments: 0..<6)
    func interleavings(number: Int) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        let comment: Comment = "seed \(seed)"
        let stream = MemoryStream(shards: 3, limit: 9)
        var producer = Producer(stream)
        let store = MemoryObjectStore()
        for _ in 0..<12 {
            producer.send(Int.random(in: 0...40, using: &random))
            let open = stream.openShards.shuffled(using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: stream.reshard([open[0]], into: 2)
            case 1 where open.count > 1: stream.reshard(Array(open.prefix(2)), into: 1)
            case 2: _ = try? await Archives.journal(store).compact(CompactionPolicy(force: true))
            default: break
            }
            // Some archivers at once, each of which dies sooner or later, or is done.
            let lives = (0..<Int.random(in: 1...3, using: &random)).map { _ in Int.random(in: 1...25, using: &random) }
            let effects = lives.map { _ in Bool.random(using: &random) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (puts, hasLastEffect) in zip(lives, effects) {
                    let mortal = MortalStore(store, puts: puts, hasLastEffect: hasLastEffect)
                    group.addTask {
                        do {
                            try await Archives.once(stream, mortal) {
                                $0.batchRecords = 7
                                $0.lease = .milliseconds(60)
                            }
                        } catch let error as JournalError {
                            #expect((error.cause as? ObjectStoreError) == MortalStore.death, comment)
                        } catch let error as ObjectStoreError {
                            #expect(error == MortalStore.death, comment)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(try await Archives.once(stream, store).gaps.isEmpty, comment)
        try await producer.expectArchived(in: store, comment)
        #expect(try await Archives.journal(store).verify().isClean, comment)
    }

    @Test("archivers at work share the shards, and each record is stored once")
    func sharing() async throws {
        let stream = MemoryStream(shards: 6, limit: 5)
        var producer = Producer(stream)
        let store = MemoryObjectStore()
        let archivers = (0..<3)
            .map { _ in
                var options = Archives.options
                options.lease = .seconds(3)
                return StreamArchiver(stream, into: Archives.journal(store), options: options)
            }
        let reports = try await withThrowingTaskGroup(of: ArchiveReport.self) { group in
            for archiver in archivers { group.addTask { try await archiver.run(once: false) } }
            var shares: [Int] = []
            for _ in 0..<1200 where shares != [2, 2, 2] {
                producer.send(30)
                try await Task.sleep(for: .milliseconds(100))
                let owners = try await ArchiveStatus.all(in: Archives.journal(store)).flatMap(\.shards)
                    .compactMap(\.owner)
                shares = Dictionary(grouping: owners, by: \.self).values.map(\.count)
            }
            #expect(shares == [2, 2, 2])
            producer.send(300)
            try await Task.sleep(for: .milliseconds(500))
            for archiver in archivers { archiver.stop() }
            var reports: [ArchiveReport] = []
            for try await report in group { reports.append(report) }
            return reports
        }
        try await Archives.once(stream, store)
        try await producer.expectArchived(in: store)
        #expect(reports.allSatisfy { $0.records > 0 })
        #expect(try await Archives.rows(store) == producer.sent)
    }

    @Test("an archiver whose clock stood still while another took over doubles nothing, though it stores")
    func splitBrain() async throws {
        let stream = MemoryStream(shards: 1, limit: 5)
        var producer = Producer(stream)
        let store = MemoryObjectStore()
        // Its clock does not move: it believes in its lease for ever. It reads, and cannot store for a while.
        let gate = GatedStore(store)
        let frozen = JournalTime(now: { .seconds(1) }, sleep: { try await Task.sleep(for: min($0, .milliseconds(5))) })
        var options = Archives.options
        options.batchRecords = 5
        let paused = StreamArchiver(
            stream,
            into: Archives.journal(gate),
            options: options,
            time: frozen,
            clock: { .now },
            notify: { _ in }
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    _ = try await paused.run(once: false)
                } catch let error as ArchiveError {
                    #expect(error.code == .leaseLost)
                }
            }
            producer.send(20)
            while !gate.isClosed { try await Task.sleep(for: .milliseconds(5)) }
            producer.send(20)
            #expect(try await Archives.once(stream, store).records == 40)
            gate.open()
            while try await Archives.rows(store) == 40 { try await Task.sleep(for: .milliseconds(5)) }
            paused.stop()
            try await group.waitForAll()
        }
        #expect(try await Archives.rows(store) > 40, "the test shows nothing: the paused archiver stored nothing")
        try await producer.expectArchived(in: store)
        producer.send(5)
        #expect(try await Archives.once(stream, store).gaps.isEmpty)
        try await producer.expectArchived(in: store)
        try await Archives.journal(store).compact(CompactionPolicy(force: true))
        try await producer.expectArchived(in: store)
        #expect(try await Archives.once(stream, store).records == 0)
    }

    @Test("an archiver that was silent for longer than its lease stores nothing any more")
    func fencing() async throws {
        let time = Mutex(Duration.zero)
        let keeperTime = JournalTime(now: { time.withLock(\.self) }, sleep: { try await Task.sleep(for: $0) })
        let journal = Archives.journal(MemoryObjectStore())
        let store = LedgerStore(
            store: journal.objectStore,
            stream: "memory:stream",
            time: keeperTime,
            freshName: { journal.freshName() }
        )
        let keepers = (0..<2).map { _ in LeaseKeeper(store: store, lease: .seconds(10), clock: { .now }) }
        let listing = LeaseKeeper.Report(listing: [StreamShard(id: "a"), StreamShard(id: "b")])
        let first = try await keepers[0].renew(listing)
        #expect(first.held == ["a": 1, "b": 1])
        try keepers[0].require(first.held)
        // The second one finds both taken, and that the first has more than its share.
        #expect(try await keepers[1].renew(.init()).held.isEmpty)
        let shared = try await keepers[0].renew(.init())
        #expect(shared.surplus == ["b"])
        #expect(try await keepers[0].renew(.init(released: ["b"])).held == ["a": 1])
        #expect(try await keepers[1].renew(.init()).held == ["b": 2])
        // The first one falls silent.
        time.withLock { $0 = .seconds(9) }
        #expect(try await keepers[1].renew(.init()).held == ["b": 2])
        try keepers[0].require(["a": 1])
        time.withLock { $0 = .seconds(10) }
        #expect(throws: ArchiveError.self) { try keepers[0].require(["a": 1]) }
        let taken = try await keepers[1].renew(.init())
        #expect(taken.held == ["a": 2, "b": 2])
        let back = try await keepers[0].renew(.init())
        #expect(back.hasLost && back.held.isEmpty)
        #expect(throws: ArchiveError.self) { try keepers[0].require(["a": 1]) }
        // One that leaves hands over at once.
        _ = try await keepers[1].renew(.init(isLeaving: true))
        #expect(try await keepers[0].renew(.init()).held == ["a": 3, "b": 3])
    }
}

/// A store as a machine sees it that is paused at its first put of a segment: from then on no put gets through.
private final class GatedStore: ForwardingObjectStore {
    private enum Gate { case untouched, closed, opened }
    let base: any ObjectStore
    private let gate = Mutex(Gate.untouched)

    init(_ base: any ObjectStore) { self.base = base }

    var isClosed: Bool { gate.withLock { $0 == .closed } }
    func open() { gate.withLock { $0 = .opened } }

    func put(_ key: String, _ bytes: [UInt8], mode: PutMode) async throws -> ObjectMetadata {
        gate.withLock { gate in if gate == .untouched, key.hasPrefix("_inbox/") { gate = .closed } }
        while isClosed { try await Task.sleep(for: .milliseconds(5)) }
        return try await base.put(key, bytes, mode: mode)
    }
}
