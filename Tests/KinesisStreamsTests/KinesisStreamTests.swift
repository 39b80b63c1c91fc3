import AWSSigning
import CloudTesting
import Foundation
import RecordStreams
import RecordStreamsTesting
import Synchronization
import Testing

@testable import KinesisStreams

@Suite("A Kinesis stream on moto")
struct KinesisStreamTests {
    @Test("does what every stream must", arguments: StreamConformance.checks)
    func conforms(check: StreamConformance.Check) async throws {
        try await check.run(on: TestKinesis.stream { $0.readsPerSecond = 1000 })
    }

    @Test("what boto3 puts is read, packed records singly, and shards of all generations with their parents")
    func reshards() async throws {
        let stream = try await TestKinesis.stream { $0.readsPerSecond = 1000 }
        let packed =
            "f3899ac20a05616c7068610a04626574611a0908001a0566697273741a0c08011a08ff007365636f6e641a0908001a057468697264"
        try await TestKinesis.produce(stream, ["put", "0", "1200", packed + "b3c67b7af7d09b94d28f2f92fe90ec5f"])
        try await TestKinesis.produce(stream, ["run", "1200", "400", "0"])
        let records = try await TestKinesis.read(stream)
        let numbers = records.filter { $0.key?.hasPrefix("key-") == true }
            .compactMap { record in
                String(decoding: record.data, as: UTF8.self).split(whereSeparator: { !$0.isNumber }).first
                    .flatMap { Int($0) }
            }
        #expect(numbers.sorted() == Array(0..<1600))
        let others = records.filter { $0.key?.hasPrefix("key-") == false }
        #expect(others.map(\.key) == ["alpha", "beta", "alpha"])
        #expect(others.map(\.subsequence) == [0, 1, 2])
        #expect(Set(others.map(\.sequence)).count == 1)
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        #expect(records.allSatisfy { abs(now - $0.arrival) < 600_000_000 })
        let shards = try await stream.shards()
        #expect(shards.count > 6)
        let merged = shards.filter { $0.parents.count == 2 }
        #expect(merged.count == 3)
        let names = Set(shards.map(\.id))
        #expect(shards.flatMap(\.parents).allSatisfy { names.contains($0) })
        #expect(try await stream.retention() == .seconds(86_400))
    }

    @Test("throttling, lost answers and resets end in the right records", arguments: [1, 2, 3])
    func faults(seed: Int) async throws {
        let way = FaultyWay(to: try TestKinesis.endpoint) { number, _ in
            // Lost answers of puts would double records, which is allowed and not wanted here.
            [nil, .busy, nil, .reset, .cut, nil, nil][(number &* 31 &+ seed) % 7]
        }
        try await TestServer.run(way.handle) { url in
            let stream = try await TestKinesis.stream(endpoint: url) {
                $0.readsPerSecond = 1000
                $0.attempts = 30
            }
            let direct = try await TestKinesis.stream { configuration in
                configuration.stream = stream.client.configuration.stream
                configuration.readsPerSecond = 1000
            }
            try await direct.send((0..<60).map { OutgoingRecord(key: "key-\($0)", data: Array("\($0)".utf8)) })
            let records = try await TestKinesis.read(stream)
            #expect(Set(records.map { String(decoding: $0.data, as: UTF8.self) }) == Set((0..<60).map { "\($0)" }))
            #expect(records.count == 60)
        }
    }

