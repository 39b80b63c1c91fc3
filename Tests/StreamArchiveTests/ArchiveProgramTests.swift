import CloudTesting
import Foundation
import Testing

@Suite("The program archives a stream that boto3 fills")
struct ArchiveProgramTests {
    private static let server = Result {
        try PythonServer(
            "kinesis_server.py",
            beside: ChildProgram.root.appending(path: "Tests/KinesisStreamsTests/Support/TestKinesis.swift").path
        )
    }

    /// Where a journal is.
    enum Kind: CaseIterable, Sendable { case directory, s3 }

    /// A journal, a stream's URL, and the beginning of the producer's arguments.
    private struct Place {
        let journal: String
        let url: String
        let producer: [String]
        private let directory: URL

        init(_ kind: Kind, shards: Int) async throws {
            let endpoint = "http://127.0.0.1:\(try server.get().port)"
            let name = "test-\(UUID().uuidString.lowercased())"
            directory = FileManager.default.temporaryDirectory.appending(path: name)
            journal = kind == .s3 ? "s3://\(name)/journal?endpoint=\(endpoint)" : directory.path
            url = "kinesis://\(name)?region=us-east-1&endpoint=\(endpoint)"
            producer = [
                ChildProgram.root.appending(path: "Tests/KinesisStreamsTests/Support/producer.py").path, endpoint, name,
            ]
            let outcome = try await ChildProgram.run(ChildProgram.python, producer + ["create", "\(shards)"])
            #expect(outcome.status == 0, "\(outcome.said)")
        }

        /// The numbers in the payloads, sorted; of those with a time up to one.
        func numbers(through: String? = nil) async throws -> [Int] {
            let range = through.map { ["--through", $0] } ?? []
            let replay = try await ChildProgram.run(ChildProgram.highwater, ["replay", journal] + range)
            #expect(replay.status == 0, "\(replay.said)")
            return replay.output.split(separator: "\n")
                .map { line in line.split { !$0.isNumber }.first.flatMap { Int($0) } ?? -1 }
                .sorted()
        }

        func clear() { try? FileManager.default.removeItem(at: directory) }
    }

    @Test(
        "kill -9 of two archivers at any moment, while shards split and merge, loses nothing and doubles nothing",
        arguments: Kind.allCases
    )
    func killed(kind: Kind) async throws {
        let place = try await Place(kind, shards: 2)
        defer { place.clear() }
        let count = 1500
        let producer = try ChildProgram(ChildProgram.python, place.producer + ["run", "0", "\(count)", "5"])
        let arguments = ["archive", place.journal, place.url, "--latency", "0.2", "--lease", "1"]
        var kills = 0
        while !producer.said.contains("done"), kills < 40 {
            let archivers = try (0..<2).map { _ in try ChildProgram(ChildProgram.highwater, arguments) }
            try await Task.sleep(for: .milliseconds(Int.random(in: 400...2500)))
            for archiver in archivers {
                archiver.signal(SIGKILL)
                _ = await archiver.wait()
                kills += 1
            }
        }
        let produced = await producer.wait()
        #expect(produced.status == 0, "\(produced.said)")
        #expect(kills >= 4)
        let last = try await ChildProgram.run(ChildProgram.highwater, arguments + ["--once"])
        #expect(last.status == 0, "\(last.said)")
        #expect(try await place.numbers() == Array(0..<count))
        let again = try await ChildProgram.run(ChildProgram.highwater, arguments + ["--once"])
        #expect(again.status == 0 && again.said.contains("archived 0 records"), "\(again.said)")
        let status = try await ChildProgram.run(ChildProgram.highwater, ["archive", "status", place.journal, "--json"])
        #expect(status.status == 0, "\(status.said)")
        let lines = try status.output.split(separator: "\n")
            .map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
        #expect(lines.compactMap { $0["records"] as? Int }.reduce(0, +) >= count)
        #expect(lines.count { $0["ended"] as? Bool == true } >= 6)
        #expect(lines.allSatisfy { $0["gap"] == nil && $0["owner"] == nil })
    }

