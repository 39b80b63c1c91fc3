import CloudTesting
import Foundation
import Testing

@Suite("The program runs replay jobs", .timeLimit(.minutes(5)))
struct ProgramTests {
    let directory = FileManager.default.temporaryDirectory.appending(path: "replay-\(UUID().uuidString)")
    var journal: String { directory.appending(path: "journal").path }

    func file(_ name: String) -> String { directory.appending(path: name).path }

    /// Runs the program and expects how it ends.
    @discardableResult
    func highwater(
        _ arguments: String...,
        status: Int32 = 0,
        environment: [String: String]? = nil
    ) async throws -> ChildProgram.Outcome {
        let outcome = try await ChildProgram.run(ChildProgram.highwater, arguments, environment: environment)
        #expect(outcome.status == status, "\(arguments): \(outcome.said)")
        return outcome
    }

    /// Makes a journal of numbered records of seven keys.
    func record(_ count: Int) async throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let lines = (0..<count)
            .map { number in
                "{\"id\":\"e\(number)\",\"at\":\(1_600_000_000 + number / 2),\"k\":\"key-\(number % 7)\",\"n\":\(number)}\n"
            }
        try Data(lines.joined().utf8).write(to: directory.appending(path: "lines"))
        try await highwater("import", journal, file("lines"), "--id", "id", "--timestamp", "at", "--key", "k")
    }

    func clear() { try? FileManager.default.removeItem(at: directory) }

    func onlyJob() async throws -> [String: Any] {
        let list = try await highwater("jobs", "list", journal, "--json").output.split(separator: "\n")
        let line = try #require(list.last)
        return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    /// Waits until a file has more bytes than it had.
    func growth(of path: String, beyond bytes: Int = 0) async throws -> Int {
        let deadline = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < deadline {
            let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            if let size, size > bytes { return size }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("\(path) does not grow")
        return bytes
    }

    static func numbers(_ text: some StringProtocol) -> [Int] {
        text.split(separator: "\n")
            .compactMap { line in
                let json = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return json?["n"] as? Int
            }
    }

    /// How many numbers come twice; that each comes, and that those of a key come in order.
    func expectAll(_ numbers: [Int], _ count: Int) -> Int {
        #expect(Set(numbers) == Set(0..<count))
        var seen: Set<Int> = []
        for (_, of) in Dictionary(grouping: numbers.filter { seen.insert($0).inserted }, by: { $0 % 7 }) {
            #expect(of == of.sorted())
        }
        return numbers.count - Set(numbers).count
    }

    @Test("kill -9, and another process goes on: a batch at most comes twice, and the file has whole lines")
    func killed() async throws {
        defer { clear() }
        // At this rate they last longer than a busy machine takes for all that is done to the program meanwhile.
        try await record(12_000)
        let out = file("out.ndjson")
        let arguments = ["replay-to", journal, out, "--batch", "50", "--lease", "1", "--rate", "2000/s"]
        var program = try ChildProgram(ChildProgram.highwater, arguments)
        var kills = 0
        while kills < 4 {
            let before = (try? Data(contentsOf: URL(filePath: out)))?.count ?? 0
            _ = try await growth(of: out, beyond: before + 4000 + kills * 777)
            program.signal(SIGKILL)
            _ = await program.wait()
            kills += 1
            // What a crash may leave of a line.
            let handle = try FileHandle(forUpdating: URL(filePath: out))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("{\"n\":".utf8))
            try handle.close()
            let id = try #require(try await onlyJob()["job"] as? String)
            program = try ChildProgram(ChildProgram.highwater, ["jobs", "resume", journal, id])
        }
        let end = await program.wait()
        #expect(end.status == 0, "\(end.said)")
        let text = try String(contentsOf: URL(filePath: out), encoding: .utf8)
        let numbers = Self.numbers(text)
        #expect(numbers.count == text.split(separator: "\n").count)
        #expect(expectAll(numbers, 12_000) <= kills * 50)
        #expect(try await onlyJob()["state"] as? String == "done")
        try await highwater("jobs", "resume", journal, try #require(try await onlyJob()["job"] as? String), status: 64)
    }

    @Test("Ctrl-C pauses and says how to go on; pause, watch and cancel work from other processes")
    func stopped() async throws {
        defer { clear() }
        // Far more than there is time for.
        try await record(50_000)
        let out = file("out.ndjson")
        let program = try ChildProgram(ChildProgram.highwater, ["replay-to", journal, out, "--rate", "1000/s"])
        var size = try await growth(of: out)
        program.signal(SIGINT)
        var end = await program.wait()
        #expect(end.status == 130 && end.error.contains("highwater jobs resume"), "\(end.said)")
        var job = try await onlyJob()
        let id = try #require(job["job"] as? String)
        #expect(job["state"] as? String == "paused" && job["owner"] == nil)
        // Resumed, and paused from elsewhere.
        let second = try ChildProgram(ChildProgram.highwater, ["replay-to", journal, "--job", id])
        size = try await growth(of: out, beyond: size)
        let watch = try ChildProgram(
            ChildProgram.highwater,
            ["jobs", "watch", journal, id, "--json", "--interval", "0.05"]
        )
        try await Task.sleep(for: .milliseconds(200))
        let paused = try await highwater("jobs", "pause", journal, id)
        #expect(paused.output.contains("paused"))
        end = await second.wait()
        #expect(end.status == 130, "\(end.said)")
        let watched = await watch.wait()
        #expect(watched.status == 0 && watched.output.contains("\"state\":\"paused\""), "\(watched.said)")
        try await highwater("jobs", "show", journal, String(id.suffix(8)))
        // Cancelled, it is over.
        let third = try ChildProgram(ChildProgram.highwater, ["jobs", "resume", journal, id])
        size = try await growth(of: out, beyond: (try? Data(contentsOf: URL(filePath: out)))?.count ?? size)
        try await highwater("jobs", "cancel", journal, id)
        end = await third.wait()
        #expect(end.status == 0 && end.error.contains("cancelled"), "\(end.said)")
        job = try await onlyJob()
        #expect(job["state"] as? String == "cancelled")
        try await highwater("jobs", "resume", journal, id, status: 64)
        let numbers = Self.numbers(try String(contentsOf: URL(filePath: out), encoding: .utf8))
        #expect(numbers == Array(0..<numbers.count) && numbers.count < 50_000)
        try await highwater("jobs", "delete", journal, id)
        #expect(try await highwater("jobs", "list", journal).output.isEmpty)
    }

    @Test("another journal gets the same events, and what is filtered and compacted goes to standard output")
    func sinks() async throws {
        defer { clear() }
        try await record(500)
        let copy = file("copy") + "/"
        try await highwater("replay-to", journal, copy)
        try await highwater("replay-to", journal, copy)
        let (one, other) = (try await highwater("replay", journal), try await highwater("replay", copy))
        #expect(one.output == other.output && !one.output.isEmpty)
        let latest = try await highwater("replay-to", journal, "-", "--latest-per-key", "--where", "n > `495`")
        #expect(Self.numbers(latest.output) == [496, 497, 498, 499])
        let dry = try await highwater("replay-to", journal, "-", "--dry-run", "--json", "--select", "{n: n}")
        let found = try #require(try JSONSerialization.jsonObject(with: Data(dry.output.utf8)) as? [String: Any])
        #expect(found["events"] as? Int == 500 && found["bytes"] as? Int == 500 * 6 + 10 + 2 * 90 + 3 * 400)
        #expect((found["last"] as? [String: Any])?["id"] as? String == "e499")
        // People get a look at payloads, whatever is in them; programs get them whole.
        let long = "{\"id\":\"long\",\"at\":946684800,\"text\":\"\(String(repeating: "x", count: 5000))\"}"
        try Data("\(long)\n".utf8).write(to: directory.appending(path: "lines"))
        try await highwater("import", journal, file("lines"), "--id", "id", "--timestamp", "at")
        let glance = try await highwater("replay-to", journal, "-", "--dry-run", "--through", "2000-01-01").output
        #expect(
            glance.utf8.count < 600 && glance.contains("long") && glance.contains("(of 5,038 bytes; --json has all)")
        )
        #expect(glance.split(separator: "\n").allSatisfy { $0.count <= 120 }, "\(glance)")
        let whole = try await highwater("replay-to", journal, "-", "--dry-run", "--json", "--through", "2000-01-01")
        #expect(whole.output.contains(long))
    }

    @Test(
        "a directory is a sink if it is a journal or free to become one; another one is refused before there is a job"
    )
    func directories() async throws {
        defer { clear() }
        try await record(10)
        func make(_ name: String, with entry: String? = nil) throws -> String {
            let url = directory.appending(path: name)
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            if let entry { try Data("x".utf8).write(to: url.appending(path: entry)) }
            return url.path
        }
        let refused: [(String, Int32, String)] = [
            ("/", 5, "/ is a directory with other things in it"),
            ("/proc", 5, "no journal"),
            (try make("full", with: "letter.txt"), 5, "such as letter.txt, and no journal"),
            ("file:" + file("full"), 5, "letter.txt"),
            (file("lines") + "/", 1, "lines is no directory"), (file("lines") + "/a/b/", 1, "lines is no directory"),
            ("", 64, "no sink"),
        ]
        for (sink, status, words) in refused {
            for more in [[], ["--dry-run"]] {
                let arguments = ["replay-to", journal, sink] + more
                let outcome = try await ChildProgram.run(ChildProgram.highwater, arguments)
                #expect(outcome.status == status && outcome.said.contains(words), "\(sink): \(outcome.said)")
            }
        }
        #expect(try await highwater("jobs", "list", journal).output.isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: file("full")) == ["letter.txt"])
        let free = [try make("empty"), try make("hidden", with: ".DS_Store"), file("new") + "/deep/"]
        for taken in free + ["file:" + file("url") + "/"] {
            // The second time it is a journal.
            for _ in 0..<2 { try await highwater("replay-to", journal, taken) }
            let path = taken.replacing("file:", with: "")
            #expect(try await highwater("replay", path).output.split(separator: "\n").count == 10)
        }
    }

    @Test("what is wrong is said in a line, before there is a job")
    func errors() async throws {
        defer { clear() }
        try await record(10)
        let wrong: [([String], Int32, String)] = [
            (["redis://x"], 64, "no sink"), (["kinesis://"], 64, "names no stream"),
            (["nats://me:pw@host/S"], 64, "NATS_URL"), (["http://"], 64, "no http"),
            (["http://a b/"], 64, "no http"), (["https://me:secret@host/"], 64, "HIGHWATER_HTTP_AUTHORIZATION"),
            ([journal], 64, "itself"),
            (["x", "--rate", "fast"], 64, "no rate"), (["x", "--annotate", "a"], 64, "field=value"),
            (["x", "--batch", "0"], 64, "--batch"), (["x", "--where", "a b"], 64, "complete before"),
            (["kinesis://x?region=eu-west-1", "--format", "event"], 64, "--format"),
            (["x", "--method", "PUT"], 64, "--method"), ([], 64, "Name a sink"),
            (["x", "--job", "y"], 64, "--job"),
            (["--job", "y", "--lease", "60"], 64, "leave out"), (["--job", "y", "--strict"], 64, "leave out"),
            (["x", "--rate", "1e10GB/s"], 64, "1e15"), (["--job", "nope"], 4, "No replay job"),
            ([file("lines")], 5, "already"), (["x", "--give-up-after", "1m"], 64, "--give-up-after"),
            (["nats://h/S", "--give-up-after", "soon"], 64, "--give-up-after"),
            (["nats://me:pa/secret@host/S"], 64, "NATS_URL"), (["amqp://me:secret@host/S"], 64, "***@host"),
            (["http://me:se cret@host/"], 64, "***@host"), (["s3://AKIA:secret@bucket/x"], 64, "AWS_ACCESS_KEY_ID"),
            (["s3://AKIA:sec/secret"], 64, "AWS_ACCESS_KEY_ID"), (["kinesis://me:secret@host/S"], 64, "***@host"),
        ]
        for (arguments, status, words) in wrong {
            let outcome = try await ChildProgram.run(ChildProgram.highwater, ["replay-to", journal] + arguments)
            #expect(outcome.status == status && outcome.said.contains(words), "\(arguments): \(outcome.said)")
            #expect(!outcome.said.contains("secret@") && !outcome.said.contains("sec/secret"), "\(outcome.said)")
        }
        try await highwater("replay-to", file("none"), "-", status: 4)
        try await highwater("jobs", "show", journal, "", status: 4)
        #expect(try await highwater("jobs", "list", journal).output.isEmpty)
    }
}