    @Test("a shard is read no more often than the service allows, by a client left to itself")
    func paced() async throws {
        let reads = Mutex<[ContinuousClock.Instant]>([])
        let proxy = TestProxy(to: try TestKinesis.endpoint)
        try await TestServer.run { request in
            if request.header("x-amz-target")?.hasSuffix("GetRecords") == true { reads.withLock { $0.append(.now) } }
            return .answer(try await proxy.forward(request))
        } _: { url in
            let stream = try await TestKinesis.stream(shards: 1, endpoint: url)
            let reader = try await stream.reader(of: try await stream.shards()[0].id, from: .beginning)
            for _ in 0..<8 { _ = try await reader.next() }
        }
        let moments = reads.withLock(\.self)
        #expect(moments.count == 8)
        // Any six of them take more than a second, but for the way to the server, which can take long for the first.
        for (first, sixth) in zip(moments, moments.dropFirst(5)) { #expect(sixth - first > .milliseconds(500)) }
    }

    @Test("records that a put refused in part are put again, alone and in order")
    func partialFailure() async throws {
        let stored = Mutex<[String]>([])
        let calls = Mutex(0)
        try await TestServer.run { request in
            let body = try #require(try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
            let records = try #require(body["Records"] as? [[String: Any]])
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            let results = records.enumerated()
                .map { index, record -> String in
                    // Every third is refused at first, and everything once more.
                    if call == 2 || (call == 1 && index % 3 == 0) {
                        return
                            "{\"ErrorCode\":\"ProvisionedThroughputExceededException\",\"ErrorMessage\":\"slow down\"}"
                    }
                    let data = Data(base64Encoded: record["Data"] as? String ?? "") ?? Data()
                    stored.withLock { $0.append(String(decoding: data, as: UTF8.self)) }
                    return "{\"SequenceNumber\":\"1\",\"ShardId\":\"shardId-0\"}"
                }
            return .text(200, "{\"FailedRecordCount\":0,\"Records\":[\(results.joined(separator: ","))]}")
        } _: { url in
            let configuration = KinesisConfiguration(stream: "orders", region: "us-east-1", endpoint: url)
            let stream = try KinesisStream(configuration, credentials: TestKinesis.credentials)
            let records = (0..<9).map { OutgoingRecord(key: "key-\($0)", data: Array("\($0)".utf8)) }
            try await stream.send(records + [OutgoingRecord(key: "key-0", data: Array("last".utf8))])
        }
        let all = stored.withLock(\.self)
        #expect(all.sorted() == ((0..<9).map { "\($0)" } + ["last"]).sorted())
        #expect(all.last == "last")
    }

    @Test("an iterator that expired is renewed behind the last record, and no record is read twice")
    func expiredIterator() async throws {
        let expired = Mutex(0)
        let proxy = TestProxy(to: try TestKinesis.endpoint)
        try await TestServer.run { request in
            let isRead = request.header("x-amz-target")?.hasSuffix("GetRecords") == true
            let count = expired.withLock { expired in
                if isRead { expired += 1 }
                return expired
            }
            if isRead, count % 2 == 0 {
                return .text(400, "{\"__type\":\"ExpiredIteratorException\",\"message\":\"Iterator expired.\"}")
            }
            return .answer(try await proxy.forward(request))
        } _: { url in
            let stream = try await TestKinesis.stream(shards: 1, endpoint: url) { $0.readsPerSecond = 1000 }
            let shard = try await stream.shards()[0].id
            let reader = try await stream.reader(of: shard, from: .beginning)
            var read: [String] = []
            for round in 0..<5 {
                try await stream.send([OutgoingRecord(key: "k", data: Array("\(round)".utf8))])
                read += try await reader.next().records.map { String(decoding: $0.data, as: UTF8.self) }
            }
            #expect(read == (0..<5).map { "\($0)" })
        }
        #expect(expired.withLock(\.self) > 5)
    }

    @Test("a position that the stream has no more is told, and reading goes on with what there is")
    func trimmed() async throws {
        // moto forgets nothing by age; a service that does answers like this.
        try await TestServer.run { request in
            let body = String(decoding: request.body, as: UTF8.self)
            if request.header("x-amz-target")?.hasSuffix("GetShardIterator") == true {
                return .text(200, "{\"ShardIterator\":\"\(body.contains("AT_SEQUENCE_NUMBER") ? "at" : "other")\"}")
            }
            return .text(
                200,
                """
                {"Records":[{"SequenceNumber":"900","Data":"YQ==","PartitionKey":"k","ApproximateArrivalTimestamp":1.5E9},
                {"SequenceNumber":"901","Data":"Yg==","PartitionKey":"k","ApproximateArrivalTimestamp":1500000001}],
                "NextShardIterator":"next","MillisBehindLatest":0}
                """
            )
        } _: { url in
            let configuration = KinesisConfiguration(stream: "orders", region: "us-east-1", endpoint: url)
            let stream = try KinesisStream(configuration, credentials: TestKinesis.credentials)
            let gone = try await stream.reader(of: "shardId-0", from: .behind(StreamPosition("100")))
            let batch = try await gone.next()
            #expect(batch.continuity == .uncertain)
            #expect(batch.records.map(\.sequence) == ["900", "901"])
            #expect(batch.records.map(\.arrival) == [1_500_000_000_000_000, 1_500_000_001_000_000])
            let there = try await stream.reader(of: "shardId-0", from: .behind(StreamPosition("900"))).next()
            #expect(there.continuity == .whole)
            #expect(there.records.map(\.sequence) == ["901"])
        }
    }

    @Test("an error says what to do")
    func errors() async throws {
        let missing = KinesisConfiguration(
            stream: "no-such-stream",
            region: "eu-west-1",
            endpoint: try TestKinesis.endpoint
        )
        await #expect {
            _ = try await KinesisStream(missing, credentials: TestKinesis.credentials).shards()
        } throws: { error in
            let error = error as? StreamError
            return error?.code == .notFound && error?.message.contains("no-such-stream in eu-west-1") == true
                && error?.message.contains("region") == true
        }
        struct None: AWSCredentialsProvider {
            struct Reason: Error {}
            func credentials() async throws -> AWSCredentials { throw Reason() }
        }
        await #expect {
            _ = try await KinesisStream(missing, credentials: None()).shards()
        } throws: { ($0 as? StreamError)?.code == .noCredentials }
        let answers: [(String, StreamError.Code)] = [
            ("AccessDeniedException", .permissionDenied), ("UnrecognizedClientException", .noCredentials),
            ("InvalidSignatureException", .noCredentials), ("ValidationException", .failed),
            ("com.amazonaws.kinesis#ResourceNotFoundException:http://x/", .notFound),
        ]
        for (type, code) in answers {
            try await TestServer.run { _ in
                .text(400, "{\"__type\":\"\(type)\",\"message\":\"No.\"}")
            } _: { url in
                let configuration = KinesisConfiguration(stream: "orders", region: "us-east-1", endpoint: url)
                await #expect("\(type)") {
                    _ = try await KinesisStream(configuration, credentials: TestKinesis.credentials).shards()
                } throws: { ($0 as? StreamError)?.code == code }
            }
        }
        try await TestServer.run { _ in
            .text(400, "{\"__type\":\"ProvisionedThroughputExceededException\",\"message\":\"Rate exceeded.\"}")
        } _: { url in
            var configuration = KinesisConfiguration(stream: "orders", region: "us-east-1", endpoint: url)
            configuration.attempts = 2
            await #expect {
                _ = try await KinesisStream(configuration, credentials: TestKinesis.credentials).shards()
            } throws: { ($0 as? StreamError)?.code == .throttled && ($0 as? StreamError)?.isTransient == true }
        }
        var silent = KinesisConfiguration(stream: "orders", region: "us-east-1", endpoint: "http://127.0.0.1:1")
        silent.attempts = 2
        await #expect {
            _ = try await KinesisStream(silent, credentials: TestKinesis.credentials).shards()
        } throws: { ($0 as? StreamError)?.code == .unavailable }
    }

    @Test("what somebody says of a refusal is told, however badly it is said")
    func oddRefusals() async throws {
        let cut =
            Array("{\"__type\":\"ValidationException\",\"message\":\"no such ké".utf8.dropLast()) + Array("\"}".utf8)
        let answers: [(body: [UInt8], parts: [String])] = [
            (Array("<html>\n<h1>No\u{1B}way</h1>".utf8), ["status 400: <html> <h1>No\u{FFFD}way</h1>"]),
            (Array("{\"error\":\"no way\"}".utf8), ["no way"]),
            (cut, ["status 400 ValidationException: no such k\u{FFFD}"]),
        ]
        for answer in answers {
            try await TestServer.run { _ in
                .answer(TestReply.Answer(400, body: answer.body))
            } _: { url in
                let configuration = KinesisConfiguration(stream: "orders", region: "us-east-1", endpoint: url)
                let error = try await #require(throws: StreamError.self) {
                    _ = try await KinesisStream(configuration, credentials: TestKinesis.credentials).shards()
                }
                for part in answer.parts { #expect(error.message.contains(part)) }
            }
        }
        // An answer that should hold records is not guessed at.
        try await TestServer.run { _ in
            .answer(TestReply.Answer(200, body: cut))
        } _: { url in
            let configuration = KinesisConfiguration(stream: "orders", region: "us-east-1", endpoint: url)
            let error = try await #require(throws: StreamError.self) {
                _ = try await KinesisStream(configuration, credentials: TestKinesis.credentials).shards()
            }
            #expect(error.message.contains("cannot be read: it is no JSON from byte \(cut.count - 2) on"))
        }
    }

    @Test("a record that Kinesis could not take is refused before any is sent")
    func tooLarge() async throws {
        let stream = try await TestKinesis.stream { $0.readsPerSecond = 1000 }
        let fine = OutgoingRecord(key: "k", data: [1])
        for bad in [
            OutgoingRecord(key: "", data: [1]), OutgoingRecord(key: String(repeating: "k", count: 257), data: [1]),
            OutgoingRecord(key: "k", data: Array(repeating: 0, count: 10 << 20)),
        ] {
            await #expect {
                try await stream.send([fine, bad])
            } throws: { ($0 as? StreamError)?.code == .recordTooLarge }
        }
        #expect(try await TestKinesis.read(stream).isEmpty)
    }
}
