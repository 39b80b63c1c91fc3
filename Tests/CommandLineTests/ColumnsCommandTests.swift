import Foundation
import Testing

@testable import highwater

@Suite("highwater columns")
struct ColumnsCommandTests {
    private static let events = """
        {"id":"a","at":"2024-01-01T00:00:00Z","n":1,"o":{"s":"x"}}
        {"id":"b","at":"2024-01-02T00:00:00Z","n":2.5,"o":{"s":"y"}}
        {"id":"c","at":"2024-01-03T00:00:00Z","n":3,"o":{"s":"z"}}

        """

    private static func journal(_ scratch: Scratch) async throws -> String {
        let journal = scratch.path + "/journal"
        let input = try scratch.file("events.ndjson", events)
        let outcome = try await Program.highwater.run("import", journal, input, "--id", "id", "--timestamp", "at")
        try #require(outcome.status == 0, "\(outcome.error)")
        return journal
    }

    private static func run(_ arguments: String...) async throws -> Program.Outcome {
        try await Program.highwater.run(["columns"] + arguments)
    }

    @Test("suggested, added, filled, listed, asked and removed") func tour() async throws {
        let scratch = try Scratch()
        let journal = try await Self.journal(scratch)
        let suggested = try await Self.run("suggest", journal)
        #expect(suggested.status == 0, "\(suggested.error)")
        #expect(suggested.output.contains("highwater columns add \(journal) s=data.o.s:string"), "\(suggested.output)")
        #expect(suggested.output.contains("n=data.n:float64"))
        let json = try await Self.run("suggest", journal, "--json")
        #expect(json.output.split(separator: "\n").count == 4, "\(json.output)")
        let compacted = try await Program.highwater.run("compact", journal)
        try #require(compacted.status == 0)
        let added = try await Self.run("add", journal, "n=data.n:int64", "s=data.o.s:string")
        #expect(added.status == 0, "\(added.error)")
        #expect(
            added.output.contains("Added n=data.n:int64.") && added.output.contains("columns fill"),
            "\(added.output)"
        )
        let list = try await Self.run("list", journal, "--json")
        #expect(list.output.contains(#""filled_segments":0"#))
        let again = try await Self.run("add", journal, "n=data.n:int64", "--backfill")
        #expect(again.status == 0)
        #expect(again.output.contains("n is there already.") && again.output.contains("became 1 with 3 events"))
        #expect(again.error.contains("1 value of the column n not of its type"), "\(again.error)")
        #expect(try await Self.run("list", journal).output.contains("all"))
        #expect(try await Self.run("fill", journal).output.contains("No segment"))
        let sql = try await Program.highwater.run(
            "sql",
            journal,
            "select event_id, n, s from events order by 1",
            "--format",
            "csv"
        )
        #expect(sql.output.replacing("\r", with: "") == "event_id,n,s\na,1,x\nb,,y\nc,3,z\n", "\(sql.error)")
        #expect(try await Self.run("remove", journal, "n").status == 0)
        #expect(try await Self.run("remove", journal, "n").status == 64)
        let back = try await Self.run("add", journal, "n=data.n:float64")
        #expect(back.status == 64 && back.error.contains("take another name"), "\(back.error)")
    }

    @Test(
        "wrong input says what is wrong, and changes nothing",
        arguments: [
            (["add", "JOURNAL", "n"], Int32(64), "NAME=JMESPATH:TYPE"), (["add", "JOURNAL"], 64, "name=jmespath:type"),
            (["add", "JOURNAL", "n=data.n:decimal"], 64, "int64, float64, boolean, string, timestamp"),
            (["add", "JOURNAL", "key=data.n:string"], 64, "already"), (["add", "JOURNAL", "n=data.[:int64"], 64, "^"),
            (["add", "JOURNAL", "n=a:int64", "N=b:int64"], 64, "take another name"),
            (["add", "JOURNAL/none", "n=a:int64"], 4, "There is no journal"),
            (["list", "JOURNAL/none"], 4, "There is no journal"),
            (["fill", "JOURNAL/none"], 4, "There is no journal"),
            (["remove", "JOURNAL", "n"], 64, "There is no column n"),
            (["suggest", "JOURNAL", "--sample", "0"], 64, "--sample"), (["frob", "JOURNAL"], 64, "unexpected"),
        ]
    )
    func wrongInput(arguments: [String], status: Int32, message: String) async throws {
        let scratch = try Scratch()
        let journal = try await Self.journal(scratch)
        let outcome = try await Program.highwater.run(
            ["columns"] + arguments.map { $0.replacing("JOURNAL", with: journal) }
        )
        #expect(outcome.status == status)
        #expect(outcome.error.contains(message), "\(outcome.error)")
        #expect(!FileManager.default.fileExists(atPath: journal + "/_delta_log"))
    }

    @Test("help shows an example for every part", arguments: ["add", "list", "remove", "fill", "suggest"])
    func help(command: String) async throws {
        let outcome = try await Program.highwater.run("help", "columns", command)
        #expect(outcome.output.contains("EXAMPLES") && outcome.output.contains("highwater columns \(command) "))
    }
}
