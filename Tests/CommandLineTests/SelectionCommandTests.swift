import Foundation
import Testing

@Suite("Expressions on the command line")
struct SelectionCommandTests {
    private static let lines = """
        {"id":"a","at":1,"shop":"x","order":{"n":1,"total":2.50},"tags":["red"]}
        {"id":"b","at":2,"shop":"y","order":{"n":2,"total":10},"tags":["blue","red"]}
        {"id":"c","at":3,"shop":"x","order":{"n":3,"total":7},"tags":null}

        """

    /// A journal of three events, the second with the key `k`, and one that is no JSON.
    private func journal() async throws -> (scratch: Scratch, journal: String) {
        let scratch = try Scratch()
        let input = try scratch.file("orders.ndjson", Self.lines)
        let journal = scratch.path + "/journal"
        let imported = try await Program.highwater.run([
            "import", journal, input, "--id", "id", "--timestamp", "at", "--key", "shop",
        ])
        try #require(imported.status == 0, "\(imported.error)")
        let put = try await Program.highwater.run([
            "put", journal, "not JSON", "--id", "d", "--timestamp", "1970-01-01T00:00:04Z",
        ])
        try #require(put.status == 0, "\(put.error)")
        return (scratch, journal)
    }

    @Test("replay --where keeps, --select shapes, and payloads that are not JSON are counted on standard error")
    func selects() async throws {
        let (scratch, journal) = try await journal()
        let notJSON = "highwater: 1 payload not JSON, left out.\n"
        for (arguments, output) in [
            (["--where", "order.total > `5`", "--select", "id"], "\"b\"\n\"c\"\n"),
            (["--where", "@event.key == 'x'", "--select", "[@event.id, order.n]"], "[\"a\",1]\n[\"c\",3]\n"),
            (["--where", "id == 'a'"], Self.lines.prefix { $0 != "\n" } + "\n"),
            (["--where", "nothing"], ""),
            (["--select", "id", "--after", "1970-01-01T00:00:01Z"], "\"b\"\n\"c\"\n"),
        ] as [([String], String)] {
            let outcome = try await Program.highwater.run(["replay", journal] + arguments)
            #expect(outcome.status == 0, "\(arguments)")
            #expect(outcome.output == output, "\(arguments)")
            #expect(outcome.error == notJSON, "\(arguments)")
        }
        // Out of the range, nothing is evaluated.
        let before = try await Program.highwater.run([
            "replay", journal, "--where", "id", "--through", "1970-01-01T00:00:03Z", "--select", "id",
        ])
        #expect(before.output == "\"a\"\n\"b\"\n\"c\"\n" && before.error == "")
        let latest = try await Program.highwater.run([
            "replay", journal, "--latest-per-key", "--where", "order.n > `1`", "--select", "id",
        ])
        #expect(latest.output == "\"b\"\n\"c\"\n" && latest.error == "")
        withExtendedLifetime(scratch) {}
    }

    @Test("what a function does not take is counted; --strict ends at the first such event, status 64")
    func strict() async throws {
        let (scratch, journal) = try await journal()
        let through = ["--through", "1970-01-01T00:00:03Z"]
        let counted = try await Program.highwater.run(
            ["replay", journal, "--where", "contains(tags, 'red')", "--select", "id"] + through
        )
        #expect(counted.status == 0)
        #expect(counted.output == "\"a\"\n\"b\"\n")
        #expect(counted.error == "highwater: 1 payload left out: a function does not take what is there.\n")
        let strict = try await Program.highwater.run(
            ["replay", journal, "--where", "contains(tags, 'red')", "--strict"] + through
        )
        #expect(strict.status == 64)
        #expect(strict.error.contains("The payload of event \"c\" at 1970-01-01T00:00:03"))
        #expect(strict.error.contains("contains() takes"))
        let notJSON = try await Program.highwater.run(["replay", journal, "--select", "id", "--strict"])
        #expect(notJSON.status == 64)
        #expect(notJSON.error.contains("The payload of event \"d\""))
        let sound = try await Program.highwater.run(
            ["replay", journal, "--where", "order", "--select", "id", "--strict"] + through
        )
        #expect(sound.status == 0 && sound.output == "\"a\"\n\"b\"\n\"c\"\n" && sound.error == "")
        let alone = try await Program.highwater.run("replay", journal, "--strict")
        #expect(alone.status == 64)
        #expect(alone.error.contains("--strict is about --where and --select"))
        withExtendedLifetime(scratch) {}
    }

