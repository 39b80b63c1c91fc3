import EventJournal
import Foundation
import SQLQuery
import Testing

/// The program that runs queries, and how it ends.
@Suite("Engine") struct EngineTests {
    @Test("is found by setting, then on the path, then in the project's tools above the program")
    func location() throws {
        let scratch = try Scratch()
        let project = scratch.path + "/project"
        for directory in ["bin", "project/.tools/bin", "project/.build/release", "elsewhere"] {
            try FileManager.default.createDirectory(
                atPath: scratch.path + "/" + directory,
                withIntermediateDirectories: true
            )
        }
        let onPath = try scratch.file("bin/duckdb", "", executable: true)
        let tool = try scratch.file("project/.tools/bin/duckdb", "", executable: true)
        let other = try scratch.file("elsewhere/ducks", "", executable: true)
        let plain = try scratch.file("elsewhere/duckdb", "")
        let path = "/nowhere:\(scratch.path)/elsewhere:\(scratch.path)/bin"
        let program = project + "/.build/release/highwater"
        func locate(_ setting: String?, _ path: String) throws(SQLError) -> String {
            try DuckDB.locate(setting: setting, searchPath: path, executable: program).path
        }
        #expect(try locate(nil, path) == onPath)
        #expect(try locate(other, path) == other)
        #expect(try locate("ducks", path) == other)
        // The engine works in another directory.
        let current = FileManager.default.currentDirectoryPath
        let up = String(repeating: "../", count: current.split(separator: "/").count)
        #expect(try locate(up + other.dropFirst(), path) == "\(current)/\(up)\(other.dropFirst())")
        #expect(try locate(nil, "/nowhere") == tool)
        #expect(throws: SQLError(.engine, "")) { try locate(plain, path) }
        #expect(throws: SQLError(.engine, "")) { try locate("geese", path) }
        #expect(throws: SQLError(.engine, "")) { try DuckDB.locate(searchPath: "/nowhere", executable: "/a/b") }
    }

