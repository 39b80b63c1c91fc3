import EventImport
import EventJournal
import JMESPath
import ObjectStorage
import RecordStreams
import RecordStreamsTesting
import StreamArchive
import Synchronization
import Testing

/// A stream that does not say how many records wait, as Kinesis does not.
private struct SilentStream: StreamSource {
    let inner: MemoryStream
    var name: String { inner.name }

    init(_ inner: MemoryStream) { self.inner = inner }

    func retention() async throws -> Duration? { nil }
    func shards() async throws -> [StreamShard] { try await inner.shards() }

    func reader(of shard: String, from start: StreamStart) async throws -> any ShardReader {
        Reader(inner: try await inner.reader(of: shard, from: start))
    }

    private struct Reader: ShardReader {
        let inner: any ShardReader

        func next() async throws -> StreamBatch {
            var batch = try await inner.next()
            if batch.waiting != 0 { batch.waiting = nil }
            return batch
        }
    }
}

@Suite("A stream is archived")
struct ArchiveTests {
    @Test("a stream in memory does what every stream must", arguments: StreamConformance.checks)
    func conforms(check: StreamConformance.Check) async throws {
        try await check.run(on: MemoryStream(shards: 2, limit: 7))
    }

    @Test("a record becomes an event that says where it came from")
    func events() async throws {
        let stream = MemoryStream(name: "memory:orders", shards: 1)
        stream.append(Array("{}".utf8), key: "k", arrival: 5, to: "shard-0")
        stream.append([0xFF], key: nil, arrival: 7, to: "shard-0")
        let store = MemoryObjectStore()
        let report = try await Archives.once(stream, store)
        #expect(report.records == 2 && report.payloadBytes == 3 && report.segments == 1)
        let events = try await Archives.events(store)
        #expect(
            events == [
                Event(
                    id: "memory:orders/shard-0/0/0",
                    timestamp: Timestamp(microseconds: 5),
                    key: "k",
                    data: Array("{}".utf8),
                    source: "memory:orders/shard-0",
                    sequence: "0/0"
                ),
                Event(
                    id: "memory:orders/shard-0/1/0",
                    timestamp: Timestamp(microseconds: 7),
                    data: [0xFF],
                    source: "memory:orders/shard-0",
                    sequence: "1/0"
                ),
            ]
        )
    }

    @Test("the status tells how many records wait where the stream can tell, and that it cannot where it cannot")
    func lag() async throws {
        for isTold in [true, false] {
            let stream = MemoryStream(name: "memory:orders", shards: 1, limit: 10)
            for number in 0..<100 {
                stream.append([1], key: "k", arrival: Int64(number), to: "shard-0")
            }
            let store = MemoryObjectStore()
            var options = Archives.options
            (options.batchRecords, options.latency) = (10, .seconds(60))
            let stop = Mutex<StreamArchiver?>(nil)
            let archiver = StreamArchiver(
                isTold ? stream : SilentStream(stream),
                into: Archives.journal(store),
                options: options
            ) { notice in
                if case .stored = notice { stop.withLock { $0?.stop() } }
            }
            stop.withLock { $0 = archiver }
            let report = try await archiver.run(once: false)
            // One batch is read while another one is stored.
            let count = report.records
            #expect((10...30).contains(count))
            let status = try #require(try await ArchiveStatus.all(in: Archives.journal(store)).first?.shards.first)
            #expect(status.records == count && status.position == "\(count - 1)" && status.counted != nil)
            #expect(status.waiting == (isTold ? 100 - count : nil))
            try await Archives.once(stream, store)
            #expect(try await ArchiveStatus.all(in: Archives.journal(store)).first?.shards.first?.waiting == 0)
        }
    }

    @Test("the timestamp comes from the payload where it has one, else from the arrival, which is counted")
    func timestamps() async throws {
        let stream = MemoryStream(shards: 1)
        for (number, text) in [
            "{\"at\":{\"ms\":1600000000123}}", "{\"at\":{}}", "not JSON", "{\"at\":{\"ms\":\"soon\"}}",
            "{\"at\":{\"ms\":\"1600000000124\"}}",
        ]
        .enumerated() {
            stream.append(Array(text.utf8), key: "k", arrival: Int64(number), to: "shard-0")
        }
        let store = MemoryObjectStore()
        let report = try await Archives.once(stream, store) {
            $0.timestamp = try? JMESPathExpression("at.ms")
            $0.timestampUnit = .milliseconds
        }
        #expect(report.withoutTime == 3)
        #expect(
            try await Archives.events(store).map(\.timestamp.microseconds)
                == [1, 2, 3, 1_600_000_000_123_000, 1_600_000_000_124_000]
        )
    }

    @Test("children are read when all their parents are archived to their ends")
    func parents() async throws {
        let stream = MemoryStream(shards: 2, limit: 3)
        var producer = Producer(stream)
        producer.send(40)
        let children = stream.reshard(["shard-0"], into: 2)
        producer.send(40)
        let merged = stream.reshard(["shard-1", children[0]], into: 1)
        producer.send(40)
        let store = MemoryObjectStore()
        let report = try await Archives.once(stream, store) { $0.batchRecords = 5 }
        #expect(report.records == 120 && report.endedShards == 3 && report.gaps.isEmpty)
        try await producer.expectArchived(in: store)
        // In order of arrival in the journal no record of a child comes before the last one of its parents.
        var order: [String] = []
        for try await batch in Archives.journal(store).follow(options: FollowOptions(untilCaughtUp: true)) {
            for row in 0..<batch.count { order.append(batch.events[row].source ?? "") }
        }
        func last(_ shard: String) throws -> Int { try #require(order.lastIndex { $0.hasSuffix("/" + shard) }) }
        func first(_ shard: String) throws -> Int { try #require(order.firstIndex { $0.hasSuffix("/" + shard) }) }
        #expect(try last("shard-0") < first(children[1]))
        #expect(try last("shard-1") < first(merged[0]))
        #expect(try last("shard-0") < first(merged[0]))
    }

    @Test("an archiver goes on where the last one was, also when the inbox was compacted and cleared meanwhile")
    func goesOn() async throws {
        let stream = MemoryStream(shards: 3)
        var producer = Producer(stream)
        let store = MemoryObjectStore()
        for round in 0..<6 {
            producer.send(30)
            let report = try await Archives.once(stream, store)
            #expect(report.records == 30, "round \(round)")
            let journal = Archives.journal(store)
            if round % 2 == 1 {
                try await journal.compact(CompactionPolicy(force: true))
                // As cleaning up does later.
                let inbox = try await store.listAll(prefix: "_inbox/").collect(upTo: 1000).map(\.key)
                _ = try await store.delete(inbox.filter { $0.hasSuffix(".parquet") })
            }
            if round == 3 {
                // The ledger is no part of what has to survive.
                let ledgers = try await store.listAll(prefix: "_streams/").collect(upTo: 10).map(\.key)
                #expect(ledgers.count == 1)
                _ = try await store.delete(ledgers)
            }
        }
        try await producer.expectArchived(in: store)
        #expect(try await Archives.rows(store) == producer.sent)
        #expect(try await Archives.once(stream, store).records == 0)
        let status = try #require(try await ArchiveStatus.all(in: Archives.journal(store)).first)
        #expect(status.shards.map(\.records) == [60, 60, 60])
        #expect(status.shards.map(\.position) == ["59", "59", "59"])
        #expect(status.archivers.isEmpty && status.shards.allSatisfy { $0.owner == nil })
    }

    @Test("records that expired are a gap with its bounds, which stays in the status and is reported once")
    func gaps() async throws {
        let stream = MemoryStream(shards: 1)
        var producer = Producer(stream)
        let store = MemoryObjectStore()
        producer.send(10)
        try await Archives.once(stream, store)
        producer.send(10)
        stream.trim("shard-0", keeping: 4)
        let report = try await Archives.once(stream, store)
        #expect(report.records == 4)
        let gap = try #require(report.gaps.first)
        #expect(report.gaps.count == 1)
        #expect(gap.shard == "shard-0" && gap.after == "9" && gap.before == "16" && gap.isCertain)
        #expect(try await Archives.once(stream, store).gaps.isEmpty)
        #expect(try await ArchiveStatus.all(in: Archives.journal(store)).first?.gaps == [gap])
    }

    @Test("a shard that is gone before it was archived to its end is a gap, and its children are archived")
    func lostShard() async throws {
        let stream = MemoryStream(shards: 1)
        var producer = Producer(stream)
        let store = MemoryObjectStore()
        producer.send(5)
        try await Archives.once(stream, store)
        producer.send(5)
        stream.reshard(["shard-0"], into: 2)
        stream.trim("shard-0", keeping: 0)
        producer.send(6)
        let report = try await Archives.once(stream, store)
        #expect(report.records == 6)
        #expect(report.gaps.map(\.shard) == ["shard-0"])
        #expect(report.gaps.map(\.before) == [nil])
        #expect(try await Archives.once(stream, store).gaps.isEmpty)
    }

    @Test("a shard that came and went while nobody looked is a gap")
    func unseenShard() async throws {
        let stream = MemoryStream(shards: 1)
        var producer = Producer(stream)
        let store = MemoryObjectStore()
        producer.send(5)
        try await Archives.once(stream, store)
        let middle = stream.reshard(["shard-0"], into: 1)
        producer.send(5)
        stream.reshard(middle, into: 1)
        producer.send(5)
        stream.trim(middle[0], keeping: 0)
        let report = try await Archives.once(stream, store)
        #expect(report.records == 5)
        #expect(report.gaps.map(\.shard) == middle)
        #expect(try await Archives.once(stream, store).gaps.isEmpty)
        #expect(try await ArchiveStatus.all(in: Archives.journal(store)).first?.gaps.map(\.shard) == middle)
    }

    @Test("a stop stores what was read and hands the shards over")
    func stop() async throws {
        let stream = MemoryStream(shards: 4)
        var producer = Producer(stream)
        let store = MemoryObjectStore()
        var options = Archives.options
        options.latency = .seconds(60)
        options.lease = .seconds(60)
        let archiver = StreamArchiver(stream, into: Archives.journal(store), options: options)
        producer.send(100)
        let report = try await withThrowingTaskGroup(of: ArchiveReport.self) { group in
            group.addTask { try await archiver.run(once: false) }
            let status = Archives.journal(store)
            for _ in 0..<600 {
                let shards = try await ArchiveStatus.all(in: status).flatMap(\.shards)
                if shards.count(where: { $0.owner != nil }) == 4 { break }
                try await Task.sleep(for: .milliseconds(50))
            }
            // What is there is read at once.
            try await Task.sleep(for: .seconds(1))
            archiver.stop()
            return try #require(try await group.next())
        }
        #expect(report.records > 0 && report.segments == 1)
        // Nobody has to wait for the lease of a minute.
        let begin = ContinuousClock.now
        producer.send(1)
        #expect(try await Archives.once(stream, store).records == 101 - report.records)
        #expect(ContinuousClock.now - begin < .seconds(30))
        try await producer.expectArchived(in: store)
    }

    @Test("a name that could not be stored is refused")
    func names() async throws {
        await #expect {
            try await Archives.once(MemoryStream(name: "a\"b"), MemoryObjectStore())
        } throws: { ($0 as? ArchiveError)?.code == .invalidName }
    }
}