    @Test(
        "an expression that is wrong shows the place, and nothing is done",
        arguments: [
            (["replay", "JOURNAL", "--where", "a.b[?c = 'x']"], "a.b[?c = 'x']\n       ^"),
            (["replay", "JOURNAL", "--select", "{a: nope(b)}"], "{a: nope(b)}\n    ^"),
            (["replay", "JOURNAL", "--where", "@event.nothing"], "@event.nothing\n"),
            (["import", "NEW", "INPUT", "--id", "a.b["], "a.b[\n    ^"),
            (["import", "NEW", "INPUT", "--key", "created-at"], "created-at\n       ^"),
            (["import", "NEW", "INPUT", "--timestamp", "length(a, b)"], "length(a, b)\n^"),
            (["import", "NEW", "INPUT", "--id", "@event.id"], "--id makes the event from its line"),
        ]
    )
    func wrong(arguments: [String], shown: String) async throws {
        let (scratch, journal) = try await journal()
        let fresh = scratch.path + "/new"
        let outcome = try await Program.highwater.run(
            arguments.map {
                $0 == "JOURNAL" ? journal : $0 == "NEW" ? fresh : $0 == "INPUT" ? scratch.path + "/orders.ndjson" : $0
            }
        )
        #expect(outcome.status == 64)
        #expect(outcome.output == "")
        #expect(outcome.error.contains(shown), "\(outcome.error)")
        #expect(!FileManager.default.fileExists(atPath: fresh))
    }

    @Test("import takes id, time and key from expressions, and reports lines of which they make nothing")
    func imports() async throws {
        let scratch = try Scratch()
        let text = Self.lines + "{\"shop\":\"z\",\"at\":4,\"order\":{}}\n{\"shop\":5,\"at\":4,\"order\":{\"n\":1}}\n"
        let input = try scratch.file("orders.ndjson", text)
        let journal = scratch.path + "/journal"
        let arguments = [
            "import", journal, input, "--id", "order.n && join('-', [shop, to_string(order.n)])", "--timestamp",
            "sum([at, `100`])", "--key", "tags[-1]",
        ]
        let imported = try await Program.highwater.run(arguments)
        #expect(imported.status == 3)
        #expect(imported.output.hasPrefix("3 events imported"))
        #expect(imported.error.contains(":4: expression `order.n && join('-', [shop, to_string(order.n)])` is null"))
        #expect(
            imported.error.contains(":5: expression `order.n && join('-', [shop, to_string(order.n)])`: join() takes")
        )
        let events = try await Program.highwater.run([
            "replay", journal, "--select", "[@event.id, @event.timestamp, @event.key]",
        ])
        #expect(
            events.output == """
                ["x-1","1970-01-01T00:01:41.000000Z","red"]
                ["y-2","1970-01-01T00:01:42.000000Z","red"]
                ["x-3","1970-01-01T00:01:43.000000Z",null]

                """
        )
        let again = try await Program.highwater.run(arguments)
        #expect(again.output.contains("3 already there"))
    }

    @Test("fields lists paths, types, how often and examples, as a table and as JSON")
    func fields() async throws {
        let (scratch, journal) = try await journal()
        let table = try await Program.highwater.run("fields", journal)
        #expect(table.status == 0, "\(table.error)")
        #expect(
            table.output == """
                4 events of 4 looked at, 1 not JSON.

                PATH         TYPES        EVENTS  DISTINCT  EXAMPLES
                id           string         100%         3  "a", "b", "c"
                at           number         100%         3  1, 2, 3
                shop         string         100%         2  "x", "y"
                order        object         100%
                order.n      number         100%         3  1, 2, 3
                order.total  number         100%         3  2.50, 10, 7
                tags         array, null    100%         1  null
                tags[]       string        66.7%         2  "red", "blue"

                """
        )
        let json = try await Program.highwater.run("fields", journal, "--json", "--through", "1970-01-01T00:00:03Z")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(report["events"] as? Int == 3 && report["not_json"] as? Int == 0)
        let fields = try #require(report["fields"] as? [[String: Any]])
        #expect(fields.count == 8)
        #expect(fields.last?["path"] as? String == "tags[]")
        #expect(fields.last?["types"] as? [String: Int] == ["string": 3])
        #expect(fields.last?["values"] as? Int == 3 && fields.last?["events"] as? Int == 2)
        let examples = fields.last?["examples"] as? [[String: Any]]
        #expect(examples?.first?["text"] as? String == "\"red\"" && examples?.first?["count"] as? Int == 2)
        let sample = try await Program.highwater.run("fields", journal, "--sample", "2", "--seed", "7", "--json")
        #expect(sample.output.hasPrefix("{\"events\":2,"))
        #expect(try await Program.highwater.run("fields", journal, "--sample", "0").status == 64)
        #expect(try await Program.highwater.run("fields", scratch.path + "/none").status == 4)
        withExtendedLifetime(scratch) {}
    }
}
