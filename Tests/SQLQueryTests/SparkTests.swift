import EventJournal
import Foundation
import SQLQuery
import Testing

/// Queries by Spark have the rows that DuckDB has of the same journals.
@Suite("Spark", .serialized, .enabled(if: SparkTools.isInstalled, "scripts/setup-spark installs Spark"))
struct SparkTests {
    @Test("every query of the suite has the rows on Spark that it has on DuckDB, while events wait in the inbox")
    func suite() async throws {
        let scratch = try Scratch()
        let journals = try await SuiteJournals(in: scratch)
        let (ours, spellings) = (try QuerySuite(for: .duckdb), try QuerySuite(for: .spark))
        let list = scratch.path + "/queries.json"
        try ours.write(to: list)
        let directories = ["duckdb", "spark"].map { scratch.path + "/" + $0 }
        for directory in directories {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        }
        for (number, query) in ours.queries.enumerated() {
            let sql = SQLQuery(
                query.statement,
                engine: Engine.duckDB,
                options: SQLOptions(format: .parquet, timeZone: query.timeZone)
            )
            let path = "\(directories[0])/\(number).parquet"
            try await sql.write(on: journals.orders, with: ["paid": journals.payments], to: path)
        }
        let statements = spellings.queries.enumerated()
            .map { ($1.statement, $1.timeZone, "\(directories[1])/\($0).parquet") }
        let spark = SparkQuery("", engine: SparkTools.onThisMachine, printer: Engine.duckDB)
        try await spark.write(statements, on: journals.orders, with: ["paid": journals.payments])
        try await SameAnswers.expect(list, directories)
    }

    @Test("the program prints what it prints with DuckDB, of a range, in a time zone, with another journal")
    func program() async throws {
        let scratch = try Scratch()
        let journals = try await SuiteJournals(in: scratch)
        // A name that would be a pattern, and the end of a text.
        let path = scratch.path + "/it's [a] {b} *"
        try FileManager.default.moveItem(atPath: journals.paths.orders, toPath: path)
        let statement = """
            select o.key, count(*) as n, min(o.timestamp) as first, max(p.event_id) as payment
            from events o join paid.events p on p.key = o.event_id group by o.key order by o.key nulls first; -- it's all
            """
        let arguments = [
            "sql", path, statement, "--with", "paid=" + journals.paths.payments, "--format", "csv", "--time-zone",
            "Asia/Tokyo", "--after", "2024-03-01T00:00:00Z", "--through", "2024-08-01T00:00:00Z",
        ]
        let highwater = Engine.products.appending(path: "highwater").path
        let tools = ["HIGHWATER_DUCKDB": Engine.path, "HIGHWATER_SPARK": SparkTools.path]
        let duckDB = try await Child.run(highwater, arguments, environment: tools)
        try #require(duckDB.status == 0, "\(duckDB.error)")
        #expect(duckDB.output.split(separator: "\n").count > 5)
        let spark = try await Child.run(
            highwater,
            arguments + ["--engine", "spark", "--memory", "1GiB", "--threads", "2"],
            environment: tools
        )
        #expect(spark.status == 0, "\(spark.error)")
        #expect(spark.output == duckDB.output)
    }

    @Test("a query that takes too long is ended, with Spark, and leaves no files") func timeLimit() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        let query = SparkQuery(
            "select count(*) from range(1000000000000) where sin(id) > 2",
            engine: SparkTools.onThisMachine,
            printer: Engine.duckDB,
            options: SQLOptions(limits: SQLLimits(duration: .seconds(20)), temporaryDirectory: scratch.path)
        )
        await #expect(throws: SQLError(.limit, "")) { try await query.text(on: journal) }
        // Java ends by itself when the program that started it has.
        var left = ""
        for _ in 0..<100 {
            left = try await Child.run("/usr/bin/pgrep", ["-f", scratch.path + "/highwater-sql-"]).output
            if left.isEmpty { break }
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(left == "")
        // What Java wrote while it ended goes with the next query.
        _ = try await SQLQuery("select 1", engine: Engine.duckDB, options: SQLOptions(temporaryDirectory: scratch.path))
            .text(on: journal)
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        #expect(names.filter { $0.hasPrefix("highwater-sql-") } == [])
    }

