import EventJournal
import Foundation
import SQLQuery
import Testing

/// What a statement must not reach.
@Suite("Attacks") struct AttackTests {
    /// A journal, a secret beside it, and a place where nothing may appear.
    private struct Target {
        let scratch: Scratch
        let journal: Journal
        let segment: String
        let secret: String
        let out: String

        init() async throws {
            scratch = try Scratch()
            journal = try await scratch.journal()
            try await journal.append([Event(id: "a", timestamp: .now, data: Array("{}".utf8))])
            try await journal.compact(CompactionPolicy(force: true))
            let key = try #require(try await journal.segments().first?.key)
            segment = scratch.path + "/journal/" + key
            secret = try scratch.file("secret.txt", "s3cr3t,s3cr3t\n")
            out = scratch.path + "/out"
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        }
    }

    static let statements = [
        "select * from read_text('SECRET')",
        "select * from read_blob('SECRET')",
        "select * from read_csv('SECRET')",
        "select * from read_csv(['SECRET'], auto_detect=true)",
        "select * from read_json('SECRET')",
        "select * from read_ndjson_objects('SECRET')",
        "select * from 'SECRET'",
        "from 'SECRET'",
        "select * from sniff_csv('SECRET')",
        "select * from glob('SCRATCH/*')",
        "select * from parquet_metadata('SECRET')",
        "select * from read_text('SCRATCH/journal/../secret.txt')",
        "select * from read_text('SCRATCH/journal/_delta_log/00000000000000000000.json')",
        "select * from read_text('file://SECRET')",
        "select * from read_text('/etc/passwd')",
        "select * from read_text('/proc/self/environ')",
        "select * from read_text('/proc/self/cmdline')",
        "select * from read_csv('http://127.0.0.1:1/x')",
        "select * from read_parquet('s3://bucket/key')",
        "select * from query('select * from read_text(''SECRET'')')",
        "select * from query_table('SECRET')",
        "select * from (describe select * from read_csv('SECRET'))",
        "with a as materialized (from read_text('SECRET')) from a",
        "select getenv('HOME')",
        "select getenv('PATH')",
        "copy (select 1) to 'OUT/x.csv'",
        "copy (select 1) to 'SEGMENT' (format csv, use_tmp_file false)",
        "copy events from 'SECRET'",
        "export database 'OUT'",
        "import database 'SCRATCH'",
        "attach 'OUT/x.db'",
        "attach 'SECRET' as x (type sqlite)",
        "install httpfs",
        "force install httpfs from 'http://127.0.0.1:1'",
        "load httpfs",
        "load 'OUT/x.duckdb_extension'",
        "set enable_external_access=true",
        "set lock_configuration=false",
        "set allowed_paths=['/']",
        "set allowed_directories=['/']",
        "set memory_limit='1TB'",
        "set temp_directory='OUT'",
        "set home_directory='OUT'",
        "set log_query_path='OUT/log'",
        "reset enable_external_access",
        "reset lock_configuration",
        "pragma enable_external_access=true",
        "pragma enable_profiling",
        "pragma profiling_output='OUT/p'",
        "set variable highwater_lock = 1",
        "create table x as select 1",
        "create or replace view events as select 1",
        "create persistent secret (type s3)",
        "drop view events",
        "insert into highwater_hidden values (1)",
        "update events set data = 'x'",
        "delete from events",
        "call enable_logging(storage='file', storage_config={'path': 'OUT'})",
        "from enable_profiling(save_location='OUT/p')",
        "from enable_profiling(save_location='SCRATCH/journal/segments/p')",
        "explain analyze copy (select 1) to 'OUT/x'",
        "prepare p as copy (select 1) to 'OUT/x.csv'",
        "begin; copy (select 1) to 'OUT/x.csv'",
        "select 1; copy (select 1) to 'OUT/x.csv'",
        "select 1;\n.shell touch OUT/x",
        ".shell touch OUT/x",
        " .shell touch OUT/x",
        "\n.shell touch OUT/x",
        "-- a\n.shell touch OUT/x",
        "/*\n.shell touch OUT/x\n*/;",
        ".output OUT/x",
        ".once OUT/x",
        ".open OUT/x",
        ".read SECRET",
        ".import SECRET events",
        ".log OUT/x",
        ".cd OUT",
        "select '\n.shell touch OUT/x\n' from read_text('SECRET')",
        "select 1')); copy (select 1) to 'OUT/x.csv'; --",
        "select $$'$$); copy (select 1) to 'OUT/x.csv'; --",
        "\\! touch OUT/x",
        // A quote is one for the engine whatever stands around it, though not for who compares characters.
        "\u{600}') AS tree) SELECT 1;\nCOPY (SELECT 42) TO $$OUT/x.csv$$;\n.shell touch OUT/x\n--",
        "select '\u{301}') AS tree) SELECT 1;\nCOPY (SELECT 42) TO $$OUT/x.csv$$;\n.shell touch OUT/x\n--",
    ]

