import CloudTesting
import Foundation
import Testing

@Suite(
    "Spark over streams",
    .enabled(if: LiveSpark.isInstalled, "scripts/setup-spark installs Spark"),
    .timeLimit(.minutes(10))
)
struct SparkLiveTests {
    @Test("sees what is on NATS and not archived, once, as DuckDB does")
    func live() async throws {
        let server = try await NATSServer()
        let journal = FileManager.default.temporaryDirectory.appending(path: "spark-live-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: journal) }
        let peer = ChildProgram.root.appending(path: "Tests/NATSStreamsTests/Support/peer.py").path
        func run(_ program: URL, _ arguments: [String]) async throws -> String {
            let outcome = try await ChildProgram.run(program, arguments)
            try #require(outcome.status == 0, "\(outcome.said)")
            return outcome.output
        }
        func produce(_ first: Int, _ count: Int) async throws {
            _ = try await run(ChildProgram.python, [peer, server.url, "A", "produce", "\(first)", "\(count)", "A"])
        }
        _ = try await run(ChildProgram.python, [peer, server.url, "A", "create", "0", "0"])
        let stream = server.url + "/A?subject=A.{key}"
        try await produce(0, 50)
        _ = try await run(ChildProgram.highwater, ["archive", journal, stream, "--once"])
        try await produce(50, 20)
        let statement =
            "select key, count(*) as n, count(distinct event_id) as ids from events group by key order by key"
        let arguments = ["sql", journal, statement, "--format", "csv", "--live", stream]
        let duckDB = try await run(ChildProgram.highwater, arguments)
        #expect(duckDB.contains("key-6,10,10") && duckDB.split(separator: "\n").count == 8, "\(duckDB)")
        #expect(try await run(ChildProgram.highwater, arguments + ["--engine", "spark"]) == duckDB)
        await server.remove()
    }
}

/// Spark as `scripts/setup-spark` installs it, or the environment names it.
private enum LiveSpark {
    static let isInstalled: Bool = {
        let python =
            ProcessInfo.processInfo.environment["HIGHWATER_SPARK"]
            ?? ChildProgram.root.appending(path: ".tools/spark-venv/bin/python").path
        return FileManager.default.isExecutableFile(atPath: python)
    }()
}
