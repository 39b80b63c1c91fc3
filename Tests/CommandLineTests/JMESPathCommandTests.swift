import Foundation
import Testing

@Suite("highwater jmespath")
struct JMESPathCommandTests {
    private static let lines = """
        {"id":"a","level":"error","n":{"x":1.50}}
        {"id":"b","level":"info","n":null}

        {"id":"c","level":"error","text":"tab\\there","n":{"x":2}}

        """

    @Test(
        "selects, filters, counts and unquotes",
        arguments: [
            (["{i: id, x: n.x}", "--where", "level == 'error'"], "{\"i\":\"a\",\"x\":1.5}\n{\"i\":\"c\",\"x\":2}\n"),
            (
                ["--filter", "n && level == 'error'"],
                "{\"id\":\"a\",\"level\":\"error\",\"n\":{\"x\":1.50}}\n"
                    + "{\"id\":\"c\",\"level\":\"error\",\"text\":\"tab\\there\",\"n\":{\"x\":2}}\n"
            ),
            (["n.x"], "1.5\nnull\n2\n"), (["n.x", "--skip-null"], "1.5\n2\n"),
            (["text", "-r", "--skip-null"], "tab\there\n"), (["--count", "--filter", "n"], "2\n"),
            (["length(id)", "-"], "1\n1\n1\n"),
        ]
    )
    func results(arguments: [String], expected: String) async throws {
        let outcome = try await Program.highwater.run(["jmespath"] + arguments, input: Data(Self.lines.utf8))
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output == expected)
    }

    @Test("keeps the order of lines over many blocks, of several files, compressed or not")
    func order() async throws {
        let scratch = try Scratch()
        let input = try scratch.file("events.ndjson", ndjson(60_000))
        let ids = (0..<60_000).map { "e-\($0)\n" }.joined()
        let gzip = try await Program.highwater.bash("gzip -k \"$1\"", input)
        try #require(gzip.status == 0, "\(gzip.error)")
        let outcome = try await Program.highwater.run("jmespath", "-r", "id", input, input + ".gz")
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output == ids + ids)
    }

    @Test("a line that fails is reported with its place, and the rest goes on")
    func faults() async throws {
        let scratch = try Scratch()
        let input = try scratch.file("bad.ndjson", "{\"a\":\"xy\"}\n{\"a\":}\n\n{\"a\":3}\n{\"a\":\"z\"}\n")
        let outcome = try await Program.highwater.run("jmespath", "length(a)", input)
        #expect(outcome.status == 3)
        #expect(outcome.output == "2\n1\n")
        #expect(outcome.error.contains("\(input):2: Not one JSON value: expected a value, at byte 5."))
        #expect(outcome.error.contains("\(input):4: length() takes"))
        #expect(outcome.error.contains("2 lines left out; there are results for 2."))
    }

    @Test("a wrong expression shows the place; a missing file fails after the others")
    func failures() async throws {
        let wrong = try await Program.highwater.run("jmespath", "a.b[?c = 'x']", "-", input: Data())
        #expect(wrong.status == 64)
        #expect(wrong.error.contains("a.b[?c = 'x']\n       ^"))
        let scratch = try Scratch()
        let input = try scratch.file("one.ndjson", "{\"a\":1}\n")
        let missing = try await Program.highwater.run("jmespath", "a", scratch.path + "/none", input)
        #expect(missing.status == 1)
        #expect(missing.output == "1\n")
        #expect(try await Program.highwater.run("jmespath", "--filter", "--raw", "a", input).status == 64)
    }
}
