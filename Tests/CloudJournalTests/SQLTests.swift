import CloudTesting
import EventJournal
import Foundation
import Testing

/// `highwater sql` over a journal in a bucket.
@Suite("SQL over a bucket", .serialized) struct SQLTests {
    @Test("processes at once answer from one cache, also when a file of it is damaged or it is full")
    func processes() async throws {
        try await CloudServers.withBucket { name, open in
            let journal = Journal(
                store: try open(nil),
                configuration: JournalConfiguration(automaticCompaction: nil)
            )
            for day in 0..<3 {
                try await journal.append(
                    (0..<2000)
                        .map { number in
                            Event(
                                id: "\(day)-\(number)",
                                timestamp: Timestamp(microseconds: Int64(day) * 86_400_000_000 + Int64(number)),
                                data: Array("{\"n\":\(number)}".utf8)
                            )
                        }
                )
                try await journal.compact(CompactionPolicy(force: true, targetObjectBytes: 1, isThorough: false))
            }
            let new = Event(id: "new", timestamp: Timestamp(microseconds: 5), data: Array("{\"n\":1}".utf8))
            try await journal.append([new])
            var environment = try CloudServers.environment()
            let home = FileManager.default.temporaryDirectory.appending(path: "cache-\(UUID().uuidString)")
            environment["XDG_CACHE_HOME"] = home.path
            environment["HIGHWATER_CACHE"] = nil
            defer { try? FileManager.default.removeItem(at: home) }
            let variables = environment
            func run(_ statement: String, _ options: [String] = []) async throws -> ChildProgram.Outcome {
                let arguments = ["sql", "s3://\(name)", statement, "--format", "csv"] + options
                return try await ChildProgram.run(ChildProgram.highwater, arguments, environment: variables)
            }
            let statement = "select count(*) as n, sum((data->>'$.n')::int) as s from events"
            try await withThrowingTaskGroup(of: ChildProgram.Outcome.self) { group in
                for _ in 0..<3 { group.addTask { try await run(statement) } }
                for try await outcome in group {
                    #expect(outcome.output == "n,s\n6001,5997001\n", "\(outcome.error)")
                }
            }
            let cache = home.appending(path: "highwater").path
            func kept() throws -> [String] {
                try FileManager.default.contentsOfDirectory(atPath: cache).filter { $0.hasSuffix(".parquet") }
            }
            #expect(try kept().count == 3)
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: cache + "/" + (try kept()[0])))
            try file.seek(toOffset: 1000)
            try file.write(contentsOf: Data(repeating: 0x55, count: 100))
            try file.close()
            #expect(try await run(statement).output == "n,s\n6001,5997001\n")
            // Of a range only that is fetched.
            let narrow = ["--cache", home.path + "/narrow", "--explain"]
            let explained = try await run("select count(*) from events where timestamp >= '1970-01-03'", narrow)
            #expect(explained.error.contains("archived: 1 segment, "), "\(explained.error)")
            #expect(explained.error.contains("2 segments not read"), "\(explained.error)")
            let full = try await run(statement, ["--cache", home.path + "/full", "--cache-size", "1KiB"])
            #expect(full.status == 9)
            #expect(full.error.contains("cache"), "\(full.error)")
        }
    }
}
