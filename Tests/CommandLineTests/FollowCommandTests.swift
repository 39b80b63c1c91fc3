import Foundation
import Testing

@Suite("Followers on the command line", .serialized)
struct FollowCommandTests {
    private static let highwater = Program.highwater

    private func put(_ journal: String, _ id: String, _ data: String) async throws {
        let outcome = try await Self.highwater.run(
            "put",
            journal,
            data,
            "--id",
            id,
            "--timestamp",
            "2024-03-01T00:00:00Z",
            "--key",
            "k"
        )
        try #require(outcome.status == 0, "\(outcome.error)")
    }

    private func objects(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n")
            .map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
    }

    private func ids(_ text: String) throws -> [String] { try objects(text).map { $0["id"] as? String ?? "" } }

    /// Waits until what a program has printed so far has so many lines.
    private func lines(_ program: Program.Running, _ count: Int) async throws -> String {
        let file = program.directory.appendingPathComponent("out")
        for _ in 0..<2000 {
            let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            if text.count(where: { $0 == "\n" }) >= count { return text }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("\(count) lines did not come")
        return ""
    }

    @Test("prints what became of events, moves the mark, and sums up on standard error")
    func tour() async throws {
        let scratch = try Scratch()
        let journal = scratch.path + "/journal"
        for id in ["a", "b", "c"] { try await put(journal, id, "{\"v\":\"\(id)\"}") }
        let arguments = ["follow", journal, "--mark", "m", "--until-caught-up", "--format"]
        let first = try await Self.highwater.run(arguments + ["event"])
        #expect(first.status == 0)
        #expect(try ids(first.output) == ["a", "b", "c"])
        #expect(try objects(first.output).allSatisfy { $0["op"] as? String == "put" && $0["key"] as? String == "k" })
        #expect(first.error.hasPrefix("highwater: caught up in "))
        #expect(first.error.hasSuffix(": 3 put, 0 updated, 0 deleted; the mark m is behind them.\n"), "\(first.error)")
        for command in [["update", journal, "a", "{\"v\":2}"], ["delete", journal, "b"]] {
            let outcome = try await Self.highwater.run(command)
            try #require(outcome.status == 0, "\(outcome.error)")
        }
        try await put(journal, "d", "no JSON\nat all")
        let second = try await Self.highwater.run(arguments + ["event"])
        #expect(
            second.output == """
                {"op":"update","id":"a","timestamp":"2024-03-01T00:00:00.000000Z","key":"k","data":{"v":2}}
                {"op":"delete","id":"b","timestamp":"2024-03-01T00:00:00.000000Z"}
                {"op":"put","id":"d","timestamp":"2024-03-01T00:00:00.000000Z","key":"k","text":"no JSON\\nat all"}

                """
        )
        #expect(second.error.contains(": 1 put, 1 updated, 1 deleted;"))
        let third = try await Self.highwater.run(arguments + ["event"])
        #expect(third.output.isEmpty && third.error.contains(": 0 put, 0 updated, 0 deleted;"))
        // Without a mark everything comes, and payloads have no place for deletes.
        let data = try await Self.highwater.run("follow", journal, "--until-caught-up")
        #expect(data.output == "{\"v\":\"c\"}\n{\"v\":2}\nno JSON\nat all\n")
        let now = try await Self.highwater.run("follow", journal, "--until-caught-up", "--from", "now")
        #expect(now.output.isEmpty && now.status == 0)
    }

    @Test("marks are listed and removed, and a damaged one says what to do")
    func marks() async throws {
        let scratch = try Scratch()
        let journal = scratch.path + "/journal"
        try await put(journal, "a", "{}")
        for name in ["n.2", "m-1"] {
            let outcome = try await Self.highwater.run("follow", journal, "--mark", name, "--until-caught-up")
            try #require(outcome.status == 0)
        }
        let listed = try await Self.highwater.run("marks", journal)
        #expect(listed.output.split(separator: "\n").map { $0.suffix(5) } == ["  m-1", "  n.2"])
        let json = try objects(try await Self.highwater.run("marks", journal, "--json").output)
        #expect(json.map { $0["name"] as? String } == ["m-1", "n.2"])
        #expect((json[0]["position"] as? [String: Any])?["version"] as? Int == -1)
        #expect(try await Self.highwater.run("marks", journal, "--delete", "n.2").status == 0)
        let again = try await Self.highwater.run("marks", journal, "--delete", "n.2")
        #expect(again.status == 4 && again.error.contains("No mark in"))
        let object = URL(fileURLWithPath: journal + "/_marks/m-1.json")
        let whole = try Data(contentsOf: object)
        try FileManager.default.removeItem(at: object)
        try whole.dropLast(9).write(to: object)
        for command in [["follow", journal, "--mark", "m-1"], ["marks", journal]] {
            let outcome = try await Self.highwater.run(command)
            #expect(outcome.status == 1)
            #expect(outcome.error.contains("The mark m-1") && outcome.error.contains("Delete it"), "\(outcome.error)")
        }
        #expect(try await Self.highwater.run("marks", journal, "--delete", "m-1").status == 0)
        #expect(try await Self.highwater.run("marks", journal).output.isEmpty)
    }

