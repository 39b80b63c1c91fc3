import Foundation
import Testing

@testable import highwater

@Suite("highwater ddl")
struct DDLCommandTests {
    private static func statements(_ engine: TableEngine, _ location: String, table: String = "web.visits") throws
        -> String
    {
        try TableRegistration(table: table, location: TableLocation(location)).statements(for: engine)
    }

    @Test(
        "each engine gets the location as it spells it",
        arguments: [
            (.duckdb, "s3://b/p", "CREATE OR REPLACE VIEW web.visits AS SELECT * FROM delta_scan('s3://b/p');"),
            (.duckdb, "/data/it's", "delta_scan('/data/it''s');"),
            (
                .spark, "s3://b/p/?endpoint=http://x",
                "CREATE TABLE IF NOT EXISTS web.visits USING DELTA LOCATION 's3a://b/p';"
            ),
            (.spark, "/data/j", "LOCATION 'file:///data/j';"), (.spark, "gs://b/p", "LOCATION 'gs://b/p';"),
            (
                .trino, "gs://b/p",
                "CALL delta.system.register_table(schema_name => 'web', table_name => 'visits', table_location => 'gs://b/p');"
            ),
            (.athena, "s3://b/p", "LOCATION 's3://b/p/'\nTBLPROPERTIES ('table_type' = 'DELTA');"),
            (.hive, "s3://b/p", "STORED BY 'io.delta.hive.DeltaStorageHandler'\nLOCATION 's3a://b/p';"),
            (.drill, "s3://b/p/q", "CREATE OR REPLACE VIEW dfs.tmp.visits AS SELECT * FROM dfs.`/p/q`;"),
            (.snowflake, "gs://b/p", "URL = 'gcs://b/p/' STORAGE_INTEGRATION"),
            (.snowflake, "s3://b", "URL = 's3://b/' STORAGE_INTEGRATION"),
        ] as [(TableEngine, String, String)]
    )
    func locations(engine: TableEngine, location: String, expected: String) throws {
        let text = try Self.statements(engine, location)
        #expect(text.contains(expected), "\(text)")
        #expect(text.hasSuffix(";\n"))
    }

    @Test(
        "what an engine cannot reach, and what cannot be a name, is refused",
        arguments: [
            (.athena, "/data/j", "events"), (.athena, "gs://b/p", "events"), (.trino, "/data/j", "events"),
            (.snowflake, "/data/j", "events"), (.duckdb, "memory:", "events"), (.duckdb, "/j", "a;b"),
            (.duckdb, "/j", ""), (.duckdb, "/j", "1a"), (.duckdb, "/j", "a..b"), (.duckdb, "/j", "a.b.c.d"),
        ] as [(TableEngine, String, String)]
    )
    func refusals(engine: TableEngine, location: String, table: String) {
        #expect(throws: CommandError.self) { try Self.statements(engine, location, table: table) }
    }

    @Test("there is no table before the first compaction, and what is not in it is told")
    func waiting() async throws {
        let scratch = try Scratch()
        let journal = scratch.path + "/journal"
        let input = try scratch.file("events.ndjson", ndjson(20))
        let imported = try await Program.highwater.run("import", journal, input, "--id", "id", "--timestamp", "at")
        try #require(imported.status == 0, "\(imported.error)")
        let early = try await Program.highwater.run("ddl", journal, "--engine", "spark")
        #expect(early.status == 7)
        #expect(early.error.contains("highwater compact"))
        let compacted = try await Program.highwater.run("compact", journal)
        try #require(compacted.status == 0, "\(compacted.error)")
        let clean = try await Program.highwater.run("ddl", journal, "--engine", "drill")
        #expect(clean.status == 0)
        #expect(!clean.output.contains("inbox"))
        let put = try await Program.highwater.run("put", journal, "{}")
        try #require(put.status == 0, "\(put.error)")
        let late = try await Program.highwater.run("ddl", journal, "--engine", "duckdb", "--table", "visits")
        #expect(late.output.hasPrefix("-- 1 segment with 1 event or change of the inbox"))
        #expect(late.output.contains("VIEW visits AS"))
    }
}
