import Foundation
import Testing

@Suite("Commands that change and tidy")
struct CompactionCommandTests {
    /// A fresh journal with so many events in each of some imports.
    private struct Fixture {
        let scratch: Scratch
        let journal: String
        var files: JournalFiles { JournalFiles(path: journal) }

        init(_ imports: [Int]) async throws {
            scratch = try Scratch()
            journal = scratch.path + "/journal"
            for (number, count) in imports.enumerated() { try await add(count, "p\(number)") }
        }

        func add(_ count: Int, _ name: String) async throws {
            let input = try scratch.file("\(name).ndjson", ndjson(count, name: name))
            let outcome = try await highwater("import", "--id", "id", "--timestamp", "at", "--key", "k", input: input)
            try #require(outcome.status == 0, "\(outcome.error)")
        }

        func highwater(_ command: String, _ arguments: String..., input: String? = nil) async throws -> Program.Outcome
        {
            try await Program.highwater.run([command, journal] + (input.map { [$0] } ?? []) + arguments)
        }

        /// What a command reports as one JSON object.
        func report(_ command: String, _ arguments: String...) async throws -> [String: Any] {
            let outcome = try await Program.highwater.run([command, journal] + arguments + ["--json"])
            try #require(outcome.status == 0, "\(outcome.error)")
            #expect(outcome.output.split(separator: "\n").count == 1, "\(outcome.output)")
            let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
            return try #require(object as? [String: Any])
        }

        func replay() async throws -> String {
            let outcome = try await highwater("replay")
            try #require(outcome.status == 0, "\(outcome.error)")
            return outcome.output
        }
    }