    @Test("is refused", arguments: statements) func isRefused(_ statement: String) async throws {
        let error = try await failure(statement)
        #expect([.refused, .statement].contains(error?.code))
    }

    @Test(
        "writes no log, though a query may call what begins one",
        arguments: ["OUT", "SCRATCH/journal/segments", "SEGMENT"]
            .flatMap { path in
                let logging = "from enable_logging(storage='file', storage_config={'path': '\(path)'})"
                // The second is planned before it runs.
                return [logging, logging + " where now() is not null"]
            }
    )
    func logging(_ statement: String) async throws { _ = try await failure(statement) }

    /// Runs a statement that must fail, and leave all as it was.
    private func failure(_ statement: String) async throws -> SQLError? {
        let target = try await Target()
        let before = try Data(contentsOf: URL(fileURLWithPath: target.segment))
        let statement = statement.replacing("SECRET", with: target.secret)
            .replacing("OUT", with: target.out)
            .replacing("SEGMENT", with: target.segment)
            .replacing("SCRATCH", with: target.scratch.path)
        let query = SQLQuery(statement, engine: Engine.duckDB, options: SQLOptions(format: .csv))
        let error = await #expect(throws: SQLError.self) {
            let text = try await query.text(on: target.journal)
            Issue.record("it printed \(text)")
        }
        #expect(error?.message.contains("s3cr3t") == false)
        #expect(try FileManager.default.contentsOfDirectory(atPath: target.out) == [])
        #expect(try Data(contentsOf: URL(fileURLWithPath: target.segment)) == before)
        let segments = URL(fileURLWithPath: target.segment).deletingLastPathComponent().path
        #expect(try FileManager.default.contentsOfDirectory(atPath: segments).count == 1)
        return error
    }

    @Test(
        "an event's id is never part of a statement, whatever it is",
        arguments: ["\u{600}'", "'\u{301}", "'", "\u{600}\"", "\0", "\0'"]
    ) func hostileID(_ mark: String) async throws {
        let target = try await Target()
        let id = "x\(mark),now())) h(id,moment);\nCOPY (SELECT 42) TO $$\(target.out)/x.csv$$;\n--"
        try await target.journal.append([Event(id: id, timestamp: .now, data: Array("{}".utf8))])
        try await target.journal.compact(CompactionPolicy(force: true))
        try await target.journal.update(id, data: Array("{\"new\":1}".utf8))
        #expect(try await target.journal.rows("select count(*), count(data->>'$.new') from events") == ["2,1"])
        try await target.journal.delete(id)
        #expect(try await target.journal.rows("select count(*) from events") == ["1"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: target.out) == [])
    }

    @Test("nothing of our environment, and nothing of a user's settings of DuckDB, reaches the engine")
    func isolation() async throws {
        let target = try await Target()
        // `current_setting` may be read; what it says is ours.
        let settings = try await target.journal.rows(
            "select current_setting('enable_external_access'), current_setting('lock_configuration'), "
                + "current_setting('autoload_known_extensions'), current_setting('TimeZone')"
        )
        #expect(settings == ["false,true,false,UTC"])
        #expect(try await target.journal.rows("select count(*) from duckdb_secrets()") == ["0"])
    }

    @Test("of the journal's files only the segments of its catalog may be read") func ownSegments() async throws {
        let target = try await Target()
        let allowed = "select len(current_setting('allowed_paths')::varchar[]) from (select count(*) from events)"
        #expect(try await target.journal.rows(allowed) == ["1"])
        let direct = "select (select count(*) from events), count(*) from read_parquet('\(target.segment)')"
        #expect(try await target.journal.rows(direct) == ["1,1"])
    }
}
