import CloudTesting
import EventJournal
import Foundation
import ObjectStorage
import ObjectStorageTesting
import S3Storage
import Testing

@testable import FlashFlood

@Suite("What is wrong with a flash-flood is said")
struct FaultTests {
    private func time(_ seconds: Int) -> Int64 { 1_709_251_200_000_000 + Int64(seconds) * 1_000_000 }

    /// A flood of three journals of four events each, and their keys in order.
    private func flood() async throws -> (flood: OriginalFlood, journals: [String]) {
        let flood = try await OriginalFlood()
        var operations: [OriginalFlood.Operation] = []
        for group in 0..<3 {
            operations += (0..<4)
                .map { .put("f\(group)\($0)", time(group * 10 + $0), Array("payload \(group)\($0)".utf8)) }
            operations.append(.journal(4))
        }
        operations.append(.keys)
        let keys = try #require(try await flood.run(operations).last as? [String])
        let live = keys.filter { $0.hasPrefix("journals/") && !keys.contains($0 + ".dead") && !$0.hasSuffix(".dead") }
        return (flood, live.sorted())
    }

    private func run(_ store: any ObjectStore) async throws -> (FlashFloodImportReport, [String]) {
        let journal = try await Journal.open("memory:\(UUID().uuidString)", create: true)
        let report = try await FlashFloodImporter(from: store, into: journal).run()
        return (report, try await journal.told().map(\.id))
    }

    @Test("a blob cut short: the journal is named, what is there is imported, and nothing wrong")
    func cut() async throws {
        let (flood, journals) = try await flood()
        let blob = try #require(journals[1].components(separatedBy: "--").last)
        try await flood.run([.cutObject("blobs/" + blob, 25)])
        let (report, ids) = try await run(try flood.store)
        let failure = try #require(report.failures.first)
        #expect(report.failures.count == 1)
        #expect("journals/" + failure.journal == journals[1])
        #expect(failure.events == 2)
        #expect(failure.message.contains(failure.journal))
        #expect(failure.message.contains("blobs/" + blob))
        #expect(ids == ["f00", "f01", "f02", "f03", "f10", "f11", "f20", "f21", "f22", "f23"])
    }

    @Test("a blob that is gone, a manifest that is gone or no JSON: the journal is named, the rest is imported")
    func gone() async throws {
        let (flood, journals) = try await flood()
        let blob = try #require(journals[0].components(separatedBy: "--").last)
        try await flood.run([.removeObject("blobs/" + blob), .cutObject(journals[2], 50)])
        let (report, ids) = try await run(try flood.store)
        #expect(report.failures.count == 2)
        #expect(Set(report.failures.map { "journals/" + $0.journal }) == [journals[0], journals[2]])
        #expect(report.failures.first { "journals/" + $0.journal == journals[0] }?.events == 4)
        #expect(ids == ["f10", "f11", "f12", "f13"])
    }

    @Test("foreign objects among the journals are told of, and changes of journals that are gone")
    func strangers() async throws {
        let (flood, journals) = try await flood()
        let gone = String(journals[0].dropFirst("journals/".count).reversed()) + "00"
        try await flood.run([
            .putObject("journals/notes.txt", [1]), .putObject("update/what", []),
            .putObject("update/\(gone)--f00--2024-05-01T000000.000000Z--DELETE", []),
        ])
        let (report, ids) = try await run(try flood.store)
        #expect(report.strangers == ["journals/notes.txt", "update/what"])
        #expect(report.orphanedChanges == 1)
        #expect(ids.count == 12)
    }