    @Test(
        "help shows an example for every command",
        arguments: ["compact", "vacuum", "erase", "reindex", "update", "delete"]
    )
    func help(command: String) async throws {
        let outcome = try await Program.highwater.run("help", command)
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("EXAMPLES"))
        #expect(outcome.output.contains("highwater \(command) "))
        #expect(!outcome.output.contains("OPTIONS:\n  --version"), "an option without help: \(outcome.output)")
    }

    @Test(
        "a place without a journal, wrong options and too few arguments say what is wrong, and change nothing",
        arguments: [
            (["compact", "plain"], Int32(4), "There is no journal at"),
            (["vacuum", "plain"], 4, "There is no journal at"),
            (["reindex", "plain"], 4, "There is no journal at"),
            (["erase", "plain", "--id", "x"], 4, "There is no journal at"),
            (["update", "plain", "x", "{}"], 4, "There is no journal at"),
            (["delete", "plain", "x"], 4, "There is no journal at"),
            (["compact", "/nowhere/at/all"], 4, "There is no journal at"),
            (["compact", "j", "--compression-level", "23"], 64, "1 to 22"),
            (["compact", "j", "--target-size", "0"], 64, "more than nothing"),
            (["compact", "j", "--target-size", "big"], 64, "big"),
            (["compact", "j", "--minimum-events", "few"], 64, "few"),
            (["vacuum", "j", "--retention", "7"], 64, "7"),
            (["vacuum", "j", "--retention", "-1d"], 64, "--retention"),
            (["vacuum", "j", "--log-retention", "soon"], 64, "soon"),
            (["erase", "j"], 64, "--id or a --key"),
            (["update", "j", "x"], 64, "data"),
            (["delete", "j"], 64, "id"),
        ]
    )
    func failures(arguments: [String], status: Int32, text: String) async throws {
        let scratch = try Scratch()
        let plain = JournalFiles(path: scratch.path + "/plain")
        try FileManager.default.createDirectory(atPath: plain.path, withIntermediateDirectories: true)
        _ = try scratch.file("plain/notes.txt", "mine")
        let arguments = arguments.map { $0 == "plain" ? plain.path : $0 == "j" ? scratch.path + "/j" : $0 }
        let outcome = try await Program.highwater.run(arguments)
        #expect(outcome.status == status, "\(outcome.error)")
        #expect(outcome.error.contains(text), "\(outcome.error)")
        #expect(outcome.output.isEmpty)
        #expect(try plain.all() == ["notes.txt"])
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/j"))
    }

    // MARK: - Compact

    @Test("compact refuses less than the minimum with status 7, says why, and does it when forced")
    func minimums() async throws {
        let fixture = try await Fixture([300, 200])
        let before = try fixture.files.all()
        let few = try await fixture.highwater("compact", "--minimum-events", "501")
        #expect(few.status == 7 && few.output.isEmpty)
        #expect(few.error.contains("500 events") && few.error.contains("501 events"), "\(few.error)")
        #expect(few.error.split(separator: "\n").count == 1)
        let small = try await fixture.highwater("compact", "--minimum-events", "500", "--minimum-size", "1GiB")
        #expect(small.status == 7 && small.error.contains("1073741824 bytes"), "\(small.error)")
        #expect(try fixture.files.all() == before, "a refusal changes nothing")
        let enough = try await fixture.highwater("compact", "--minimum-events", "500", "--minimum-size", "1kB")
        #expect(enough.status == 0, "\(enough.error)")
        #expect(
            enough.output.hasPrefix("2 segments of the inbox became 1 with 500 events in "),
            "\(enough.output)"
        )
        // Now there is nothing: without a minimum that is fine, with one it is too little.
        let idle = try await fixture.highwater("compact")
        #expect(idle.status == 0 && idle.output == "Nothing to compact in \(fixture.journal).\n", "\(idle.output)")
        #expect(try await fixture.highwater("compact", "--minimum-events", "2").status == 7)
        try await fixture.add(3, "more")
        #expect(try await fixture.highwater("compact", "--minimum-events", "9999").status == 7)
        #expect(try await fixture.highwater("compact", "--minimum-events", "9999", "--force").status == 0)
    }

    @Test("compact reports as JSON, replays stay byte for byte, changes wait until they are asked for")
    func compact() async throws {
        let fixture = try await Fixture([400, 300, 200])
        #expect(try await fixture.highwater("delete", "p0-7").status == 0)
        #expect(try await fixture.highwater("update", "p1-7", #"{"new":true}"#).status == 0)
        let before = try await fixture.replay()
        let report = try await fixture.report("compact")
        #expect(report["commits"] as? Int == 1 && report["version"] as? Int == 0)
        #expect(report["absorbed_segments"] as? Int == 3 && report["written_segments"] as? Int == 1)
        #expect(report["events"] as? Int == 900 && report["waiting_changes"] as? Int == 2)
        #expect(report["applied_changes"] as? Int == 0 && (report["warnings"] as? [String])?.isEmpty == true)
        #expect(try await fixture.replay() == before)
        let idle = try await fixture.highwater("compact")
        #expect(idle.output.contains("2 updates and deletes kept for later; --apply-changes"), "\(idle.output)")
        let applied = try await fixture.report("compact", "--apply-changes")
        #expect(applied["applied_changes"] as? Int == 2 && applied["waiting_changes"] as? Int == 0)
        #expect(applied["events"] as? Int == 899 && applied["dropped_rows"] as? Int == 1)
        #expect(try await fixture.replay() == before)
        #expect(try await fixture.highwater("get", "p1-7").output == "{\"new\":true}\n")
        #expect(try await fixture.highwater("verify").status == 0)
        let small = try await fixture.highwater(
            "compact",
            "--thorough",
            "--target-size",
            "10kB",
            "--compression-level",
            "1"
        )
        #expect(small.status == 0, "\(small.error)")
        #expect(try await fixture.replay() == before)
    }

    @Test("compact ends on Ctrl-C, leaves the journal right, and goes on when it is called again")
    func interrupted() async throws {
        let fixture = try await Fixture([20_000, 20_000])
        let before = try await fixture.replay()
        for delay in [0.02, 0.1, 0.2, 0.3, 0.4] {
            let compact = try Program.highwater.start(["compact", fixture.journal, "--thorough"])
            try await Task.sleep(for: .seconds(delay))
            compact.kill(SIGINT)
            let outcome = await compact.wait()
            // In the first moments nobody listens to signals yet.
            #expect(outcome.wasSignalled || [0, 130].contains(outcome.status), "\(outcome.status) \(outcome.error)")
            if outcome.status == 130 { #expect(outcome.error == "highwater: Interrupted.\n") }
            #expect(try await fixture.replay() == before)
        }
        #expect(try await fixture.highwater("compact").status == 0)
        #expect(try await fixture.replay() == before)
        #expect(try await fixture.highwater("verify").status == 0)
    }

    // MARK: - Vacuum

    @Test("vacuum keeps what is young, says in a dry run what would go and why, then does exactly that")
    func vacuum() async throws {
        let fixture = try await Fixture([300])
        try #require(try await fixture.highwater("compact").status == 0)
        try await fixture.add(300, "more")
        try #require(try await fixture.highwater("compact", "--thorough").status == 0)
        let before = try await fixture.replay()
        let young = try await fixture.highwater("vacuum", "--retention", "1h")
        #expect(young.status == 0 && young.output.hasPrefix("Nothing to delete from "), "\(young.output)")
        let refused = try await fixture.highwater("vacuum", "--retention", "59m")
        #expect(refused.status == 64 && refused.error.contains("shorter than an hour"), "\(refused.error)")
        try fixture.files.age(hours: 3)
        let files = try fixture.files.all()
        let dry = try await fixture.highwater("vacuum", "--retention", "2h", "--dry-run")
        #expect(dry.status == 0)
        let lines = dry.output.split(separator: "\n").map(String.init)
        #expect(
            lines.count { $0.hasPrefix("_inbox/") && $0.hasSuffix("absorbed by a compaction") } == 2,
            "\(dry.output)"
        )
        #expect(
            lines.count { $0.hasPrefix("segments/") && $0.hasSuffix("replaced by a compaction") } > 0,
            "\(dry.output)"
        )
        #expect(
            lines.count { $0.hasPrefix("_index/") && $0.hasSuffix("replaced part of the index") } == 1,
            "\(dry.output)"
        )
        #expect(
            lines.last?.hasPrefix("\(lines.count - 1) objects with ") == true
                && lines.last?.contains("would be deleted") == true
        )
        #expect(try fixture.files.all().filter { $0 != "_clock" } == files.filter { $0 != "_clock" })
        // What was replaced stays for its retention, what was absorbed does not.
        let kept = try await fixture.report("vacuum", "--retention", "4h", "--dry-run")
        #expect(kept["objects"] as? Int == 3 && kept["dry_run"] as? Bool == true)
        let report = try await fixture.report("vacuum", "--retention", "2h")
        let items = try #require(report["items"] as? [[String: Any]])
        let gone = Set(items.compactMap { $0["object"] as? String })
        #expect(Set(lines.dropLast().compactMap { $0.split(separator: " ").first.map(String.init) }) == gone)
        #expect(Set(items.compactMap { $0["reason"] as? String }) == ["absorbed", "replaced", "replacedIndex"])
        #expect(Set(files).subtracting(try fixture.files.all()) == gone)
        #expect(try await fixture.replay() == before)
        #expect(try await fixture.highwater("get", "p0-5").status == 0)
        #expect(try await fixture.highwater("verify").status == 0)
    }

    @Test("what a killed compaction left goes when it is old")
    func leftovers() async throws {
        let fixture = try await Fixture([300])
        try #require(try await fixture.highwater("compact").status == 0)
        let left = "segments/0190163d-8694-739b-aea5-966c26f8ad91-0000.parquet"
        try Data("half".utf8).write(to: URL(fileURLWithPath: fixture.journal + "/" + left))
        #expect(try await fixture.highwater("vacuum", "--retention", "1h").output.hasPrefix("Nothing to delete"))
        try fixture.files.age(hours: 2)
        let dry = try await fixture.highwater("vacuum", "--retention", "1h", "--dry-run")
        #expect(dry.output.contains("\(left)  4 bytes  named by nothing, older than the retention"), "\(dry.output)")
        #expect(try await fixture.highwater("vacuum", "--retention", "1h").status == 0)
        #expect(try !fixture.files.all().contains(left))
    }

    // MARK: - Change

    @Test("update and delete are seen at once, and an unknown id has its own status")
    func change() async throws {
        let fixture = try await Fixture([50])
        let updated = try await fixture.highwater("update", "p0-3", #"{"v":2}"#, "--json")
        #expect(updated.status == 0)
        #expect(
            updated.output.contains(#""id":"p0-3""#) && updated.output.contains(#""key":"k3""#),
            "\(updated.output)"
        )
        #expect(try await fixture.highwater("get", "p0-3").output == "{\"v\":2}\n")
        let piped = try await Program.highwater.run(
            ["update", fixture.journal, "p0-4", "-"],
            input: Data([0xFF, 0, 0x0A])
        )
        #expect(piped.status == 0 && piped.output.isEmpty)
        let got = try await fixture.highwater("get", "p0-4", "--format", "event")
        #expect(got.output.contains(#""base64":"/wAK""#), "\(got.output)")
        let deleted = try await fixture.highwater("delete", "p0-3", "--json")
        #expect(deleted.status == 0 && deleted.output.contains(#""bytes":7"#), "\(deleted.output)")
        #expect(try await fixture.highwater("get", "p0-3").status == 4)
        for arguments in [["delete", "p0-3"], ["update", "p0-3", "{}"], ["delete", "nobody"]] {
            let outcome = try await Program.highwater.run([arguments[0], fixture.journal] + arguments.dropFirst())
            #expect(outcome.status == 4 && outcome.error.contains("\"\(arguments[1])\""), "\(outcome.error)")
            #expect(outcome.error.split(separator: "\n").count == 1 && outcome.output.isEmpty)
        }
        // The id is free again.
        #expect(try await fixture.highwater("put", #"{"again":1}"#, "--id", "p0-3").status == 0)
        #expect(try await fixture.highwater("get", "p0-3").output == "{\"again\":1}\n")
        #expect(try await fixture.replay().split(separator: "\n").count >= 50)
    }

    // MARK: - Erase

    /// The files that have a text in them as it stands; payloads in tests are too short to be compressed.
    private func holders(_ secret: String, _ files: JournalFiles) throws -> [String] {
        try files.all()
            .filter { name in
                let data = try Data(contentsOf: URL(fileURLWithPath: files.path + "/" + name))
                return data.range(of: Data(secret.utf8)) != nil
            }
    }

    @Test("erase proves which objects held the data, what replaced them, and when the last copy went")
    func erase() async throws {
        let fixture = try await Fixture([200])
        let secret = "91c2fd0e-secret-7a66b1"
        #expect(
            try await fixture.highwater("put", "{}", "--id", "mine", "--key", "k1", "--timestamp", "2024-03-01").status
                == 0
        )
        for id in ["victim-1", "victim-2"] {
            let put = try await fixture.highwater(
                "put",
                secret,
                "--id",
                id,
                "--key",
                "customer-17",
                "--timestamp",
                "2024-03-01"
            )
            try #require(put.status == 0)
        }
        try #require(try await fixture.highwater("compact", "--thorough").status == 0)
        try #require(try await fixture.highwater("update", "victim-1", "new " + secret).status == 0)
        let before = try await fixture.replay()
        // Without waiting for readers the program leaves the deletion to the next call.
        let first = try await fixture.highwater("erase", "--key", "customer-17", "--id", "mine", "--no-wait")
        #expect(first.status == 3, "\(first.error)")
        #expect(
            first.output.hasPrefix("3 events of \(fixture.journal) erased.\ngone from       version "),
            "\(first.output)"
        )
        #expect(first.output.contains("deleted       not yet") && first.output.hasSuffix("last copy gone  not yet\n"))
        #expect(first.error.contains("Then erase the same again, by their ids"), "\(first.error)")
        let rest = before.split(separator: "\n").filter { !$0.contains(secret) && $0 != "{}" }
        #expect(try await fixture.replay().split(separator: "\n") == rest)
        #expect(try await fixture.highwater("get", "victim-1").status == 4)
        let held = try holders(secret, fixture.files)
        #expect(!held.isEmpty)
        for name in held { #expect(first.output.contains("held by         \(name) ("), "\(name) in \(first.output)") }
        #expect(first.output.contains("  replaced by   segments/"), "\(first.output)")

        // Called again it waits for those who may be reading, and interrupted it deletes nothing.
        let again = ["erase", fixture.journal, "--id", "victim-1", "--id", "victim-2", "--id", "mine", "--json"]
        let waiting = try Program.highwater.start(again)
        try await Task.sleep(for: .seconds(3))
        #expect(waiting.process.isRunning, "readers may rely on objects for two minutes")
        waiting.kill(SIGINT)
        let stopped = await waiting.wait()
        #expect(stopped.status == 130 && stopped.output.isEmpty, "\(stopped.output) \(stopped.error)")
        #expect(try holders(secret, fixture.files) == held)

        // An hour later nobody reads them any more, whoever made the commits.
        try fixture.files.age(hours: 1.1)
        let last = try await Program.highwater.run(again)
        #expect(last.status == 0, "\(last.error)")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(last.output.utf8)) as? [String: Any])
        #expect(report["complete"] as? Bool == true)
        #expect((report["not_found"] as? [String])?.sorted() == ["mine", "victim-1", "victim-2"])
        let proof = try #require(report["holders"] as? [[String: Any]])
        #expect(Set(proof.compactMap { $0["object"] as? String }).isSuperset(of: held))
        let completed = try #require(report["completed"] as? String)
        for holder in proof {
            let deleted = try #require(holder["deleted"] as? String)
            #expect(deleted <= completed)
            #expect((holder["rows"] as? Int ?? 0) > 0 && (holder["bytes"] as? Int ?? 0) > 0)
        }
        #expect(try holders(secret, fixture.files).isEmpty)
        #expect(try await fixture.replay().split(separator: "\n") == rest)
        #expect(try await fixture.highwater("verify").status == 0)
    }

    @Test("erasing what never was is an error of its own and prints no proof")
    func eraseUnknown() async throws {
        let fixture = try await Fixture([20])
        let outcome = try await fixture.highwater("erase", "--id", "nobody", "--key", "nothing")
        #expect(outcome.status == 4 && outcome.output.isEmpty, "\(outcome.output)")
        #expect(outcome.error.contains("No event of \(fixture.journal) has such an id or key."), "\(outcome.error)")
        let unmet = try await fixture.highwater("erase", "--where", "no.such == 'thing'")
        #expect(unmet.status == 4 && unmet.error.contains("or is meant by --where"), "\(unmet.error)")
        let wrong = try await fixture.highwater("erase", "--where", "a ==")
        #expect(wrong.status == 64 && wrong.error.contains("^"), "\(wrong.error)")
    }

    // MARK: - Reindex

    @Test("without its index a journal refuses to look up and says what to do; reindex does it")
    func reindex() async throws {
        let fixture = try await Fixture([300])
        let none = try await fixture.highwater("reindex")
        #expect(none.output == "The index of \(fixture.journal) has 0 ids.\n", "\(none.output)")
        try #require(try await fixture.highwater("compact").status == 0)
        for name in try fixture.files.names("_index") {
            try FileManager.default.removeItem(atPath: fixture.journal + "/_index/" + name)
        }
        let lost = try await fixture.highwater("get", "p0-5")
        #expect(lost.status == 6 && lost.error.contains("highwater reindex"), "\(lost.error)")
        #expect(try await fixture.report("reindex")["entries"] as? Int == 300)
        #expect(try await fixture.highwater("get", "p0-5").status == 0)
        #expect(try await fixture.highwater("get", "nobody").status == 4)
        #expect(try await fixture.replay().split(separator: "\n").count == 300)
    }

    @Test("verify checks the index of ids too, names what is damaged of it, and says what mends it")
    func damagedIndex() async throws {
        let fixture = try await Fixture([500])
        try #require(try await fixture.highwater("compact").status == 0)
        let sound = try await fixture.highwater("verify")
        #expect(sound.status == 0, "\(sound.error)")
        #expect(sound.output.contains("index    1 object with 500 ids, every compacted event found"), "\(sound.output)")
        let name = try #require(try fixture.files.names("_index").first)
        let url = URL(fileURLWithPath: "\(fixture.journal)/_index/\(name)")
        var bytes = try Data(contentsOf: url)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: url)
        let table = try await fixture.highwater("verify")
        #expect(table.status == 6)
        #expect(table.output.contains("damaged  _index/\(name): "), "\(table.output)")
        #expect(table.error.contains("highwater reindex \(fixture.journal)"), "\(table.error)")
        let json = try await fixture.highwater("verify", "--json")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(json.status == 6 && report["clean"] as? Bool == false && report["index_compared"] as? Bool == false)
        let damaged = try #require(report["damaged"] as? [[String: Any]])
        #expect(damaged.map { $0["object"] as? String } == ["_index/\(name)"])
        #expect(try await fixture.highwater("reindex").status == 0)
        let mended = try await fixture.report("verify")
        #expect(mended["clean"] as? Bool == true && mended["index_entries"] as? Int == 500)
    }
}