    @Test("a server of Spark Connect reads the journal where it is, and what waits in the inbox is sent there")
    func elsewhere() async throws {
        let server = try await SparkServer()
        let scratch = try Scratch()
        let journals = try await SuiteJournals(in: scratch)
        let connect = SparkConnect(server: server, scratch: scratch)
        let refused = try await connect.run(journals.paths.orders, "select count(*) from events", [])
        #expect(refused.status == 8)
        #expect(refused.error.contains("highwater columns fill"), "\(refused.error)")
        try await journals.orders.fillColumns()
        let promoted =
            "select p_city, sum(p_number) as n, count(p_express) as e from events group by 1 order by 1 nulls last"
        let here = SQLQuery(promoted, engine: Engine.duckDB, options: SQLOptions(format: .csv))
        let there = try await connect.run(journals.paths.orders, promoted, ["--format", "csv"])
        #expect(there.output == (try await here.text(on: journals.orders)), "\(there.error)")
        let statement = """
            select key, count(*) as n, max(timestamp) as last, max(octet_length(data_bytes)) as bytes from events
            group by key order by key nulls first
            """
        for format in SQLFormat.allCases where format != .parquet {
            var query = SQLQuery(statement, engine: Engine.duckDB, options: SQLOptions(format: format))
            query.options.range = EventRange(after: Timestamp(microseconds: 1_710_000_000_000_000))
            let expected = try await query.text(on: journals.orders)
            let arguments = ["--format", format.rawValue, "--after", "2024-03-09T16:00:00Z"]
            let outcome = try await connect.run(journals.paths.orders, statement, arguments)
            #expect(outcome.status == 0, "\(outcome.error)")
            #expect(outcome.output == expected)
        }
        let parquet = try await connect.run(journals.paths.orders, statement, ["--format", "parquet"])
        #expect(parquet.status == 0, "\(parquet.error)")
        #expect(parquet.output.hasPrefix("PAR1"))
        let plan = try await connect.run(journals.paths.orders, statement, ["--explain"])
        #expect(plan.output.contains("Physical Plan"), "\(plan.error)")
        #expect(plan.error.contains("; Spark 4."), "\(plan.error)")
        // Twice the same column, one without a type, and one that Parquet has no type for.
        let odd = try await connect.run(
            journals.paths.orders,
            "select 1 as a, 2 as A, null as b, interval '1' day as c",
            ["--format", "csv"]
        )
        #expect(odd.output == "a,A_1,b,c\n1,2,,\"INTERVAL '1' DAY\"\n", "\(odd.error)")
        try await submitted(connect, journals)
        try await failures(connect, journals)
        try await registration(connect, journals)
    }

