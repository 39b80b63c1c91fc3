import CloudTesting
import EventJournal
import Foundation
import Testing

@Suite("The program archives a stream that boto3 fills")
struct ArchiveProgramTests {
    private static let server = Result {
        try PythonServer(
            "kinesis_server.py",
            beside: Program.root.appending(path: "Tests/KinesisStreamsTests/Support/TestKinesis.swift").path
        )
    }

    /// A journal's directory, a stream's URL, and the beginning of the producer's arguments.
    private struct Place {
        let directory: String
        let url: String
        let producer: [String]

        init(shards: Int) async throws {
            let endpoint = "http://127.0.0.1:\(try server.get().port)"
            let name = "test-\(UUID().uuidString.lowercased())"
            directory = FileManager.default.temporaryDirectory.appending(path: name).path
            url = "kinesis://\(name)?region=us-east-1&endpoint=\(endpoint)"
            producer = [Program.producer, endpoint, name]
            let outcome = try await Program.run(Program.python, producer + ["create", "\(shards)"])
            #expect(outcome.status == 0, "\(outcome.said)")
        }

        /// The numbers in the payloads, sorted.
        func numbers() async throws -> [Int] {
            let journal = try await Journal.open(directory, create: false)
            var numbers: [Int] = []
            for try await batch in journal.replay() {
                for row in 0..<batch.count {
                    let digits = String(decoding: batch[row].data, as: UTF8.self).split { !$0.isNumber }.first
                    numbers.append(digits.flatMap { Int($0) } ?? -1)
                }
            }
            return numbers.sorted()
        }

        func clear() { try? FileManager.default.removeItem(atPath: directory) }
    }

    @Test("kill -9 of two archivers at any moment, while shards split and merge, loses nothing and doubles nothing")
    func killed() async throws {
        let place = try await Place(shards: 2)
        defer { place.clear() }
        let count = 1500
        let producer = try Program(Program.python, place.producer + ["run", "0", "\(count)", "8"])
        let arguments = ["archive", place.directory, place.url, "--latency", "0.2", "--lease", "1"]
        var kills = 0
        while !producer.said.contains("done"), kills < 40 {
            let archivers = try (0..<2).map { _ in try Program(Program.highwater, arguments) }
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
        let last = try await Program.run(Program.highwater, arguments + ["--once"])
        #expect(last.status == 0, "\(last.said)")
        #expect(try await place.numbers() == Array(0..<count))
        let again = try await Program.run(Program.highwater, arguments + ["--once"])
        #expect(again.status == 0 && again.said.contains("archived 0 records"), "\(again.said)")
        let status = try await Program.run(Program.highwater, ["archive", "status", place.directory, "--json"])
        #expect(status.status == 0, "\(status.said)")
        let lines = try status.said.split(separator: "\n")
            .map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
        #expect(lines.compactMap { $0["records"] as? Int }.reduce(0, +) >= count)
        #expect(lines.count { $0["ended"] as? Bool == true } >= 6)
        #expect(lines.allSatisfy { $0["gap"] == nil && $0["owner"] == nil })
    }

    @Test("SIGTERM ends an archiver in order, and the next one goes on at once")
    func terminated() async throws {
        let place = try await Place(shards: 1)
        defer { place.clear() }
        var outcome = try await Program.run(Program.python, place.producer + ["put", "0", "100"])
        #expect(outcome.status == 0, "\(outcome.said)")
        // With these it would store nothing, and keep its shard, for minutes.
        let patient = ["archive", place.directory, place.url, "--latency", "600", "--lease", "600"]
        let archiver = try Program(Program.highwater, patient)
        let deadline = ContinuousClock.now + .seconds(20)
        while !archiver.said.contains("ours now"), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(50))
        }
        try await Task.sleep(for: .seconds(1))
        archiver.signal(SIGTERM)
        outcome = await archiver.wait()
        #expect(outcome.status == 0 && outcome.said.contains("archived 100 records"), "\(outcome.said)")
        outcome = try await Program.run(Program.python, place.producer + ["put", "100", "50"])
        #expect(outcome.status == 0, "\(outcome.said)")
        let begin = ContinuousClock.now
        outcome = try await Program.run(
            Program.highwater,
            patient + ["--once", "--timestamp", "at"]
        )
        #expect(outcome.status == 0 && outcome.said.contains("archived 50 records"), "\(outcome.said)")
        #expect(ContinuousClock.now - begin < .seconds(20))
        #expect(try await place.numbers() == Array(0..<150))
        let journal = try await Journal.open(place.directory, create: false)
        var dated = 0
        for try await batch in journal.replay(through: Timestamp(rfc3339: "2021-01-01")) { dated += batch.count }
        #expect(dated == 50)
    }

    @Test("what is wrong with a stream is said in a line")
    func errors() async throws {
        let place = try await Place(shards: 1)
        defer { place.clear() }
        let missing = place.url.replacing("kinesis://test-", with: "kinesis://no-")
        var outcome = try await Program.run(Program.highwater, ["archive", place.directory, missing, "--once"])
        #expect(outcome.status == 4 && outcome.said.contains("There is no stream"), "\(outcome.said)")
        outcome = try await Program.run(Program.highwater, ["archive", place.directory, "nats://x", "--once"])
        #expect(outcome.status == 64, "\(outcome.said)")
        outcome = try await Program.run(Program.highwater, ["archive", place.directory, "kinesis://a?x=1", "--once"])
        #expect(outcome.status == 64 && outcome.said.contains("unknown option"), "\(outcome.said)")
    }
}
