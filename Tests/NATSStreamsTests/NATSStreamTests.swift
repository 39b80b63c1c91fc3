import CloudTesting
import Foundation
import RecordStreams
import RecordStreamsTesting
import Testing

@testable import NATSStreams

@Suite("A NATS stream on nats-server")
struct NATSStreamTests {
    /// One server for the tests that leave it alone.
    private actor Shared {
        static let shared = Shared()
        private var server: NATSServer?
        func get() async throws -> NATSServer {
            if let server { return server }
            let made = try await NATSServer()
            server = server ?? made
            return made
        }
    }

    private var server: NATSServer { get async throws { try await Shared.shared.get() } }

    @Test("does what every stream must", arguments: StreamConformance.checks)
    func conforms(check: StreamConformance.Check) async throws {
        try await check.run(on: TestNATS.stream(try await server))
    }

    @Test("what nats-py publishes is read, and what we send nats-py consumes")
    func peer() async throws {
        let server = try await server
        let stream = try await TestNATS.stream(server) { $0.batchRecords = 64 }
        let name = stream.client.configuration.stream
        var outcome = try await ChildProgram.run(
            TestNATS.python,
            [TestNATS.peer, server.url, name, "produce", "0", "300", name]
        )
        #expect(outcome.status == 0, "\(outcome.said)")
        try await stream.send(
            (300..<500)
                .map {
                    OutgoingRecord(
                        key: "ours \($0 % 3)",
                        data: Array("{\"number\":\($0)}".utf8),
                        id: $0 % 2 == 0 ? "our-\($0)" : nil
                    )
                }
        )
        let records = try await TestNATS.read(stream)
        #expect(records.map(TestNATS.text) == (0..<500).map { "{\"number\":\($0)}" })
        #expect(records.map(\.sequence) == (1...500).map { "\($0)" })
        #expect(records[8].key == "key-1" && records[301].key == "ours 1")
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        #expect(records.allSatisfy { abs(now - $0.arrival) < 600_000_000 })
        outcome = try await ChildProgram.run(
            TestNATS.python,
            [TestNATS.peer, server.url, name, "consume", "301", "200"]
        )
        #expect(outcome.status == 0, "\(outcome.said)")
        let lines = outcome.output.split(separator: "\n").map(String.init)
        #expect(
            lines
                == (300..<500)
                .map { number in
                    let head = number % 2 == 0 ? "{\"Nats-Msg-Id\":\"our-\(number)\"}" : "{}"
                    return "\(name).ours%20\(number % 3) \(number + 1) \(head) {\"number\":\(number)}"
                }
        )
    }

    @Test("a record with an id is stored once, however often it is sent")
    func idempotent() async throws {
        let stream = try await TestNATS.stream(try await server)
        let records = (0..<1000).map { OutgoingRecord(key: "k\($0 % 5)", data: Array("\($0)".utf8), id: "id-\($0)") }
        try await stream.send(Array(records[..<700]))
        try await stream.send(records)
        try await stream.send(records.map { OutgoingRecord(key: $0.key, data: $0.data) })
        #expect(
            try await TestNATS.read(stream).map(TestNATS.text) == (Array(0..<1000) + Array(0..<1000)).map { "\($0)" }
        )
    }

    @Test("a key in a header comes back, and is told from the subject")
    func keyHeader() async throws {
        let stream = try await TestNATS.stream(try await server) { configuration in
            configuration.subject = try NATSSubject("\(configuration.stream).new")
            configuration.keyHeader = "Order"
        }
        try await stream.send(["a b", "c:d", "ü"].map { OutgoingRecord(key: $0, data: [1]) })
        #expect(try await TestNATS.read(stream).map(\.key) == ["a b", "c:d", "ü"])
        for key in ["a\r\nb", " a"] {
            await #expect { try await stream.send([OutgoingRecord(key: key, data: [])]) } throws: {
                ($0 as? StreamError)?.code == .recordTooLarge
            }
        }
    }

    @Test("a server that is killed and started again in the middle costs no record and doubles none that has an id")
    func restart() async throws {
        let server = try await NATSServer()
        let stream = try await TestNATS.stream(server)
        let count = 30_000
        let numbers = try await withThrowingTaskGroup(of: [String].self) { group in
            group.addTask {
                for start in stride(from: 0, to: count, by: 1000) {
                    try await stream.send(
                        (start..<start + 1000)
                            .map {
                                OutgoingRecord(key: "k\($0 % 50)", data: Array("\($0)".utf8), id: "\($0)")
                            }
                    )
                }
                return []
            }
            group.addTask {
                // Reads while the server goes and comes, and once more from where it was.
                var read: [String] = []
                let shard = try #require(try await stream.shards().first)
                let reader = try await stream.reader(of: shard.id, from: .beginning)
                while read.count < count {
                    let batch = try await reader.next()
                    #expect(batch.continuity == .whole)
                    read += batch.records.map(TestNATS.text)
                    if batch.records.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
                }
                return read
            }
            group.addTask {
                for _ in 0..<2 {
                    try await Task.sleep(for: .milliseconds(150))
                    await server.kill()
                    try await Task.sleep(for: .milliseconds(100))
                    try await server.start()
                }
                return []
            }
            var read: [String] = []
            for try await part in group { read += part }
            return read
        }
        #expect(numbers.count == count)
        #expect(Set(numbers).count == count)
        for key in 0..<50 {
            let ofKey = numbers.compactMap { Int($0) }.filter { $0 % 50 == key }
            #expect(ofKey == ofKey.sorted(), "key \(key)")
        }
        await server.remove()
    }

    @Test("a server that stands still is waited for, and nothing is missing or there twice when it goes on")
    func standstill() async throws {
        let server = try await NATSServer()
        let stream = try await TestNATS.stream(server) { $0.requestTimeout = .milliseconds(400) }
        let records = (0..<40_000).map { OutgoingRecord(key: "k\($0 % 3)", data: Array("\($0)".utf8), id: "\($0)") }
        try await withThrowingTaskGroup { group in
            group.addTask {
                for part in 0..<4 { try await stream.send(Array(records[part * 10_000..<(part + 1) * 10_000])) }
            }
            group.addTask {
                try await Task.sleep(for: .milliseconds(50))
                await server.signal(SIGSTOP)
                try await Task.sleep(for: .milliseconds(1300))
                await server.signal(SIGCONT)
            }
            try await group.waitForAll()
        }
        #expect(try await TestNATS.read(stream).map(TestNATS.text) == (0..<40_000).map { "\($0)" })
        await server.remove()
    }

    @Test("what is cancelled ends at once, and the next call goes on")
    func cancelled() async throws {
        let stream = try await TestNATS.stream(try await server) { $0.batchRecords = 500 }
        let records = (0..<5000).map { OutgoingRecord(key: "k", data: Array("\($0)".utf8), id: "\($0)") }
        let reader = try await stream.reader(of: try #require(try await stream.shards().first).id, from: .beginning)
        var read: [String] = []
        for delay in 0..<12 {
            let sending = Task { try await stream.send(records) }
            let reading = Task { try await reader.next() }
            try await Task.sleep(for: .milliseconds(delay))
            for task in [sending.cancel, reading.cancel] { task() }
            do { try await sending.value } catch is CancellationError {}
            do { read += try await reading.value.records.map(TestNATS.text) } catch is CancellationError {}
        }
        try await stream.send(records)
        while read.count < 5000 { read += try await reader.next().records.map(TestNATS.text) }
        #expect(read == (0..<5000).map { "\($0)" })
        let silent = try await TalkingServer("")
        let waiting = Task { try await NATSStream(url: "nats://127.0.0.1:\(silent.port)/S").shards() }
        try await Task.sleep(for: .milliseconds(100))
        let begin = ContinuousClock.now
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(ContinuousClock.now - begin < .seconds(8), "the server is given ten seconds to say something")
        try await silent.stop()
    }

    @Test("records that the stream let go of are a gap; records that somebody deleted are none")
    func gaps() async throws {
        let stream = try await TestNATS.stream(try await server, limits: ",\"max_age\":3600000000000")
        let name = stream.client.configuration.stream
        try await stream.send((1...20).map { OutgoingRecord(key: "k", data: Array("\($0)".utf8)) })
        let shard = try #require(try await stream.shards().first).id
        let reader = try await stream.reader(of: shard, from: .behind(StreamPosition("5")))
        try await TestNATS.call(stream, "STREAM.MSG.DELETE.\(name)", "{\"seq\":8}")
        var batch = try await reader.next()
        #expect(batch.continuity == .whole && batch.records.map(\.sequence) == ["6", "7"] + (9...20).map { "\($0)" })
        try await TestNATS.call(stream, "STREAM.PURGE.\(name)", "{\"seq\":15}")
        let late = try await stream.reader(of: shard, from: .behind(StreamPosition("5")))
        batch = try await late.next()
        #expect(batch.continuity == .broken && batch.records.map(\.sequence) == (15...20).map { "\($0)" })
        #expect(try await late.next().continuity == .whole)
        // Everything behind the position is gone, and nothing has come since.
        try await TestNATS.call(stream, "STREAM.PURGE.\(name)", "{}")
        let empty = try await stream.reader(of: shard, from: .behind(StreamPosition("12"))).next()
        #expect(empty.continuity == .broken && empty.records.isEmpty && empty.isAtTip)
        #expect(try await stream.reader(of: shard, from: .behind(StreamPosition("20"))).next().continuity == .whole)
        // The first reader was at the end and missed nothing until now.
        try await stream.send((21...22).map { OutgoingRecord(key: "k", data: Array("\($0)".utf8)) })
        #expect(try await reader.next().continuity == .whole)
        try await stream.send((23...26).map { OutgoingRecord(key: "k", data: Array("\($0)".utf8)) })
        try await TestNATS.call(stream, "STREAM.PURGE.\(name)", "{\"seq\":25}")
        batch = try await reader.next()
        #expect(batch.continuity == .broken && batch.records.map(\.sequence) == ["25", "26"])
        #expect(try await stream.retention() == .seconds(3600))
        await #expect { _ = try await stream.reader(of: shard, from: .behind(StreamPosition("99"))).next() } throws: {
            ($0 as? StreamError)?.message.contains("ends at 26") == true
        }
    }

    @Test("how many records wait is told exactly, and a stream made anew is another one")
    func waiting() async throws {
        let stream = try await TestNATS.stream(try await server) { $0.batchRecords = 30 }
        let name = stream.client.configuration.stream
        try await stream.send((0..<100).map { OutgoingRecord(key: "k", data: Array("\($0)".utf8)) })
        let shard = try #require(try await stream.shards().first).id
        let reader = try await stream.reader(of: shard, from: .beginning)
        var waiting: [Int?] = []
        for _ in 0..<5 { waiting.append(try await reader.next().waiting) }
        #expect(waiting == [70, 40, 10, 0, 0])
        try await TestNATS.call(stream, "STREAM.DELETE.\(name)")
        try await TestNATS.create(stream)
        #expect(try await stream.shards().map(\.id) != [shard])
        await #expect { _ = try await stream.reader(of: shard, from: .beginning).next() } throws: {
            ($0 as? StreamError)?.code == .notFound
        }
    }

    @Test("a record that cannot be taken is refused before any is sent")
    func refused() async throws {
        let stream = try await TestNATS.stream(try await server, limits: ",\"max_msg_size\":1000")
        let fine = OutgoingRecord(key: "k", data: [1])
        for bad in [
            OutgoingRecord(key: "", data: [1]), OutgoingRecord(key: String(repeating: " ", count: 2000), data: [1]),
            OutgoingRecord(key: "k", data: Array(repeating: 0, count: 1001)),
            OutgoingRecord(key: "k", data: [], id: "a\r\nb"),
        ] {
            await #expect("\(bad.key.prefix(3))") { try await stream.send([fine, bad]) } throws: {
                ($0 as? StreamError)?.code == .recordTooLarge
            }
        }
        #expect(try await TestNATS.read(stream).isEmpty)
        let full = try await TestNATS.stream(try await server, limits: ",\"max_msgs\":10,\"discard\":\"new\"")
        await #expect { try await full.send((0..<2000).map { _ in fine }) } throws: {
            ($0 as? StreamError)?.code == .failed && ($0 as? StreamError)?.message.contains("maximum messages") == true
        }
        #expect(try await TestNATS.read(full).count == 10)
    }

    @Test("records of a megabyte and many small ones stay within their bounds and come whole")
    func sizes() async throws {
        let stream = try await TestNATS.stream(try await server) { configuration in
            (configuration.windowRecords, configuration.windowBytes) = (600, 1 << 20)
        }
        let sizes = [0, 1 << 20, 100, 1 << 19, (1 << 20) - 7] + Array(repeating: 3, count: 3000)
        try await stream.send(sizes.map { OutgoingRecord(key: "k", data: Array(repeating: 7, count: $0)) })
        #expect(try await TestNATS.read(stream).map(\.data.count) == sizes)
    }

    @Test("an error says what to do")
    func errors() async throws {
        func message(_ stream: NATSStream, _ code: StreamError.Code) async -> String {
            do {
                _ = try await stream.shards()
                return "it was read"
            } catch let error as StreamError {
                return error.code == code ? error.message : "\(error.code): \(error.message)"
            } catch {
                return "\(error)"
            }
        }
        func stream(_ port: Int, _ name: String = "ORDERS", _ user: String = "") throws -> NATSStream {
            try NATSStream(url: "nats://\(user)127.0.0.1:\(port)/\(name)?timeout=1&attempts=2")
        }
        let server = try await server
        #expect(await message(try stream(1), .unavailable).contains("no NATS server at nats://127.0.0.1:1"))
        #expect(await message(try stream(server.port), .notFound).contains("There is no stream ORDERS"))
        let bare = try await NATSServer(["--user", "me", "--pass", "secret"], hasStreams: false)
        #expect(
            await message(try stream(bare.port, "A", "me:secret@"), .failed).contains("JetStream, which keeps streams")
        )
        #expect(await message(try stream(bare.port, "A", "me:wrong@"), .noCredentials).contains("NATS_USER"))
        #expect(await message(try stream(bare.port), .noCredentials).contains("does not let us in"))
        await bare.remove()
        let queue = try await TestNATS.stream(server, limits: ",\"retention\":\"workqueue\"")
        await #expect { _ = try await TestNATS.read(queue) } throws: { "\($0)".contains("is a work queue") }
        let other = try await TestNATS.stream(server) { $0.subject = .wholeKey }
        await #expect { try await other.send([OutgoingRecord(key: "k", data: [])]) } throws: { error in
            "\(error)".contains("does not take the subject k")
                && "\(error)".contains(other.client.configuration.stream + ".>")
        }
        for (greeting, code, part) in [
            ("HTTP/1.1 400 Bad Request\r\n\r\n", StreamError.Code.failed, "no NATS server"),
            ("INFO {x}\r\n", .failed, "no JSON"),
            ("INFO {}\r\n", .failed, "no headers"), ("", .timedOut, "did not greet"),
            ("INFO {\"headers\":true}\r\n", .timedOut, "let us in"),
            ("-ERR 'maximum connections exceeded'\r\n", .unavailable, "maximum"),
        ] {
            let talker = try await TalkingServer(greeting)
            var configuration = NATSConfiguration(stream: "S", servers: [.init(host: "127.0.0.1", port: talker.port)])
            (configuration.connectTimeout, configuration.attempts) = (.milliseconds(200), 1)
            let said = await message(try NATSStream(configuration), code)
            #expect(said.contains(part), "\(greeting): \(said)")
            try await talker.stop()
        }
    }

    @Test("the next server is asked when one is not there")
    func cluster() async throws {
        let server = try await server
        let stream = try await TestNATS.stream(server) { configuration in
            configuration.servers = [.init(host: "127.0.0.1", port: 1), .init(host: "127.0.0.1", port: server.port)]
        }
        try await stream.send([OutgoingRecord(key: "k", data: [1])])
        #expect(try await TestNATS.read(stream).count == 1)
    }

    @Test("a server that asks for TLS gets it, if its certificate can be trusted")
    func encrypted() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let (certificate, key) = (directory + "/certificate.pem", directory + "/key.pem")
        let made = try await ChildProgram.run(
            URL(filePath: "/usr/bin/env"),
            [
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate,
            ]
        )
        try #require(made.status == 0, "\(made.said)")
        let server = try await NATSServer(["--tls", "--tlscert", certificate, "--tlskey", key, "--auth", "s3cret"])
        for host in ["127.0.0.1", "localhost"] {
            let stream = try await TestNATS.stream(server) { configuration in
                configuration.servers = [.init(host: host, port: server.port)]
                (configuration.authorityFile, configuration.token) = (certificate, "s3cret")
            }
            try await stream.send((0..<2000).map { OutgoingRecord(key: "k", data: Array("\($0)".utf8)) })
            #expect(try await TestNATS.read(stream).count == 2000)
        }
        let url = "s3cret@127.0.0.1:\(server.port)/S?attempts=1"
        await #expect { _ = try await NATSStream(url: "nats://" + url).shards() } throws: {
            ($0 as? StreamError)?.code == .failed && "\($0)".contains("ca=FILE.pem")
        }
        await #expect { _ = try await NATSStream(url: "tls://" + url + "&ca=/no/such.pem").shards() } throws: {
            ($0 as? StreamError)?.code == .invalidURL && "\($0)".contains("/no/such.pem")
        }
        await #expect {
            let plain = try await Shared.shared.get()
            _ = try await NATSStream(url: "tls://127.0.0.1:\(plain.port)/S?attempts=1").shards()
        } throws: { "\($0)".contains("does not offer TLS") }
        await server.remove()
    }
}