    /// By `spark-submit`, which is configured by itself.
    private func submitted(_ connect: SparkConnect, _ journals: SuiteJournals) async throws {
        let statement = "select key, count(*) as n from events group by key order by key nulls first"
        let expected = try await SQLQuery(statement, engine: Engine.duckDB, options: SQLOptions(format: .csv))
            .text(on: journals.orders)
        let program = SparkServer.submit.path
        let arguments = [
            "sql", journals.paths.orders, statement, "--engine", "spark", "--spark", program, "--format", "csv",
        ]
        let outcome = try await Child.run(
            Engine.products.appending(path: "highwater").path,
            arguments,
            environment: ["HIGHWATER_DUCKDB": Engine.path, "PYSPARK_PYTHON": SparkTools.path]
        )
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output == expected)
    }

    private func failures(_ connect: SparkConnect, _ journals: SuiteJournals) async throws {
        let cases: [(String, Int32, String)] = [
            ("selec 1", 8, "LINE 1: selec 1\n        ^"),
            ("select 1,\n  nope from events", 8, "LINE 2:   nope from events\n          ^"),
            ("select 1 / (count(*) - count(*)) from events", 8, "DIVIDE_BY_ZERO"),
            ("select cast(event_id as int) from events", 8, "CAST_INVALID_INPUT"),
            ("select * from text.`/etc/passwd`", 8, "cannot be found"),
            ("drop view events", 8, "This is not a query"),
            (
                "with a as (select 1) insert overwrite directory '/tmp/highwater-nothing' using parquet select * from a",
                8, "not a query"
            ),
            ("set spark.sql.runSQLOnFiles = true", 8, "not a query"),
            ("select 1; select 2", 8, "These are 2 statements"),
            ("", 8, "There is no statement"),
        ]
        for (statement, status, message) in cases {
            let outcome = try await connect.run(journals.paths.orders, statement, [])
            #expect(outcome.status == status, "\(statement): \(outcome.error)")
            #expect(outcome.output == "", "\(statement)")
            #expect(outcome.error.contains(message), "\(statement): \(outcome.error)")
        }
        #expect(!FileManager.default.fileExists(atPath: "/tmp/highwater-nothing"))
        let limited = try await connect.run(journals.paths.orders, "select 1", ["--threads", "2"])
        #expect(limited.status == 8)
        let joined = try await connect.run(
            journals.paths.orders,
            "select 1",
            ["--with", "paid=" + journals.paths.payments]
        )
        #expect(joined.status == 8)
        #expect(joined.error.contains("only on this machine"))
    }

    /// The statements of `highwater ddl` are Spark's: all they lack here is Delta Lake's package; what they make with
    /// another format is a table at the right place.
    private func registration(_ connect: SparkConnect, _ journals: SuiteJournals) async throws {
        let ddl = try await connect.program(["ddl", journals.paths.orders, "--engine", "spark", "--table", "visits"])
        try #require(ddl.status == 0, "\(ddl.error)")
        let script = """
            import sys
            from pyspark.sql import SparkSession
            spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
            statement = sys.argv[2].strip().rstrip(";")
            try:
                spark.sql(statement)
            except Exception as error:
                print(error.getCondition(), "DELTA" in str(error).upper())
            spark.sql(statement.replace("USING DELTA", "USING PARQUET OPTIONS (recursiveFileLookup 'true')"))
            print(spark.table("visits").columns[:3])
            rows = spark.sql("describe extended visits").collect()
            print([row[1] for row in rows if row[0] == "Location"])
            spark.sql("drop table visits")
            """
        let outcome = try await Child.run(SparkTools.path, ["-c", script, connect.server.address, ddl.output])
        let expected =
            "DATA_SOURCE_NOT_FOUND True\n['event_id', 'timestamp', 'key']\n['file:\(journals.paths.orders)']\n"
        #expect(outcome.output == expected, "\(outcome.error)")
    }
}

/// The program with Spark Connect as its engine.
private struct SparkConnect {
    let server: SparkServer
    let scratch: Scratch

    func run(_ journal: String, _ statement: String, _ arguments: [String]) async throws -> Child.Outcome {
        try await program(["sql", journal, statement, "--engine", "spark"] + arguments)
    }

    func program(_ arguments: [String]) async throws -> Child.Outcome {
        try await Child.run(
            Engine.products.appending(path: "highwater").path,
            arguments,
            environment: [
                "HIGHWATER_DUCKDB": Engine.path, "HIGHWATER_SPARK": SparkTools.path, "SPARK_REMOTE": server.address,
            ]
        )
    }
}

extension SparkQuery {
    fileprivate func text(on journal: Journal) async throws -> String {
        let url = FileManager.default.temporaryDirectory.appending(path: "rows-\(UUID().uuidString)")
        try Data().write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let file = try FileHandle(forWritingTo: url)
        _ = try await run(on: journal, printingTo: file.fileDescriptor)
        try file.close()
        return try String(contentsOf: url, encoding: .utf8)
    }
}

