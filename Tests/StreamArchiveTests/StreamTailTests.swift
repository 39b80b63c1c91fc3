import EventJournal
import ObjectStorage
import ObjectStorageTesting
import RecordStreams
import StreamArchive
import Testing

/// A journal together with what is on a stream and not archived.
@Suite("The tail of a stream") struct StreamTailTests {
    /// Everything a reader sees, by payload; each id once.
    private func numbers(_ journal: Journal) async throws -> [String] {
        var numbers: [String] = []
        var ids: Set<String> = []
        for try await event in journal.replay().events {
            #expect(ids.insert(event.id).inserted, "\(event.id) is there twice")
            numbers.append(String(decoding: event.data, as: UTF8.self))
        }
        return numbers.sorted()
    }

    private func expected(_ count: Int) -> [String] { (0..<count).map { "{\"number\":\($0)}" }.sorted() }

    @Test("is all of a stream that was never archived, what came since, and nothing once all is archived")
    func growing() async throws {
        let store = MemoryObjectStore()
        let stream = MemoryStream(shards: 3, limit: 7)
        var producer = Producer(stream)
        for round in 0..<4 {
            producer.send(20)
            let journal = Archives.journal(store)
            let overlay = JournalOverlay(over: journal, in: MemoryObjectStore())
            let report = try await StreamTail(stream).read(behind: journal, into: overlay)
            #expect(report.records == 20 && report.gaps.isEmpty, "round \(round)")
            #expect(try await numbers(overlay.journal()) == expected(producer.sent))
            // Nothing of it got into the journal.
            #expect(try await numbers(journal).count == round * 20)
            try await Archives.once(stream, store)
            if round == 1 { try await journal.compact(CompactionPolicy(force: true)) }
            let archived = JournalOverlay(over: journal, in: MemoryObjectStore())
            #expect(try await StreamTail(stream).read(behind: journal, into: archived).records == 0)
            #expect(try await numbers(archived.journal()) == expected(producer.sent))
        }
    }

    @Test("an update of an event that is archived meanwhile counts, and the tail cannot be written to the journal")
    func updated() async throws {
        let store = MemoryObjectStore()
        let stream = MemoryStream(shards: 1)
        var producer = Producer(stream)
        producer.send(3)
        let journal = Archives.journal(store)
        let overlay = JournalOverlay(over: journal, in: MemoryObjectStore())
        _ = try await StreamTail(stream).read(behind: journal, into: overlay)
        try await Archives.once(stream, store)
        let id = "\(stream.name)/shard-0/1/0"
        try await journal.update(id, data: Array("changed".utf8))
        #expect(try await numbers(overlay.journal()) == ["changed", "{\"number\":0}", "{\"number\":2}"])
        try await journal.compact(CompactionPolicy(force: true, appliesChanges: true))
        #expect(try await numbers(overlay.journal()) == ["changed", "{\"number\":0}", "{\"number\":2}"])
        await #expect(throws: JournalError.self) { try await overlay.journal().put([1], id: "x", at: .now) }
    }

    @Test("is read to the end of what was there, though this clock is behind the stream's")
    func skewed() async throws {
        let stream = MemoryStream(shards: 1, limit: 7)
        var producer = Producer(stream)
        producer.send(40)
        let journal = Archives.journal(MemoryObjectStore())
        let overlay = JournalOverlay(over: journal, in: MemoryObjectStore())
        let report = try await StreamTail(SkewedSource(base: stream)).read(behind: journal, into: overlay)
        #expect(report.records == 40)
    }

    @Test("records that expired before anybody read them are told") func expired() async throws {
        let store = MemoryObjectStore()
        let stream = MemoryStream(shards: 1)
        var producer = Producer(stream)
        producer.send(5)
        try await Archives.once(stream, store)
        producer.send(10)
        stream.trim("shard-0", keeping: 4)
        let journal = Archives.journal(store)
        let overlay = JournalOverlay(over: journal, in: MemoryObjectStore())
        let report = try await StreamTail(stream).read(behind: journal, into: overlay)
        #expect(report.records == 4)
        #expect(report.gaps.map(\.shard) == ["shard-0"] && report.gaps.first?.isCertain == true)
    }

    @Test(
        "everything sent before is seen once, whatever archivers, compactions and resharding do between any two steps",
        arguments: 0..<20
    )
    func interleaved(seed: Int) async throws {
        let store = MemoryObjectStore()
        let stream = MemoryStream(shards: 2, limit: 5)
        let world = World(stream: stream, store: store, seed: UInt64(seed) &+ 977)
        for _ in 0..<4 {
            await world.send()
            try await world.step()
            let sent = await world.sent
            let journal = Archives.journal(store)
            let overlay = JournalOverlay(over: journal, in: MemoryObjectStore())
            var options = ArchiveOptions()
            options.batchRecords = 6
            let tail = StreamTail(MeddledSource(base: stream, world: world), options: options)
            let report = try await tail.read(behind: journal, into: overlay)
            #expect(report.gaps.isEmpty, "seed \(seed)")
            try await world.step()
            let seen = try await numbers(overlay.journal())
            #expect(Set(seen).isSuperset(of: expected(sent)), "seed \(seed)")
            #expect(seen.count == Set(seen).count, "seed \(seed)")
        }
    }
}

/// What others do while a tail is read.
private actor World {
    private let stream: MemoryStream
    private let store: MemoryObjectStore
    private var producer: Producer
    private var state: UInt64

    init(stream: MemoryStream, store: MemoryObjectStore, seed: UInt64) {
        (self.stream, self.store) = (stream, store)
        producer = Producer(stream)
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    var sent: Int { producer.sent }

    private func random(_ limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(limit))
    }

    func send() { producer.send(9) }

    /// Something, or nothing.
    func step() async throws {
        switch random(7) {
        case 0, 1: try await Archives.once(stream, store)
        case 2: producer.send(4)
        case 3: try await Archives.journal(store).compact(CompactionPolicy(force: true))
        case 4:
            let open = stream.openShards
            stream.reshard(open.count > 2 ? Array(open.prefix(2)) : [open[0]], into: open.count > 2 ? 1 : 2)
        default: break
        }
    }
}

/// A stream that lets others do something before each answer.
private struct MeddledSource: StreamSource {
    let base: MemoryStream
    let world: World

    var name: String { base.name }

    func retention() async throws -> Duration? { try await base.retention() }

    func shards() async throws -> [StreamShard] {
        try await world.step()
        return try await base.shards()
    }

    func reader(of shard: String, from start: StreamStart) async throws -> any ShardReader {
        try await world.step()
        return Reader(base: try await base.reader(of: shard, from: start), world: world)
    }

    private struct Reader: ShardReader {
        let base: any ShardReader
        let world: World

        func next() async throws -> StreamBatch {
            try await world.step()
            return try await base.next()
        }
    }
}

/// A stream whose records look as if they came just now.
private struct SkewedSource: StreamSource {
    let base: MemoryStream

    var name: String { base.name }

    func retention() async throws -> Duration? { try await base.retention() }

    func shards() async throws -> [StreamShard] { try await base.shards() }

    func reader(of shard: String, from start: StreamStart) async throws -> any ShardReader {
        Reader(base: try await base.reader(of: shard, from: start))
    }

    private struct Reader: ShardReader {
        let base: any ShardReader

        func next() async throws -> StreamBatch {
            var batch = try await base.next()
            if batch.waiting != 0 { batch.lag = .microseconds(1) }
            return batch
        }
    }
}