    @Test("wrong input is one line and a status")
    func wrongInput() async throws {
        let scratch = try Scratch()
        let journal = scratch.path + "/journal"
        let absent = try await Self.highwater.run("follow", journal)
        #expect(absent.status == 4 && absent.error.contains("There is no journal at"))
        try await put(journal, "a", "{}")
        for (arguments, message) in [
            (["--mark", "a/b"], "cannot be the name of a mark"), (["--mark", ""], "cannot be the name of a mark"),
            (["--longest-interval", "0"], "--longest-interval"), (["--from", "yesterday"], "yesterday"),
            (["--where", "a ||"], "a ||"), (["--strict"], "--strict is about"), (["--format", "xml"], "xml"),
            (["--mark"], "--mark"),
        ] {
            let outcome = try await Self.highwater.run(["follow", journal, "--until-caught-up"] + arguments)
            #expect(outcome.status == 64, "\(arguments)")
            #expect(outcome.error.contains(message) && outcome.output.isEmpty, "\(arguments): \(outcome.error)")
        }
    }

    @Test("--where and --select as in a replay; deletes pass, and updates that are not kept are deletes")
    func selection() async throws {
        let scratch = try Scratch()
        let journal = scratch.path + "/journal"
        let start = ["follow", journal, "--mark", "m", "--until-caught-up", "--format", "event", "--where", "n > `1`"]
        let shaped = start + ["--select", "{n: n, k: @event.key}"]
        for (id, data) in [("a", "{\"n\":1}"), ("b", "{\"n\":2}"), ("c", "{\"n\":3}"), ("d", "no JSON")] {
            try await put(journal, id, data)
        }
        let first = try await Self.highwater.run(shaped)
        #expect(
            first.output == """
                {"op":"put","id":"b","timestamp":"2024-03-01T00:00:00.000000Z","key":"k","data":{"n":2,"k":"k"}}
                {"op":"put","id":"c","timestamp":"2024-03-01T00:00:00.000000Z","key":"k","data":{"n":3,"k":"k"}}

                """
        )
        #expect(first.error.contains("highwater: 1 payload not JSON, left out.\n"))
        for command in [
            ["update", journal, "a", "{\"n\":5}"], ["update", journal, "b", "{\"n\":0}"], ["delete", journal, "c"],
        ] { try #require(try await Self.highwater.run(command).status == 0) }
        let second = try await Self.highwater.run(shaped)
        #expect(try objects(second.output).map { $0["op"] as? String } == ["update", "delete", "delete"])
        #expect(try ids(second.output) == ["a", "b", "c"])
        let strict = try await Self.highwater.run("follow", journal, "--where", "n", "--strict")
        #expect(strict.status == 64 && strict.error.contains("The payload of event \"d\""))
    }

    @Test(
        "an idle follower prints each event as it comes; an interrupt ends it with status 130 and its mark behind them"
    )
    func idle() async throws {
        let scratch = try Scratch()
        let journal = scratch.path + "/journal"
        try await put(journal, "a", "{}")
        let arguments = ["follow", journal, "--mark", "m", "--format", "event", "--longest-interval", "0.05"]
        let follower = try Self.highwater.start(arguments)
        #expect(try ids(try await lines(follower, 1)) == ["a"])
        try await put(journal, "b", "{}")
        #expect(try ids(try await lines(follower, 2)) == ["a", "b"])
        follower.kill(SIGINT)
        let outcome = await follower.wait()
        #expect(outcome.status == 130 && !outcome.wasSignalled)
        #expect(outcome.error == "highwater: Interrupted.\n")
        try await put(journal, "c", "{}")
        let rest = try await Self.highwater.run(arguments + ["--until-caught-up"])
        #expect(try ids(rest.output) == ["c"])
    }