/// What does not need Spark.
@Suite("Spark's program and statements") struct SparkProgramTests {
    @Test("is found by setting, then in the project's tools above the program, then as spark-submit on the path")
    func location() throws {
        let scratch = try Scratch()
        for directory in ["bin", "project/.tools/spark-venv/bin", "project/.build/release"] {
            try FileManager.default.createDirectory(
                atPath: scratch.path + "/" + directory,
                withIntermediateDirectories: true
            )
        }
        let submit = try scratch.file("bin/spark-submit", "", executable: true)
        let tool = try scratch.file("project/.tools/spark-venv/bin/python", "", executable: true)
        let program = scratch.path + "/project/.build/release/highwater"
        let path = "/nowhere:\(scratch.path)/bin"
        func locate(_ setting: String?, _ remote: String?, _ executable: String) throws -> Spark {
            try Spark.locate(setting: setting, remote: remote, searchPath: path, executable: executable)
        }
        #expect(try locate(nil, nil, program) == Spark(path: tool, runsElsewhere: false))
        #expect(try locate(nil, "sc://host", program) == Spark(path: tool, runsElsewhere: true))
        #expect(try locate(nil, nil, "/a/b") == Spark(path: submit, runsElsewhere: true))
        #expect(try locate("spark-submit", nil, program) == Spark(path: submit, runsElsewhere: true))
        #expect(try locate(tool, "", "/a/b") == Spark(path: tool, runsElsewhere: false))
        #expect(throws: SQLError(.engine, "")) { try locate("/nowhere/python", nil, program) }
        #expect(throws: SQLError(.engine, "")) { try Spark.locate(searchPath: "/nowhere", executable: "/a/b") }
    }

    @Test("a program that is no Python, or a Python without pyspark, is refused by name") func unusable() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        for program in [Engine.python, "/bin/true", "/bin/false"] {
            let query = SparkQuery(
                "select 1",
                engine: Spark(path: program, runsElsewhere: false),
                printer: Engine.duckDB
            )
            let error = await #expect(throws: SQLError(.engine, "")) { try await query.text(on: journal) }
            #expect(error?.message.contains(program.split(separator: "/").last ?? "?") == true)
        }
    }

    @Test("a journal in a bucket is not handed to a Spark elsewhere, which would not reach it") func bucket()
        async throws
    {
        let journal = try await Journal.open("memory:spark-\(UUID().uuidString)")
        let engine = Spark(path: Engine.python, runsElsewhere: true)
        let query = SparkQuery("select 1", engine: engine, printer: Engine.duckDB)
        let error = await #expect(throws: SQLError(.refused, "")) { try await query.text(on: journal) }
        #expect(error?.message.contains("highwater ddl") == true)
    }

    @Test(
        "a statement ends with its semicolon, wherever else semicolons are",
        arguments: [
            ("select 1", "select 1"), ("select 1 ; ", "select 1"), ("select ';' ;; -- a;b\n", "select ';'"),
            ("select 'it\\'s;' -- ;\n, 2; /* ; /* ; */ ; */", "select 'it\\'s;' -- ;\n, 2"),
            ("select `a;b` from c;", "select `a;b` from c"), ("select \"a\\\";\";", "select \"a\\\";\""),
            ("; select 1", "; select 1"),
        ]
    )
    func ends(text: String, statement: String) throws {
        // What stands before the first statement is left to Spark's parser.
        #expect(try SparkQuery.statement(in: text) == statement)
    }

    @Test("none, and several, are refused", arguments: [("", 0), (" ; -- x", 0), ("select 1; select 2", 2)])
    func counts(text: String, count: Int) {
        #expect(throws: SQLError(count == 0 ? .statement : .refused, "")) { try SparkQuery.statement(in: text) }
    }
}
