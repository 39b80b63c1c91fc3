import CloudTesting
import Foundation
import ReplayConsistency
import Testing

/// Jobs that send to streams.
extension ProgramTests {
    @Test(
        "boto3 gets from Kinesis what was sent, and a consumer of live and replayed records ends in the state of the log"
    )
    func kinesis() async throws {
        defer { clear() }
        let server = try PythonServer(
            "kinesis_server.py",
            beside: ChildProgram.root.appending(path: "Tests/KinesisStreamsTests/Support/TestKinesis.swift").path
        )
        let endpoint = "http://127.0.0.1:\(server.port)"
        let stream = "orders-\(UUID().uuidString.lowercased())"
        let url = "kinesis://\(stream)?region=us-east-1&endpoint=\(endpoint)"
        let producer = ChildProgram.root.appending(path: "Tests/KinesisStreamsTests/Support/producer.py").path
        func produce(_ arguments: String...) async throws {
            let outcome = try await ChildProgram.run(ChildProgram.python, [producer, endpoint, stream] + arguments)
            #expect(outcome.status == 0, "\(outcome.said)")
        }
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        // Live records, archived; then two replays into the same stream, one of them killed, and live ones behind them.
        try await produce("create", "2")
        try await produce("put", "0", "600")
        try await highwater("archive", journal, url, "--once")
        let replay = ["replay-to", journal, url, "--annotate", "why=test", "--batch", "40", "--lease", "1"]
        let killed = try ChildProgram(ChildProgram.highwater, replay + ["--rate", "150/s"])
        let deadline = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < deadline {
            let list = try await ChildProgram.run(ChildProgram.highwater, ["jobs", "list", journal, "--json"])
            if list.output.contains("\"events\":"), !list.output.contains("\"events\":0,") { break }
        }
        killed.signal(SIGKILL)
        _ = await killed.wait()
        try await produce("put", "600", "100")
        let id = try #require(try await onlyJob()["job"] as? String)
        try await highwater("jobs", "resume", journal, id)
        try await highwater("replay-to", journal, url, "--latest-per-key", "--annotated")
        let consumer = ChildProgram.root.appending(path: "Tests/ReplayJobsTests/Support/consumer.py").path
        let consumed = try await ChildProgram.run(ChildProgram.python, [consumer, endpoint, stream])
        #expect(consumed.status == 0, "\(consumed.error)")
        var table = ConsistentTable<Int>()
        var naive: [String: Int] = [:]
        var replayed: [Int] = []
        for line in consumed.output.split(separator: "\n") {
            let parts = line.split(separator: "\t", maxSplits: 2).map(String.init)
            let key = parts[0]
            let bytes = Array(parts[2].utf8)
            let record = ReplayedRecord(bytes)
            let json = try JSONSerialization.jsonObject(with: Data(record?.payload ?? bytes)) as? [String: Any]
            let number = try #require(json?["number"] as? Int)
            naive[key] = number
            if let record {
                if record.annotation.annotations["why"] == "test" { replayed.append(number) }
                #expect(record.annotation.key == key && record.annotation.source?.contains(stream) == true)
                table.apply(try #require(record.annotation.record(.put(number))))
            } else {
                let position = try #require(LogPosition(parts[1] + "/0"))
                table.apply(KeyedRecord(key: key, position: position, change: .put(number)))
            }
        }
        let truth = Dictionary((0..<700).map { ("key-\($0 % 13)", $0) }) { $1 }
        let state = Dictionary(uniqueKeysWithValues: table.keys.compactMap { key in table[key].map { (key, $0) } })
        #expect(state == truth)
        #expect(naive != truth)
        #expect(Set(replayed) == Set(0..<600))
        #expect(replayed.count - 600 <= 40, "\(replayed.count)")
    }

    @Test("a NATS server gets each record once and those of a key in order, whatever kill -9 makes the job repeat")
    func nats() async throws {
        defer { clear() }
        let count = 12000
        try await record(count)
        let server = try await NATSServer()
        do {
            try await replayToNATS(server, count)
        } catch {
            await server.remove()
            throw error
        }
        await server.remove()
    }

    private func replayToNATS(_ server: NATSServer, _ count: Int) async throws {
        let peer = ChildProgram.root.appending(path: "Tests/NATSStreamsTests/Support/peer.py").path
        func nats(_ arguments: String...) async throws -> String {
            let outcome = try await ChildProgram.run(ChildProgram.python, [peer, server.url, "copy"] + arguments)
            #expect(outcome.status == 0, "\(arguments): \(outcome.said)")
            return outcome.output
        }
        func stored() async throws -> Int {
            try #require(Int(try await nats("count", "0", "0").split(separator: "\n").last ?? ""))
        }
        _ = try await nats("create", "0", "0")
        let url = server.url + "/copy?subject=copy.{key}"
        var program = try ChildProgram(
            ChildProgram.highwater,
            ["replay-to", journal, url, "--batch", "4000", "--lease", "1"]
        )
        let block = server.directory + "/jetstream/$G/streams/copy/msgs/1.blk"
        var repeated = 0
        for _ in 0..<2 {
            // In the middle of a batch that is new to the server.
            let size = (try? FileManager.default.attributesOfItem(atPath: block)[.size] as? Int) ?? 0
            _ = try await growth(of: block, beyond: size)
            program.signal(SIGKILL)
            _ = await program.wait()
            let job = try await onlyJob()
            repeated += try await stored() - (try #require(job["events"] as? Int))
            let id = try #require(job["job"] as? String)
            program = try ChildProgram(ChildProgram.highwater, ["jobs", "resume", journal, id])
        }
        let end = await program.wait()
        #expect(end.status == 0, "\(end.said)")
        // What was stored and not noted was sent again.
        #expect(repeated > 0)
        #expect(try await stored() == count)
        var keys: [Substring: [Int]] = [:]
        for line in try await nats("consume", "1", "\(count)").split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 3)
            try #require(parts.count == 4)
            keys[parts[0], default: []] += Self.numbers(parts[3])
        }
        let wanted = Dictionary(grouping: 0..<count) { Substring("copy.key-\($0 % 7)") }
        #expect(keys == wanted)
        // Another job sends what this one has sent.
        try await highwater("replay-to", journal, url, "--where", "n < `10`")
        #expect(try await stored() == count + 10)
    }
}
