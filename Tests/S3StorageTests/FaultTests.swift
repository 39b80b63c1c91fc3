import CloudTesting
import Foundation
import ObjectStorage
import ObjectStorageTesting
import Synchronization
import Testing

@testable import S3Storage

@Suite("Faults on the way lose nothing and double nothing")
struct FaultTests {
    @Test("Every kind of request gets over every fault", arguments: WayFault.allCases)
    func requests(_ fault: WayFault) async throws {
        // Each first attempt fails: requests alternate between the fault and none.
        try await FaultyWay.run { number, _ in
            number % 2 == 0 ? fault : nil
        } _: { store, direct, way in
            let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let put = try await store.put("a/b", bytes, mode: .ifAbsent)
            #expect(try await direct.head("a/b").entityTag == put.entityTag)
            #expect(try await store.get("a/b", range: nil).bytes == bytes)
            #expect(try await store.get("a/b", range: .suffix(10)).bytes == Array(bytes.suffix(10)))
            let next = try await store.put("a/b", [1], mode: .ifMatches(entityTag: put.entityTag))
            #expect(next.size == 1)
            try await store.copy("a/b", to: "c", mode: .overwrite)
            try await store.copy("a/b", to: "d", mode: .ifAbsent)
            #expect(try await store.listAll().collect(upTo: 10).map(\.key) == ["a/b", "c", "d"])
            await #expect(throws: ObjectStoreError(.alreadyExists, "")) {
                try await store.put("c", [2], mode: .ifAbsent)
            }
            await #expect(throws: ObjectStoreError(.notFound, "")) { try await store.get("nothing", range: nil) }
            #expect(try await store.delete(["a/b", "c"]).isEmpty)
            try await store.delete("d")
            #expect(try await direct.listAll().collect(upTo: 10).isEmpty)
            #expect(way.requests.count > 12)
        }
    }

    @Test(
        "Counters and appends of several writers are exact, whatever happens to answers",
        arguments: [1, UInt64.random(in: 2...1 << 40)]
    )
    func counters(seed: UInt64) async throws {
        let random = Mutex(SeededRandom(seed: seed))
        let plan: @Sendable (Int, TestRequest) -> WayFault? = { _, _ in
            random.withLock { random in
                random.next() % 100 < 35 ? WayFault.allCases[Int(random.next() % UInt64(WayFault.allCases.count))] : nil
            }
        }
        try await FaultyWay.run(plan) { store, direct, _ in
            try await direct.put("counter", [0], mode: .ifAbsent)
            let counts = try await withThrowingTaskGroup(of: (done: Int, unknown: Int).self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        var (done, unknown) = (0, 0)
                        for round in 0..<8 {
                            let won = try await store.put("log/\(writer)-\(round)", [UInt8(writer)], mode: .ifAbsent)
                            #expect(won.size == 1)
                            while true {
                                let current = try await store.get("counter", range: nil)
                                do {
                                    let next = [current.bytes[0] + 1] + Array("\(writer)-\(round)".utf8)
                                    try await store.put(
                                        "counter",
                                        next,
                                        mode: .ifMatches(entityTag: current.metadata.entityTag)
                                    )
                                    done += 1
                                    break
                                } catch let error as ObjectStoreError where error.code == .preconditionFailed {
                                    continue
                                } catch let error as ObjectStoreError where error.code == .unavailable {
                                    unknown += 1
                                    break
                                }
                            }
                        }
                        return (done, unknown)
                    }
                }
                return try await group.reduce(into: (done: 0, unknown: 0)) {
                    $0 = ($0.done + $1.done, $0.unknown + $1.unknown)
                }
            }
            let count = Int(try await direct.get("counter", range: nil).bytes[0])
            #expect((counts.done...counts.done + counts.unknown).contains(count), "seed \(seed): \(count), \(counts)")
            #expect(counts.done > 16, "seed \(seed): \(counts)")
            #expect(try await direct.listAll(prefix: "log/").collect(upTo: 100).count == 32, "seed \(seed)")
        }
    }

    @Test("An upload whose completion lost its answer is stored once", arguments: [PutMode.overwrite, .ifAbsent])
    func upload(_ mode: PutMode) async throws {
        let isFirst = Mutex(true)
        try await FaultyWay.run { _, request in
            guard request.method == "POST", request.target.contains("uploadId=") else { return nil }
            return isFirst.withLock { isFirst in
                defer { isFirst = false }
                return isFirst ? .lostAnswer : nil
            }
        } change: { configuration in
            configuration.partBytes = 5 << 20
        } _: { store, direct, way in
            let bytes = (0..<11 << 20).map { UInt8(truncatingIfNeeded: $0 &* 13 ^ $0 >> 9) }
            let stored = try await store.upload("big", mode: mode) { upload in
                for start in stride(from: 0, to: bytes.count, by: 1 << 20) {
                    try await upload.write(Array(bytes[start..<min(start + 1 << 20, bytes.count)]))
                }
            }
            #expect(stored.size == UInt64(bytes.count))
            let got = try await direct.get("big", range: nil)
            #expect(got.bytes == bytes && got.metadata.entityTag == stored.entityTag)
            #expect(way.requests.filter { $0.target.contains("partNumber=") }.count == 3)
        }
    }

    @Test("A get goes on at the byte it had reached, of the same version")
    func resume() async throws {
        let isFirst = Mutex(true)
        try await FaultyWay.run { _, request in
            guard request.method == "GET" else { return nil }
            return isFirst.withLock { isFirst in
                defer { isFirst = false }
                return isFirst ? .cut : nil
            }
        } _: { store, direct, way in
            let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 3 ^ $0 >> 8) }
            let put = try await direct.put("object", bytes)
            #expect(try await store.get("object", range: nil).bytes == bytes)
            let gets = way.requests.filter { $0.method == "GET" }
            #expect(gets.count == 2)
            let range = try #require(gets[1].header("range")?.split(whereSeparator: { "=-".contains($0) }))
            #expect(try (1...500_000).contains(#require(Int(range[1]))) && range[2] == "999999")
            #expect(gets[1].header("if-match") == put.entityTag)
        }
    }

    @Test("A get of an object that is replaced meanwhile is of one version")
    func replaced() async throws {
        try await TestS3.withStore { direct in
            try await direct.put("object", [UInt8](repeating: 1, count: 400_000))
            let proxy = TestProxy(to: try TestS3.endpoint)
            let isFirst = Mutex(true)
            try await TestServer.run { request in
                let answer = try await proxy.forward(request)
                guard
                    isFirst.withLock({ first in
                        defer { first = false }
                        return first
                    })
                else { return .answer(answer) }
                try await direct.put("object", [UInt8](repeating: 2, count: 300_000))
                return .cut(answer, at: 1000)
            } _: { url in
                var configuration = direct.client.configuration
                configuration.endpoint = url
                let store = try S3ObjectStore(configuration, credentials: direct.client.credentials)
                #expect(try await store.get("object", range: nil).bytes == [UInt8](repeating: 2, count: 300_000))
            }
        }
    }

    @Test("Damage on the way is noticed, and read over when it does not last", arguments: [1, 100])
    func damage(times: Int) async throws {
        try await TestS3.withStore { direct in
            try await direct.put("object", [UInt8](repeating: 1, count: 1000))
            let proxy = TestProxy(to: try TestS3.endpoint)
            let left = Mutex(times)
            try await TestServer.run { request in
                var answer = try await proxy.forward(request)
                if left.withLock({ left in
                    left -= 1
                    return left >= 0
                }) {
                    answer.body[500] ^= 4
                }
                return .answer(answer)
            } _: { url in
                var configuration = direct.client.configuration
                configuration.endpoint = url
                let store = try S3ObjectStore(configuration, credentials: direct.client.credentials)
                if times == 1 {
                    #expect(try await store.get("object", range: nil).bytes == [UInt8](repeating: 1, count: 1000))
                } else {
                    await #expect(throws: ObjectStoreError(.damaged, "")) { try await store.get("object", range: nil) }
                }
            }
        }
    }

    @Test("A wait that the server asks for is kept")
    func retryAfter() async throws {
        let attempts = Mutex(0)
        try await TestServer.run { _ in
            attempts.withLock { $0 += 1 }
            return attempts.withLock { $0 } == 1
                ? .text(503, "<Error><Code>SlowDown</Code></Error>", [("retry-after", "1")])
                : .answer(.init(200, headers: [("etag", "\"x\"")]))
        } _: { url in
            let store = try S3ObjectStore(S3Configuration(bucket: "bucket", endpoint: url), credentials: nil)
            let start = ContinuousClock.now
            try await store.put("object", [1])
            #expect(ContinuousClock.now - start >= .seconds(1))
            #expect(attempts.withLock { $0 } == 2)
        }
    }

    @Test("A server that says nothing, or too little, times out")
    func timeouts() async throws {
        for isSlow in [false, true] {
            try await TestServer.run { request in
                if !isSlow { return .hang }
                let start = request.header("range").flatMap { Int($0.dropFirst(6).prefix { $0 != "-" }) }
                var answer = TestReply.Answer(
                    200,
                    headers: [("etag", "\"x\"")],
                    body: [UInt8](repeating: 1, count: 1000)
                )
                if let start {
                    answer.status = 206
                    answer.headers.append(("content-range", "bytes \(start)-999/1000"))
                    answer.body.removeFirst(start)
                }
                return .slow(answer, bytes: 1, pause: .milliseconds(50))
            } _: { url in
                var configuration = S3Configuration(bucket: "bucket", endpoint: url)
                configuration.attempts = 2
                configuration.idleTimeout = .milliseconds(400)
                configuration.requestTimeout = .milliseconds(600)
                let store = try S3ObjectStore(configuration, credentials: nil)
                let start = ContinuousClock.now
                await #expect(throws: ObjectStoreError(.timedOut, "")) { try await store.get("object", range: nil) }
                #expect(ContinuousClock.now - start < .seconds(30))
            }
        }
    }
}
