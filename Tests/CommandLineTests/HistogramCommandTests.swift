import Foundation
import Testing

@testable import highwater

@Suite("highwater histogram")
struct HistogramCommandTests {
    private static let events = """
        {"id":"a","at":"2024-01-31T23:59:59Z","k":"x"}
        {"id":"b","at":"2024-02-01T00:00:00Z","k":"x"}
        {"id":"c","at":"2024-02-29T12:00:00Z","k":"x,\\"y"}
        {"id":"d","at":"2024-04-01T00:00:00Z"}
        {"id":"e","at":"2024-04-02T00:00:00Z","k":"x"}

        """

    private static func journal(_ scratch: Scratch) async throws -> String {
        let journal = scratch.path + "/journal"
        let input = try scratch.file("events.ndjson", events)
        let outcome = try await Program.highwater.run(
            "import",
            journal,
            input,
            "--id",
            "id",
            "--timestamp",
            "at",
            "--key",
            "k"
        )
        try #require(outcome.status == 0, "\(outcome.error)")
        return journal
    }

    @Test("draws a bar for each step, also where nothing happened; deleted events do not count")
    func bars() async throws {
        let scratch = try Scratch()
        let journal = try await Self.journal(scratch)
        let all = try await Program.highwater.run("histogram", journal, "--step", "1mo")
        #expect(all.status == 0, "\(all.error)")
        let full = String(repeating: "█", count: 80 - 7 - 1 - 4)
        let half = String(repeating: "█", count: 34)
        #expect(all.output == "2024-01  1  \(half)\n2024-02  2  \(full)\n2024-03  0\n2024-04  2  \(full)\n")
        #expect(all.error.contains("1 month"))
        let deleted = try await Program.highwater.run("delete", journal, "b")
        try #require(deleted.status == 0)
        let json = try await Program.highwater.run(
            "histogram",
            journal,
            "--step",
            "1mo",
            "--json",
            "--through",
            "2024-03-01"
        )
        #expect(
            json.output == "{\"begin\":\"2024-01\",\"events\":1}\n{\"begin\":\"2024-02\",\"events\":1}\n",
            "\(json.error)"
        )
    }

    @Test("draws a line for each key, whatever it is called, most events first")
    func keys() async throws {
        let scratch = try Scratch()
        let journal = try await Self.journal(scratch)
        let outcome = try await Program.highwater.run("histogram", journal, "--step", "1mo", "--by-key")
        #expect(
            outcome.output == """
                KEY       EVENTS  2024-01 to 2024-04
                x              3  ██ █
                x,"y           1   █
                (no key)       1     █

                """,
            "\(outcome.output)\(outcome.error)"
        )
        let some = try await Program.highwater.run(
            "histogram",
            journal,
            "--step",
            "1y",
            "--by-key",
            "--keys",
            "1",
            "--json"
        )
        #expect(some.output == "{\"key\":\"x\",\"begin\":\"2024\",\"events\":3}\n")
    }

    @Test("an empty range draws nothing, too many steps are refused")
    func edges() async throws {
        let scratch = try Scratch()
        let journal = try await Self.journal(scratch)
        let none = try await Program.highwater.run("histogram", journal, "--after", "2025-01-01")
        #expect(none.status == 0)
        #expect(none.output.isEmpty)
        #expect(none.error.contains("No events"))
        let many = try await Program.highwater.run("histogram", journal, "--step", "1s")
        #expect(many.status == 64)
        #expect(many.error.contains("steps of 1 second"))
    }

    @Test(
        "the step is the shortest with few enough bars",
        arguments: [(0, 40, "1s"), (39, 40, "1s"), (40, 40, "5s"), (86_400, 40, "1h"), (86_400 * 365 * 16, 40, "1y")]
    )
    func steps(span: Int64, bars: Int, expected: String) {
        #expect(HistogramStep.fitting(seconds: span, bars: bars).name == expected)
    }
}
