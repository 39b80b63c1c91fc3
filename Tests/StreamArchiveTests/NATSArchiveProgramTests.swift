import CloudTesting
import Foundation
import Testing

@Suite("The program archives NATS streams that nats-py fills")
struct NATSArchiveProgramTests {
    private static let peer = ChildProgram.root.appending(path: "Tests/NATSStreamsTests/Support/peer.py").path

    /// Runs the program of nats-py.
    private func peer(_ server: NATSServer, _ arguments: String...) async throws {
        let outcome = try await ChildProgram.run(ChildProgram.python, [Self.peer, server.url] + arguments)
        try #require(outcome.status == 0, "\(outcome.said)")
    }

    /// The numbers in the payloads, sorted.
    private func numbers(_ journal: String) async throws -> [Int] {
        let replay = try await ChildProgram.run(ChildProgram.highwater, ["replay", journal])
        #expect(replay.status == 0, "\(replay.said)")
        return replay.output.split(separator: "\n").map { line in Int(line.filter(\.isNumber)) ?? -1 }.sorted()
    }

    @Test("kill -9 of archivers and of the server at any moment loses nothing and doubles nothing")
    func killed() async throws {
        let server = try await NATSServer()
        let journal = FileManager.default.temporaryDirectory.appending(path: "nats-journal-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: journal) }
        try await peer(server, "ORDERS", "create", "0", "0")
        let count = 4000
        let producer = try ChildProgram(
            ChildProgram.python,
            [Self.peer, server.url, "ORDERS", "produce", "0", "\(count)", "ORDERS"]
        )
        let arguments = [
            "archive", journal, server.url + "/ORDERS?subject=ORDERS.{key}", "--latency", "0.1", "--lease", "1",
        ]
        var kills = 0
        while !producer.said.contains("done"), kills < 30 {
            let archiver = try ChildProgram(ChildProgram.highwater, arguments)
            try await Task.sleep(for: .milliseconds(Int.random(in: 300...1300)))
            if kills == 1 {
                await server.kill()
                try await server.start()
            }
            archiver.signal(SIGKILL)
            _ = await archiver.wait()
            kills += 1
        }
        let produced = await producer.wait()
        #expect(produced.status == 0, "\(produced.said)")
        #expect(kills >= 2)
        var outcome = try await ChildProgram.run(ChildProgram.highwater, arguments + ["--once"])
        #expect(outcome.status == 0, "\(outcome.said)")
        #expect(try await numbers(journal) == Array(0..<count))
        outcome = try await ChildProgram.run(ChildProgram.highwater, arguments + ["--once"])
        #expect(outcome.status == 0 && outcome.said.contains("archived 0 records"), "\(outcome.said)")
        outcome = try await ChildProgram.run(ChildProgram.highwater, ["archive", "status", journal, "--json"])
        let status = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any],
            "\(outcome.said)"
        )
        #expect(status["records"] as? Int == count && status["position"] as? String == "\(count)", "\(outcome.said)")
        #expect(status["lag_records"] as? Int == 0 && status["lag_counted"] is String, "\(outcome.said)")
        #expect(status["stream"] as? String == "nats:ORDERS")
        await server.remove()
    }

    @Test(
        "several streams of a file are archived at once, variables come before it, and what is wrong is named by its line"
    )
    func configured() async throws {
        let server = try await NATSServer()
        let directory = FileManager.default.temporaryDirectory.appending(path: "nats-config-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for (stream, first) in [("A", "0"), ("B", "50")] {
            try await peer(server, stream, "create", "0", "0")
            try await peer(server, stream, "produce", first, "50", stream)
        }
        let file = directory + "/streams.yaml"
        func write(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: file)) }
        func run(_ arguments: [String], _ variables: [String: String] = [:]) async throws -> ChildProgram.Outcome {
            let environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
            return try await ChildProgram.run(ChildProgram.highwater, arguments, environment: environment)
        }
        try write(
            """
            defaults:
              latency: 0.5
              lease: 2
            streams:
              first-one:
                stream: \(server.url)/A?subject=A.{key}
                journal: \(directory)/a
                latency: 0.1
              second:
                stream: nats:///B?subject=B.{key}
                journal: \(directory)/b
                timestamp: number
                timestamp-unit: seconds
            """
        )
        let variables = [
            "NATS_URL": server.url, "HIGHWATER_STREAMS_FIRST_ONE_BATCH_SIZE": "2MiB", "HIGHWATER_DEFAULTS_LEASE": "3",
        ]
        var outcome = try await run(["config", "check", file, "--json"], variables)
        #expect(outcome.status == 0, "\(outcome.said)")
        let plans = try outcome.output.split(separator: "\n")
            .map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
        #expect(plans.map { $0["latency"] as? Double } == [0.1, 0.5])
        #expect(plans.map { $0["lease"] as? Double } == [3, 3])
        #expect(plans.map { $0["batch_size"] as? Int } == [2 << 20, 32 << 20])
        #expect(
            plans[0]["variables"] as? [String] == [
                "HIGHWATER_STREAMS_FIRST_ONE_BATCH_SIZE", "HIGHWATER_DEFAULTS_LEASE",
            ]
        )
        outcome = try await run(["config", "check", file], variables)
        #expect(outcome.output.contains("batches of 2.1 MB,"), "\(outcome.said)")
        #expect(outcome.output.contains("batches of 33.6 MB,"), "\(outcome.said)")
        outcome = try await run(["archive", "--config", file, "--once"], variables)
        #expect(outcome.status == 0 && outcome.error.contains("second: archived 50 records"), "\(outcome.said)")
        #expect(try await numbers(directory + "/a") == Array(0..<50))
        #expect(try await numbers(directory + "/b") == Array(50..<100))
        let dated = try await run(["replay", directory + "/b", "--through", "1970-01-01T00:01:00Z"])
        #expect(dated.output.split(separator: "\n").count == 11)

        // SQL sees what is on the stream and not archived, once, also with another name for the server.
        try await peer(server, "A", "produce", "200", "20", "A")
        for url in [server.url + "/A?subject=A.{key}", "nats:///A?subject=A.{key}"] {
            let statement =
                "select count(*), count(distinct event_id), max((data->>'number')::int), max(key) from events"
            outcome = try await run(
                ["sql", directory + "/a", statement, "--format", "csv", "--live", url],
                variables
            )
            #expect(outcome.output.hasSuffix("\n70,70,219,key-6\n"), "\(outcome.said)")
        }
        #expect(try await numbers(directory + "/a") == Array(0..<50))
        outcome = try await run(["sql", directory + "/a", "select 1", "--live", "nats:///NONE"], variables)
        #expect(outcome.status == 4 && outcome.error.contains("NONE"), "\(outcome.said)")
        outcome = try await run(["archive", "--config", file, "--once"], variables)
        #expect(outcome.status == 0 && outcome.error.contains("first-one: archived 20 records"), "\(outcome.said)")

        // One that is not there keeps no other from its end.
        outcome = try await run(
            ["archive", "--config", file, "--once"],
            variables.merging(["HIGHWATER_STREAMS_SECOND_STREAM": "nats:///NONE"]) { $1 }
        )
        #expect(outcome.status == 4 && outcome.error.contains("first-one: archived 0 records"), "\(outcome.said)")
        #expect(outcome.error.contains("second: There is no stream NONE"), "\(outcome.said)")
        #expect(outcome.error.contains("failed: second (1 of 2 streams)"), "\(outcome.said)")

        try write(
            """
            default:
              latency: 1
            streams:
              Orders:
                stream: kinesis://orders?region=eu-west-1
              orders:
                stream: kinesis://orders?region=eu-west-1
                journal: ./orders
                latencey: 5
                latency: 0
                lease: soon
              payments:
                stream: nats://u:pa/geheim@h/P
                journal: s3://AKIA:geheim@bucket/x
            """
        )
        outcome = try await run(["config", "check", file])
        #expect(outcome.status == 64, "\(outcome.said)")
        for part in [
            "\(file):1: \"default\" is unknown", "\(file):4: \"Orders\" is no name",
            "\(file):9: \"latencey\" is unknown", "\(file):10: streams.orders.latency is 0",
            "\(file):11: streams.orders.lease is \"soon\"", "\(file):13: streams.payments.stream",
            "\(file):14: streams.payments.journal",
        ] {
            #expect(outcome.error.contains(part), "\(part): \(outcome.said)")
        }
        #expect(!outcome.said.contains("geheim"), "\(outcome.said)")
        try write(
            """
            streams:
              orders:
                stream: http://orders
                latency: soon
                lease: 0.5
                timestamp: "a["
              payments:
                stream: nats://u:geheim@h/P
                journal: ./p
            """
        )
        outcome = try await run(["config", "check", file], ["HIGHWATER_STREAMS_ORDER_LATENCY": "5"])
        #expect(outcome.status == 64 && outcome.output.isEmpty, "\(outcome.said)")
        for part in [
            "\(file):2: streams.orders has no journal", "\(file):3: streams.orders.stream",
            "\(file):4: streams.orders.latency is \"soon\"",
            "\(file):5: streams.orders.lease is 0.5", "\(file):6: streams.orders.timestamp",
            "HIGHWATER_STREAMS_ORDER_LATENCY is of no stream",
        ] { #expect(outcome.error.contains(part), "\(part): \(outcome.said)") }
        #expect(!outcome.said.contains("geheim"))
        for (text, part) in [
            ("", "has no streams"), ("a: [", "is no YAML"), ("a: nats://u:geheim@h: b", "\(file):1: is no YAML"),
            ("defaults:\n  lease: 0.5\nstreams:\n  a:\n    stream: nats://h/S\n    journal: ./a", ":2: defaults.lease"),
            ("streams:\n  a:\n    stream: x\n    stream: y", "\"stream\" more than once"),
            ("streams: {}", "streams is empty"), ("streams:", "streams is empty"), ("- a", "no streams"),
            ("streams:\n  - stream: nats://h/S\n    journal: ./a", ":1: streams is a list"),
            ("streams: orders", "streams is a text"), ("streams:\n  a:\n    - stream: x", ":2: streams.a is a list"),
            ("streams:\n  a:", ":2: streams.a is empty"),
        ] {
            try write(text)
            outcome = try await run(["archive", "--config", file])
            #expect(outcome.status == 64 && outcome.error.contains(part), "\(text): \(outcome.said)")
            #expect(!outcome.said.contains("geheim"), "\(outcome.said)")
        }
        outcome = try await run(["config", "check", directory + "/none.yaml"])
        #expect(outcome.status == 4, "\(outcome.said)")
        outcome = try await run(["archive", "./x", "--config", file])
        #expect(outcome.status == 64 && outcome.error.contains("stand in the file"), "\(outcome.said)")
        outcome = try await run(["archive", "./x"])
        #expect(outcome.status == 64 && outcome.error.contains("Give a journal and a stream"), "\(outcome.said)")
        await server.remove()
    }
}
