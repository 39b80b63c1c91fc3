import Foundation
import Testing

/// Real processes, real signals, real disks.
@Suite("Under attack", .serialized)
struct AttackTests {
    private func acknowledged(_ outcome: Program.Outcome) -> [String] {
        // The last line may be cut by the kill; it ends without a newline then.
        guard let end = outcome.output.lastIndex(of: "\n") else { return [] }
        return outcome.output[..<end].split(separator: "\n")
            .compactMap { line in
                line.hasPrefix("acknowledged ") ? String(line.dropFirst("acknowledged ".count)) : nil
            }
    }

    private func ids(_ journal: String) async throws -> [String] {
        let outcome = try await Program.highwater.run("replay", journal, "--format", "event")
        try #require(outcome.status == 0, "\(outcome.error)")
        return try outcome.output.split(separator: "\n")
            .map { line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return try #require(object?["id"] as? String)
            }
    }

    @Test("kill -9 of a writer at 50 random moments: what was acknowledged is there, nothing twice, all is sound")
    func killedWriters() async throws {
        let scratch = try Scratch()
        let journal = scratch.path + "/journal"
        var promised: Set<String> = []
        for round in 0..<50 {
            let writer = try Program.journalWriter.start([journal, "w\(round)", "100000", "20"])
            try await Task.sleep(for: .seconds(Double.random(in: 0.005...0.08)))
            writer.kill()
            for batch in acknowledged(await writer.wait()) {
                promised.formUnion((0..<20).map { "\(batch)-\($0)" })
            }
        }
        let there = try await ids(journal)
        #expect(Set(there).count == there.count)
        #expect(promised.isSubset(of: there))
        #expect(there.count % 20 == 0, "an append is there whole or not at all")
        #expect(try await Program.highwater.run("verify", journal).status == 0)
        #expect(!promised.isEmpty)
    }

