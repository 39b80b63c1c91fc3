import Foundation
import Testing

@Suite("Commands")
struct CommandTests {
    /// Imports so many events into a fresh journal.
    private func journal(_ count: Int) async throws -> (scratch: Scratch, journal: String, input: String) {
        let scratch = try Scratch()
        let input = try scratch.file("events.ndjson", ndjson(count))
        let journal = scratch.path + "/journal"
        let outcome = try await Program.highwater.run(
            "import",
            journal,
            input,
            "--id",
            "id",
            "--timestamp",
            "at",
            "--key",
            "k"
        )
        try #require(outcome.status == 0, "\(outcome.error)")
        return (scratch, journal, input)
    }

    @Test(
        "help shows an example for every command",
        arguments: [
            "import", "put", "get", "replay", "follow", "marks", "segments", "stats", "verify", "jmespath", "fields",
            "sql",
        ]
    )
    func help(command: String) async throws {
        let outcome = try await Program.highwater.run("help", command)
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("EXAMPLES"))
        #expect(outcome.output.contains("highwater \(command) "))
    }

    @Test("a journal does not begin in a directory of other things", arguments: ["import", "put"])
    func occupied(command: String) async throws {
        let scratch = try Scratch()
        let place = scratch.path + "/data"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let input = try scratch.file("data/events.ndjson", ndjson(10))
        let arguments = command == "put" ? ["{}"] : [input, "--id", "id", "--timestamp", "at"]
        let outcome = try await Program.highwater.run([command, place] + arguments)
        #expect(outcome.status == 5, "\(outcome.error)")
        #expect(outcome.error.contains("events.ndjson") && outcome.error.contains("empty"), "\(outcome.error)")
        #expect(try JournalFiles(path: place).all() == ["events.ndjson"])
        // A directory inside it will do.
        let inside = try await Program.highwater.run([command, place + "/journal"] + arguments)
        #expect(inside.status == 0, "\(inside.error)")
    }

    @Test("imports, replays a range, gets one, counts")
    func tour() async throws {
        let (scratch, journal, input) = try await journal(3000)
        let lines = try String(contentsOfFile: input, encoding: .utf8).split(separator: "\n").map(String.init)
        let all = try await Program.highwater.run("replay", journal)
        #expect(all.output.split(separator: "\n").map(String.init) == lines)
        let some = try await Program.highwater.run(
            "replay",
            journal,
            "--after",
            "2024-03-01T00:59:00Z",
            "--through",
            "2024-03-01T02:00:00Z"
        )
        #expect(some.output.split(separator: "\n").map(String.init) == Array(lines[60...120]))
        #expect(try await Program.highwater.run("get", journal, "e-17").output == lines[17] + "\n")
        let stats = try await Program.highwater.run("stats", journal, "--json")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(stats.output.utf8)) as? [String: Any])
        #expect(object["events"] as? Int == 3000)
        #expect(object["first"] as? String == "2024-03-01T00:00:00.000000Z")
        #expect(try await Program.highwater.run("verify", journal).status == 0)
        withExtendedLifetime(scratch) {}
    }

    @Test("importing the same again adds nothing and says so")
    func importTwice() async throws {
        let (scratch, journal, input) = try await journal(2000)
        let again = try await Program.highwater.run(
            "import",
            journal,
            input,
            "--id",
            "id",
            "--timestamp",
            "at",
            "--json"
        )
        #expect(again.status == 0)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(again.output.utf8)) as? [String: Any])
        #expect(object["imported"] as? Int == 0)
        #expect(object["already_there"] as? Int == 2000)
        let segments = try await Program.highwater.run("segments", journal, "--json")
        #expect(segments.output.split(separator: "\n").count == 1)
        withExtendedLifetime(scratch) {}
    }

    @Test("a bad line is reported with file, line and reason, kept aside, and the rest imported")
    func rejects() async throws {
        let scratch = try Scratch()
        let bad = ["{\"id\":\"x\"", "not json", "{\"at\":\"2024-03-01\"}", "{\"id\":\"y\",\"at\":\"soon\"}", "[1]"]
        let good = ndjson(100).split(separator: "\n").map(String.init)
        let text = (good[..<50] + bad + good[50...]).joined(separator: "\n") + "\n"
        let input = try scratch.file("mixed.ndjson", text)
        let rejects = scratch.path + "/rejects.ndjson"
        let outcome = try await Program.highwater.run(
            "import",
            scratch.path + "/journal",
            input,
            "--id",
            "id",
            "--timestamp",
            "at",
            "--rejects",
            rejects
        )
        #expect(outcome.status == 3)
        for number in 51...55 { #expect(outcome.error.contains("\(input):\(number):"), "\(outcome.error)") }
        #expect(try String(contentsOfFile: rejects, encoding: .utf8) == bad.joined(separator: "\n") + "\n")
        #expect(
            try await Program.highwater.run("replay", scratch.path + "/journal").output == good.joined(separator: "\n")
                + "\n"
        )
    }

    @Test("reads standard input")
    func standardInput() async throws {
        let scratch = try Scratch()
        let outcome = try await Program.highwater.run(
            ["import", scratch.path + "/j", "-", "--id", "id", "--timestamp", "at"],
            input: Data(ndjson(10).utf8)
        )
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(try await Program.highwater.run("replay", scratch.path + "/j").output == ndjson(10))
    }

    @Test("put prints the id; using it again is an error with its own status")
    func put() async throws {
        let scratch = try Scratch()
        let journal = scratch.path + "/j"
        let first = try await Program.highwater.run(
            "put",
            journal,
            "{\"a\":1}",
            "--key",
            "k",
            "--timestamp",
            "2024-01-01"
        )
        #expect(first.status == 0)
        let id = first.output.trimmingCharacters(in: .newlines)
        #expect(id.count == 36)
        let again = try await Program.highwater.run("put", journal, "{}", "--id", id)
        #expect(again.status == 5)
        #expect(again.error.contains(id))
        #expect(again.error.split(separator: "\n").count == 1)
        let bytes = Data([0xFF, 0x00, 0x0A])
        #expect(try await Program.highwater.run(["put", journal, "-", "--id", "bin"], input: bytes).status == 0)
        let got = try await Program.highwater.run("get", journal, "bin", "--format", "event")
        #expect(got.output.contains(#""base64":"/wAK""#))
        let event = try await Program.highwater.run("get", journal, id, "--format", "event").output
        #expect(
            event
                == "{\"id\":\"\(id)\",\"timestamp\":\"2024-01-01T00:00:00.000000Z\",\"key\":\"k\",\"data\":{\"a\":1}}\n"
        )
    }

    @Test(
        "what is wrong is one line and a status by kind",
        arguments: [
            (["get", "/nowhere/at/all", "x"], Int32(4), "There is no journal at"),
            (["replay", "/nowhere/at/all"], 4, "There is no journal at"),
            (["replay", "nosuch://x"], 64, "nosuch"),
            (["replay", "j", "--after", "soon"], 64, "soon"),
            (["replay", "j", "--after", "2024-01-02", "--through", "2024-01-01"], 64, "is not before"),
            (["import", "j", "/no/such/file", "--id", "id", "--timestamp", "at"], 1, "/no/such/file"),
            (["import", "j", "-", "--id", "a..b"], 64, "a..b"),
            (["frobnicate"], 64, "frobnicate"),
        ]
    )
    func failures(arguments: [String], status: Int32, text: String) async throws {
        let outcome = try await Program.highwater.run(arguments)
        #expect(outcome.status == status, "\(outcome.error)")
        #expect(outcome.error.contains(text), "\(outcome.error)")
        #expect(!outcome.error.contains("Error("), "\(outcome.error)")
        #expect(outcome.output.isEmpty)
    }

    @Test("an unknown id has its own status")
    func unknownID() async throws {
        let (scratch, journal, _) = try await journal(10)
        let outcome = try await Program.highwater.run("get", journal, "nobody")
        #expect(outcome.status == 4)
        #expect(outcome.error.contains("nobody"))
        withExtendedLifetime(scratch) {}
    }

    @Test("replay stops quietly when its reader goes")
    func closedPipe() async throws {
        let (scratch, journal, _) = try await journal(20_000)
        _ = try await Program.highwater.bash(
            "\"$0\" replay \"$1\" 2>\"$2/err\" | head -n 1 >\"$2/out\"; echo ${PIPESTATUS[0]} >\"$2/status\"",
            journal,
            scratch.path
        )
        #expect(try String(contentsOfFile: scratch.path + "/status", encoding: .utf8) == "0\n")
        #expect(try String(contentsOfFile: scratch.path + "/err", encoding: .utf8) == "")
        #expect(try String(contentsOfFile: scratch.path + "/out", encoding: .utf8).contains("e-0"))
    }

    @Test("replay ends on Ctrl-C, with whole lines")
    func interrupt() async throws {
        let (scratch, journal, _) = try await journal(30_000)
        // A pipe nobody reads keeps the program busy writing until the signal comes.
        _ = try await Program.highwater.bash(
            """
            mkfifo "$2/pipe"
            "$0" replay "$1" >"$2/pipe" 2>"$2/err" &
            pid=$!
            { head -c 100000 >/dev/null; sleep 1; kill -INT $pid; sleep 0.2; tail -c 1 | od -An -c >"$2/tail"; } <"$2/pipe"
            wait $pid
            echo $? >"$2/status"
            """,
            journal,
            scratch.path
        )
        #expect(try String(contentsOfFile: scratch.path + "/status", encoding: .utf8) == "130\n")
        #expect(try String(contentsOfFile: scratch.path + "/tail", encoding: .utf8).contains("\\n"))
    }
}