    @Test("SIGTERM ends an archiver in order, and the next one goes on at once")
    func terminated() async throws {
        let place = try await Place(.directory, shards: 1)
        defer { place.clear() }
        var outcome = try await ChildProgram.run(ChildProgram.python, place.producer + ["put", "0", "100"])
        #expect(outcome.status == 0, "\(outcome.said)")
        // With these it would store nothing, and keep its shard, for minutes.
        let patient = ["archive", place.journal, place.url, "--latency", "600", "--lease", "600"]
        let archiver = try ChildProgram(ChildProgram.highwater, patient)
        let deadline = ContinuousClock.now + .seconds(120)
        while !archiver.said.contains("ours now"), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(50))
        }
        // Nothing shows that it has read something before that is stored.
        try await Task.sleep(for: .seconds(3))
        archiver.signal(SIGTERM)
        outcome = await archiver.wait()
        #expect(outcome.status == 0 && outcome.said.contains("archived "), "\(outcome.said)")
        #expect(try await !place.numbers().isEmpty)
        outcome = try await ChildProgram.run(ChildProgram.python, place.producer + ["put", "100", "50"])
        #expect(outcome.status == 0, "\(outcome.said)")
        let begin = ContinuousClock.now
        outcome = try await ChildProgram.run(
            ChildProgram.highwater,
            patient + ["--once", "--timestamp", "at"]
        )
        #expect(outcome.status == 0, "\(outcome.said)")
        #expect(ContinuousClock.now - begin < .seconds(60))
        #expect(try await place.numbers() == Array(0..<150))
        let dated = try await place.numbers(through: "2021-01-01").count
        #expect(dated >= 50 && dated < 150)
    }

    @Test("SQL sees what is on the stream and not archived, once, while an archiver stores it")
    func live() async throws {
        let place = try await Place(.directory, shards: 2)
        defer { place.clear() }
        func put(_ first: Int, _ count: Int) async throws {
            let outcome = try await ChildProgram.run(
                ChildProgram.python,
                place.producer + ["put", "\(first)", "\(count)"]
            )
            #expect(outcome.status == 0, "\(outcome.said)")
        }
        let statement =
            "select count(*), count(distinct event_id), count(distinct regexp_extract(data, '[0-9]+')) from events"
        func ask(_ more: [String] = []) async throws -> String {
            let arguments = ["sql", place.journal, statement, "--format", "csv", "--live", place.url] + more
            let outcome = try await ChildProgram.run(ChildProgram.highwater, arguments)
            #expect(outcome.status == 0, "\(outcome.said)")
            return outcome.output.split(separator: "\n").last.map(String.init) ?? outcome.said
        }
        let archive = ["archive", place.journal, place.url, "--latency", "0.2"]
        try await put(0, 40)
        let outcome = try await ChildProgram.run(ChildProgram.highwater, archive + ["--once"])
        #expect(outcome.status == 0, "\(outcome.said)")
        try await put(40, 60)
        #expect(try await ask() == "100,100,100")
        #expect(try await ask(["--timestamp", "at", "--through", "2021-01-01"]).hasPrefix("60,"))
        #expect(try await place.numbers() == Array(0..<40))
        let archiver = try ChildProgram(ChildProgram.highwater, archive)
        for round in 0..<3 {
            try await put(100 + round * 20, 20)
            let sent = 120 + round * 20
            #expect(try await ask() == "\(sent),\(sent),\(sent)")
        }
        archiver.signal(SIGTERM)
        _ = await archiver.wait()
        for (arguments, word) in [(["--timestamp", "at"], "name a stream"), (["--live", "ftp://x"], "is no stream")] {
            let wrong = try await ChildProgram.run(
                ChildProgram.highwater,
                ["sql", place.journal, "select 1"] + arguments
            )
            #expect(wrong.status == 64 && wrong.said.contains(word), "\(wrong.said)")
        }
    }

    @Test("what is wrong with a stream is said in a line")
    func errors() async throws {
        let place = try await Place(.directory, shards: 1)
        defer { place.clear() }
        let missing = place.url.replacing("kinesis://test-", with: "kinesis://no-")
        var outcome = try await ChildProgram.run(ChildProgram.highwater, ["archive", place.journal, missing, "--once"])
        #expect(outcome.status == 4 && outcome.said.contains("There is no stream"), "\(outcome.said)")
        outcome = try await ChildProgram.run(ChildProgram.highwater, ["archive", place.journal, "nats://x", "--once"])
        #expect(outcome.status == 64, "\(outcome.said)")
        outcome = try await ChildProgram.run(
            ChildProgram.highwater,
            ["archive", place.journal, "kinesis://a?x=1", "--once"]
        )
        #expect(outcome.status == 64 && outcome.said.contains("unknown option"), "\(outcome.said)")
    }
}