    @Test("kill -9 of an importer at 50 random moments, then once to the end: every event once")
    func killedImporters() async throws {
        let scratch = try Scratch()
        let journal = scratch.path + "/journal"
        let input = try scratch.file("events.ndjson", ndjson(20_000, padding: 300))
        let arguments = ["import", journal, input, "--id", "id", "--timestamp", "at"]
        let begin = Date()
        try #require(
            try await Program.highwater.run(["import", scratch.path + "/warm-up"] + arguments[2...]).status == 0
        )
        let whole = Date().timeIntervalSince(begin)
        var ended = 0
        for _ in 0..<50 {
            let importer = try Program.highwater.start(arguments)
            try await Task.sleep(for: .seconds(Double.random(in: 0...whole * 1.2)))
            importer.kill()
            if await !importer.wait().wasSignalled { ended += 1 }
        }
        let last = try await Program.highwater.run(arguments)
        #expect(last.status == 0, "\(last.error)")
        let there = try await ids(journal)
        #expect(there.count == 20_000 && Set(there).count == 20_000, "\(there.count), \(ended) ended by themselves")
        let verify = try await Program.highwater.run("verify", journal)
        #expect(verify.status == 0, "\(verify.output)")
    }

    @Test("eight processes append at once: all events, each once")
    func eightWriters() async throws {
        let scratch = try Scratch()
        let journal = scratch.path + "/journal"
        let writers = try (0..<8).map { try Program.journalWriter.start([journal, "w\($0)", "50", "40"]) }
        for writer in writers { #expect(await writer.wait().status == 0) }
        let there = try await ids(journal)
        let expected = (0..<8)
            .flatMap { writer in
                (0..<50).flatMap { batch in (0..<40).map { "w\(writer)-\(batch)-\($0)" } }
            }
        #expect(there.count == expected.count && Set(there) == Set(expected))
        #expect(try await Program.highwater.run("verify", journal).status == 0)
    }

    @Test("two imports of one file at once: every event once for every reader")
    func twoImporters() async throws {
        let scratch = try Scratch()
        let journal = scratch.path + "/journal"
        let input = try scratch.file("events.ndjson", ndjson(20_000))
        let arguments = ["import", journal, input, "--id", "id", "--timestamp", "at"]
        let importers = try (0..<2).map { _ in try Program.highwater.start(arguments) }
        for importer in importers { #expect(await importer.wait().status == 0) }
        let there = try await ids(journal)
        #expect(there.count == 20_000 && Set(there).count == 20_000)
    }

    @Test("a full disk is a clear error, and nothing acknowledged is lost", .enabled(if: TestMachine.canMount))
    func fullDisk() async throws {
        let scratch = try Scratch()
        let mount = try TmpFS(at: scratch.path + "/small", options: "size=512k")
        let journal = mount.path + "/journal"
        var promised: Set<String> = []
        let writer = try await Program.journalWriter.run(journal, "w", "100000", "20")
        #expect(writer.status != 0)
        promised.formUnion(acknowledged(writer).flatMap { batch in (0..<20).map { "\(batch)-\($0)" } })
        let put = try await Program.highwater.run("put", journal, String(repeating: "x", count: 100_000))
        #expect(put.status == 1)
        #expect(put.error.lowercased().contains("no space left") || put.error.contains("full"), "\(put.error)")
        #expect(put.error.split(separator: "\n").count == 1)
        let there = try await ids(journal)
        #expect(promised.isSubset(of: there) && !promised.isEmpty)
        #expect(try await Program.highwater.run("verify", journal).status == 0)
    }

    @Test("a read-only place can be read, and a put says what is wrong", .enabled(if: TestMachine.canMount))
    func readOnly() async throws {
        let scratch = try Scratch()
        let mount = try TmpFS(at: scratch.path + "/disk", options: "size=8m")
        let journal = mount.path + "/journal"
        #expect(try await Program.highwater.run("put", journal, "{}", "--id", "a").status == 0)
        try mount.remountReadOnly()
        #expect(try await Program.highwater.run("get", journal, "a").output == "{}\n")
        #expect(try await Program.highwater.run("verify", journal).status == 0)
        let put = try await Program.highwater.run("put", journal, "{}", "--id", "b")
        #expect(put.status == 1)
        #expect(put.error.lowercased().contains("read-only"), "\(put.error)")
    }

    /// How an object is harmed.
    enum Harm: String, CaseIterable, Sendable {
        case cutShort, emptied, flippedInData, flippedInFooter, replacedByText
    }

    @Test("a damaged segment is named, listed and never skipped silently", arguments: Harm.allCases)
    func damage(harm: Harm) async throws {
        let scratch = try Scratch()
        let journal = scratch.path + "/journal"
        for part in 0..<3 {
            let input = try scratch.file("\(part).ndjson", ndjson(500, name: "p\(part)"))
            try #require(
                try await Program.highwater.run("import", journal, input, "--id", "id", "--timestamp", "at").status == 0
            )
        }
        let folder = journal + "/_inbox"
        let victim = try #require(
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted().dropFirst().first
        )
        let url = URL(fileURLWithPath: folder + "/" + victim)
        var bytes = try Data(contentsOf: url)
        switch harm {
        case .cutShort: bytes = bytes.prefix(bytes.count / 2)
        case .emptied: bytes = Data()
        case .flippedInData: bytes[bytes.count / 4] ^= 0x10
        case .flippedInFooter: bytes[bytes.count - 60] ^= 0x10
        case .replacedByText: bytes = Data("this is no Parquet file, and long enough to hold a footer".utf8)
        }
        try FileManager.default.removeItem(at: url)
        try bytes.write(to: url)

        let verify = try await Program.highwater.run("verify", journal)
        #expect(verify.status == 6)
        #expect(verify.output.contains("_inbox/" + victim), "\(verify.output)")
        let replay = try await Program.highwater.run("replay", journal)
        #expect(replay.status == 6, "\(replay.error)")
        #expect(replay.error.contains("_inbox/" + victim), "\(replay.error)")
        let skipping = try await Program.highwater.run("replay", journal, "--skip-damaged")
        #expect(skipping.status == 3)
        #expect(skipping.output.split(separator: "\n").count == 1000)
        #expect(skipping.error.contains("1 damaged segment with 500 events skipped"), "\(skipping.error)")
    }
}