    @Test("a prefix that is no flash-flood's is refused; one whose events are all deleted is empty")
    func nothing() async throws {
        let flood = try await OriginalFlood()
        await #expect { _ = try await run(try flood.store) } throws: {
            ($0 as? FlashFloodError)?.code == .notFlashFlood && "\($0)".contains(flood.bucket)
        }
        try await flood.run([.put("only", time(0), [1]), .delete("only"), .apply])
        #expect(try await run(try flood.store).1.isEmpty)
    }

    @Test("a copy of a flash-flood in a directory is imported likewise")
    func directory() async throws {
        let (flood, _) = try await flood()
        try await flood.run([.update("f11", [1]), .delete("f12")])
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("flood-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let copy = LocalObjectStore(directory: path)
        for key in try await flood.keys() where !key.hasPrefix("index/") {
            try await copy.put(key, try await flood.store.get(key, range: nil).bytes)
        }
        let (report, ids) = try await run(copy)
        #expect(report.deleted == 1)
        #expect(ids.count == 11)
        let outcome = try await ChildProcess.run(
            ChildProcess.highwater,
            ["import", path + "-journal", "--from", "flash-flood", path, "--json"]
        )
        defer { try? FileManager.default.removeItem(atPath: path + "-journal") }
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output.contains(#""imported":11"#))
    }
}

@Suite("The commands")
struct FlashFloodCommandTests {
    private let keys = ["AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "secret"]

    private func highwater(_ arguments: String...) async throws -> ChildProcess.Outcome {
        try await ChildProcess.run(ChildProcess.highwater, arguments, environment: keys)
    }

    private func withScratch(_ body: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("cli-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    @Test("import and export by command; both again do nothing more")
    func tour() async throws {
        let flood = try await OriginalFlood()
        let start: Int64 = 1_709_251_200_000_000
        try await flood.run(
            (0..<25).map { .put("k\($0)_", start + Int64($0) * 1_000_000, Array("{\"n\":\($0)}".utf8)) } + [
                .journal(10)
            ]
        )
        let target = try await OriginalFlood(prefix: "copy")
        try await withScratch { scratch in
            let journal = scratch + "/journal"
            let first = try await highwater("import", journal, "--from", "flash-flood", try flood.url)
            #expect(first.status == 0, "\(first.error)")
            #expect(first.output.hasPrefix("25 events of 16 journals imported into"), "\(first.output)")
            let again = try await highwater("import", journal, "--from", "flash-flood", try flood.url, "--json")
            #expect(again.output.contains(#""imported":0,"already_there":25"#), "\(again.output)")
            let lines = try await highwater("replay", journal).output
            #expect(lines == (0..<25).map { "{\"n\":\($0)}\n" }.joined())
            let export = try await highwater("export", journal, "--to", "flash-flood", try target.url)
            #expect(export.status == 0, "\(export.error)")
            #expect(export.output.hasPrefix("25 events exported to"), "\(export.output)")
            let repeated = try await highwater("export", journal, "--to", "flash-flood", try target.url, "--json")
            #expect(repeated.output.contains(#""exported":0,"already_there":25"#), "\(repeated.output)")
            #expect(try await target.replay() == (try await flood.run([.replay, .keys])[0]).map(OriginalFlood.told))
        }
    }

    @Test("wrong use, wrong prefix and damage have their own statuses and one clear line")
    func errors() async throws {
        let flood = try await OriginalFlood()
        try await withScratch { scratch in
            let journal = scratch + "/journal"
            let nothing = try await highwater("import", journal, "--from", "flash-flood", try flood.url)
            #expect(nothing.status == 4)
            #expect(nothing.error.contains("There is no flash-flood at s3://\(flood.bucket)"), "\(nothing.error)")
            let mixed = try await highwater("import", journal, "--from", "flash-flood", "a", "b")
            #expect(mixed.status == 64)
            let mapped = try await highwater("import", journal, "--from", "flash-flood", "a", "--id", "id")
            #expect(mapped.status == 64)
            #expect(mapped.error.contains("--from"))
            let system = try await highwater("import", journal, "--from", "kafka", "a")
            #expect(system.status == 64)
            let bucket = try await highwater(
                "import",
                journal,
                "--from",
                "flash-flood",
                try flood.url.replacing(flood.bucket, with: "no-such-bucket-here")
            )
            #expect(bucket.status == 1 && bucket.error.contains("no-such-bucket-here"), "\(bucket.error)")
            #expect(try await highwater("put", journal, "{}", "--id", "a--b", "--timestamp", "2024-01-01").status == 0)
            let directory = try await highwater("export", journal, "--to", "flash-flood", scratch + "/flood")
            #expect(directory.status == 64 && directory.error.contains("metadata"), "\(directory.error)")
            let partial = try await highwater("export", journal, "--to", "flash-flood", try flood.url)
            #expect(partial.status == 3 && partial.error.contains("\"a--b\" was left out"), "\(partial.error)")
            let keys = try #require(
                try await flood.run([.put("x", 0, [1, 2, 3]), .keys]).last as? [String]
            )
            let occupied = try await highwater("export", journal, "--to", "flash-flood", try flood.url)
            #expect(occupied.status == 5, "\(occupied.error)")
            let blob = try #require(keys.first { $0.hasPrefix("blobs/") })
            try await flood.run([.cutObject(blob, 1)])
            let damaged = try await highwater("import", journal, "--from", "flash-flood", try flood.url)
            #expect(damaged.status == 6, "\(damaged.error)")
            #expect(damaged.error.contains(blob), "\(damaged.error)")
            #expect(damaged.error.contains("1 event of the flash-flood journal"), "\(damaged.error)")
        }
    }

    @Test("access denied names the permission that is missing")
    func denied() async throws {
        let refuse: @Sendable (TestRequest) async throws -> TestReply = { _ in
            .text(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
        }
        try await TestServer.run(refuse) { url in
            try await withScratch { scratch in
                let outcome = try await highwater(
                    "import",
                    scratch + "/journal",
                    "--from",
                    "flash-flood",
                    "s3://bucket/prefix?endpoint=\(url)&region=us-east-1"
                )
                #expect(outcome.status == 1, "\(outcome.error)")
                #expect(outcome.error.contains("s3:ListBucket"), "\(outcome.error)")
            }
        }
    }

    @Test("help shows examples", arguments: ["import", "export"])
    func help(command: String) async throws {
        let outcome = try await highwater("help", command)
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("--\(command == "import" ? "from" : "to") flash-flood s3://"))
    }
}