    @Test(
        "another program, an old version, or none is refused by name",
        arguments: [
            "#!/bin/sh\nexit 0\n", "#!/bin/sh\necho hello\n", "#!/bin/sh\necho no such option >&2; exit 1\n",
            "#!/bin/sh\nprintf 'v1.1.3\\n{}\\n' > answer\n",
            "#!/bin/sh\nprintf 'v1.1.3\\n\\nhighwater-end\\n' > answer\n",
            "not a program",
        ]
    )
    func unusable(script: String) async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        let program = try scratch.file("duckdb", script, executable: true)
        let error = await #expect(throws: SQLError(.engine, "")) {
            try await SQLQuery("select 1", engine: DuckDB(path: program)).text(on: journal)
        }
        #expect(error?.message.contains(program) == true)
    }

    @Test("an engine that has been started runs nothing when no script comes that locks it") func unlocked()
        async throws
    {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        let rows = scratch.path + "/rows"
        // As when this program is killed before it has told the engine anything.
        let script = """
            #!/bin/sh
            exec '\(Engine.path)' "$@" < /dev/null > '\(rows)'
            """
        let program = try scratch.file("duckdb", script, executable: true)
        let statement = "select 'it ran' as a"
        await #expect(throws: SQLError(.engine, "")) {
            try await SQLQuery(statement, engine: DuckDB(path: program)).text(on: journal)
        }
        #expect(try String(contentsOfFile: rows, encoding: .utf8) == "")
        // As it is told to start, but for the guard, it would have.
        let bare = ["-no-init", "-batch", "-bail", "-f", "/dev/stdin", "-c", statement]
        #expect(try await Child.run(Engine.path, bare).output.contains("it ran"))
    }

    @Test("a query that takes too long is ended, and leaves no files") func timeLimit() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        let query = SQLQuery(
            "select count(*) from range(1000000000000)",
            engine: Engine.duckDB,
            options: SQLOptions(limits: SQLLimits(duration: .milliseconds(700)), temporaryDirectory: scratch.path)
        )
        let started = ContinuousClock.now
        await #expect(throws: SQLError(.limit, "")) { try await query.text(on: journal) }
        #expect(.now - started < .seconds(20))
        #expect(try leftovers(scratch) == [])
    }

    @Test("a query that needs too much memory is ended") func memoryLimit() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        let query = SQLQuery(
            "select count(distinct range) from range(100000000)",
            engine: Engine.duckDB,
            options: SQLOptions(
                limits: SQLLimits(memoryBytes: 16 << 20, temporaryBytes: 1 << 20, threads: 1),
                temporaryDirectory: scratch.path
            )
        )
        let error = await #expect(throws: SQLError(.limit, "")) { try await query.text(on: journal) }
        #expect(error?.message.contains("SET ") == false)
        #expect(try leftovers(scratch) == [])
    }

    @Test("cancellation ends the engine") func cancellation() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        let query = SQLQuery(
            "select count(*) from range(1000000000000)",
            engine: Engine.duckDB,
            options: SQLOptions(temporaryDirectory: scratch.path)
        )
        let started = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: CancellationError.self) { try await query.text(on: journal) }
            }
            try? await Task.sleep(for: .milliseconds(600))
            group.cancelAll()
        }
        #expect(.now - started < .seconds(20))
        #expect(try leftovers(scratch) == [])
    }

    @Test("files of a query whose process was killed are removed by the next") func leftBehind() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        let left = scratch.path + "/highwater-sql-abcdef"
        try FileManager.default.createDirectory(atPath: left + "/spill", withIntermediateDirectories: true)
        _ = try scratch.file("highwater-sql-abcdef/spill/block", "x")
        _ = try scratch.file("highwater-sql-abcdef/lock", "")
        let kept = try scratch.file("kept", "")
        try FileManager.default.createSymbolicLink(atPath: left + "/journal0", withDestinationPath: scratch.path)
        _ = try await SQLQuery("select 1", engine: Engine.duckDB, options: SQLOptions(temporaryDirectory: scratch.path))
            .text(on: journal)
        #expect(try leftovers(scratch) == [])
        #expect(FileManager.default.fileExists(atPath: kept))
    }

    @Test("a directory that was just made is nobody's to remove, and one that never got its lock goes after an hour")
    func sweeping() async throws {
        let scratch = try Scratch()
        let parent = scratch.path
        let (old, young) = (parent + "/highwater-new-aaaaaa", parent + "/highwater-new-bbbbbb")
        for path in [old, young] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        let longAgo: [FileAttributeKey: Any] = [.modificationDate: Date(timeIntervalSinceNow: -7200)]
        try FileManager.default.setAttributes(longAgo, ofItemAtPath: old)
        // Each sweeps away, or so it used to, what the others have not locked yet.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<300 {
                        let made = try ScratchDirectory(in: parent)
                        try Data("x".utf8).write(to: URL(filePath: made.path + "/file"))
                        withExtendedLifetime(made) {}
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try leftovers(scratch) == [])
        #expect(!FileManager.default.fileExists(atPath: old) && FileManager.default.fileExists(atPath: young))
    }

    private func leftovers(_ scratch: Scratch) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: scratch.path).filter { $0.hasPrefix("highwater-sql-") }
    }
}

/// What a wrong statement is answered.
@Suite("Wrong statements") struct StatementErrorTests {
    @Test(
        "an error shows the place with a caret",
        arguments: [
            ("selec 1", "LINE 1: selec 1\n        ^"),
            ("select 1,\n  'é' ++) from events", "LINE 2:   'é' ++) from events\n                ^"),
            ("select nope from events", "LINE 1: select nope from events\n               ^"),
            ("select 1 +", "LINE 1: select 1 +\n                  ^"),
        ]
    )
    func caret(statement: String, shown: String) async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        let error = await #expect(throws: SQLError(.statement, "")) { try await journal.rows(statement) }
        #expect(error?.message.hasSuffix("\n" + shown) == true, "\(error?.message ?? "")")
    }

    @Test("an error of any length is reported") func longErrors() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        let error = await #expect(throws: SQLError(.statement, "")) {
            try await journal.rows("select error(repeat('x', 20000000))")
        }
        #expect((error?.message.count ?? 0) > 10)
    }

    @Test("what is no statement, or no query, or two, is said so")
    func kinds() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        await #expect(throws: SQLError(.statement, "")) { try await journal.rows("") }
        await #expect(throws: SQLError(.statement, "")) { try await journal.rows("-- nothing") }
        await #expect(throws: SQLError(.statement, "")) { try await journal.rows("select '\0'") }
        await #expect(throws: SQLError(.refused, "")) { try await journal.rows("select 1; select 2") }
        await #expect(throws: SQLError(.refused, "")) { try await journal.rows("create table a(b int)") }
        await #expect(throws: SQLError(.refused, "")) {
            try await journal.rows("select '\(String(repeating: "x", count: 120_000))'")
        }
        #expect(try await journal.rows("select 1 as a;  -- one") == ["1"])
        #expect(try await journal.rows("select '\(String(repeating: "'", count: 100_000))' = '' as a") == ["false"])
    }
}