    /// Follows, with somebody who writes, and ends the follower at random moments.
    ///
    /// - Returns: What each run has printed, the last of them to the end.
    private func interrupted(by signal: Int32, rounds: Int, _ scratch: Scratch) async throws -> [[String]] {
        let journal = scratch.path + "/journal"
        try await put(journal, "first", "{}")
        let writer = try Program.journalWriter.start([journal, "w", "1500", "7"])
        let arguments = ["follow", journal, "--mark", "m", "--format", "event", "--longest-interval", "0.01"]
        var runs: [[String]] = []
        for _ in 0..<rounds {
            let follower = try Self.highwater.start(arguments)
            try await Task.sleep(for: .seconds(Double.random(in: 0.02...0.25)))
            follower.kill(signal)
            let outcome = await follower.wait()
            // The last line may be cut by the kill.
            let whole = outcome.output.lastIndex(of: "\n").map { outcome.output[...$0] } ?? ""
            if signal == SIGINT {
                #expect(whole.count == outcome.output.count)
                // Before it listens to signals it dies of them as any program does.
                #expect(outcome.status == (outcome.wasSignalled ? SIGINT : 130), "\(outcome.error)")
            }
            runs.append(try ids(String(whole)))
        }
        #expect(await writer.wait().status == 0)
        let last = try await Self.highwater.run(arguments + ["--until-caught-up"])
        #expect(last.status == 0, "\(last.error)")
        runs.append(try ids(last.output))
        let all = ["first"] + (0..<1500).flatMap { batch in (0..<7).map { "w-\(batch)-\($0)" } }
        #expect(Set(runs.joined()) == Set(all))
        return runs
    }

    @Test("kill -9 at random moments: nothing is missed, and only what was printed last comes again")
    func killed() async throws {
        let scratch = try Scratch()
        var printed: [String] = []
        var mark = 0
        for run in try await interrupted(by: SIGKILL, rounds: 25, scratch) {
            let known = Set(printed)
            let again = run.prefix { known.contains($0) }
            if let first = run.first {
                // The mark of this run: never before that of an earlier one.
                let start = printed.firstIndex(of: first) ?? printed.count
                #expect(start >= mark)
                mark = start
                #expect(Array(printed[start...].prefix(again.count)) == Array(again))
                #expect(start + again.count == printed.count || again.count == run.count)
            }
            #expect(known.isDisjoint(with: run.dropFirst(again.count)))
            printed += run.dropFirst(again.count)
        }
    }

    @Test("interrupts at random moments: every event is printed exactly once")
    func interrupts() async throws {
        let scratch = try Scratch()
        let printed = Array(try await interrupted(by: SIGINT, rounds: 25, scratch).joined())
        #expect(printed.count == Set(printed).count)
    }

    @Test("head ends a follower, also one that waits, without a word; the mark does not move past what was not read")
    func brokenPipe() async throws {
        let scratch = try Scratch()
        let journal = scratch.path + "/journal"
        let input = try scratch.file("events.ndjson", ndjson(5000, padding: 300))
        try #require(
            try await Self.highwater.run("import", journal, input, "--id", "id", "--timestamp", "at").status == 0
        )
        let script = #"set -o pipefail; "$0" follow "$1" --mark m --format data | head -1"#
        let first = try await Self.highwater.bash(script, journal)
        #expect(first.status == 0 && first.error.isEmpty, "\(first.error)")
        #expect(first.output.split(separator: "\n").count == 1)
        #expect(try await Self.highwater.run("marks", journal).output.isEmpty)
        // All fits into the pipe, and then nothing comes.
        let small = scratch.path + "/small"
        try await put(small, "a", "{}")
        let second = try await Self.highwater.bash(
            #"set -o pipefail; timeout 20 "$0" follow "$1" --format data | head -1"#,
            small
        )
        #expect(second.status == 0 && second.error.isEmpty && second.output == "{}\n", "\(second)")
    }

    @Test("of two followers with one mark the second to move it ends, and says why")
    func twoFollowers() async throws {
        let scratch = try Scratch()
        let journal = scratch.path + "/journal"
        try await put(journal, "a", "{}")
        let arguments = ["follow", journal, "--mark", "m", "--format", "event", "--longest-interval", "0.05"]
        let followers = [try Self.highwater.start(arguments), try Self.highwater.start(arguments)]
        let (ended, end) = AsyncStream.makeStream(of: Int.self)
        await withTaskGroup(of: Void.self) { group in
            for (number, follower) in followers.enumerated() {
                group.addTask {
                    let outcome = await follower.wait()
                    if outcome.status == 130 { return }
                    #expect(outcome.status == 1)
                    #expect(outcome.error.contains("Somebody else has moved the mark m"), "\(outcome.error)")
                    end.yield(number)
                }
            }
            group.addTask {
                // The next event that both find is the end of one of them.
                var number = 0
                while followers.allSatisfy(\.process.isRunning), number < 100 {
                    number += 1
                    do { try await put(journal, "b\(number)", "{}") } catch { Issue.record(error) }
                }
                for await number in ended {
                    followers[1 - number].kill(SIGINT)
                    return
                }
            }
        }
    }
}
