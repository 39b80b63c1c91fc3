import Foundation
import Testing

@Suite("SQL command") struct SQLCommandTests {
    /// A journal of so many events, a minute apart.
    private func journal(_ count: Int) async throws -> (scratch: Scratch, path: String) {
        let scratch = try Scratch()
        let input = try scratch.file("events.ndjson", ndjson(count))
        let path = scratch.path + "/journal"
        let arguments = ["import", path, input, "--id", "id", "--timestamp", "at", "--key", "k"]
        let outcome = try await Program.highwater.run(arguments)
        try #require(outcome.status == 0, "\(outcome.error)")
        return (scratch, path)
    }

    @Test(
        "prints rows in the format that is asked for",
        arguments: [
            ("csv", "key,n\nk0,2\n,0\n"),
            ("json", #"[{"key":"k0","n":2},{"key":null,"n":0}]"# + "\n"),
            ("ndjson", #"{"key":"k0","n":2}"# + "\n" + #"{"key":null,"n":0}"# + "\n"),
            ("table", "┌──────┬───┐\n│ key  │ n │\n├──────┼───┤\n│ k0   │ 2 │\n│ NULL │ 0 │\n└──────┴───┘\n"),
        ]
    )
    func formats(format: String, expected: String) async throws {
        let (scratch, path) = try await journal(10)
        let statement = "select key, count(*) as n from events where key = 'k0' group by 1 union all select null, 0"
        let outcome = try await Program.highwater.run("sql", path, statement, "--format", format)
        #expect(outcome.status == 0, "\(outcome.error)")
        let rows = outcome.output.replacing("},\n{", with: "},{")
        #expect(rows == expected)
        withExtendedLifetime(scratch) {}
    }

    @Test("a row of Markdown is one line, whatever is in its cells") func markdown() async throws {
        let (scratch, path) = try await journal(2)
        let statement = #"""
            select 1 as n, E'a\nb\r\nc|d' as "x|y", null as z, 'say "hi", you' as q, '' as e \#
            union all select 2, '"', 'NULL', ',', E'\n'
            """#
        let outcome = try await Program.highwater.run("sql", path, statement, "--format", "markdown")
        #expect(
            outcome.output == #"""
                | n | x\|y | z | q | e |
                |---:|---|---|---|---|
                | 1 | a<br>b<br>c\|d | NULL | say "hi", you |  |
                | 2 | " | NULL | , | <br> |

                """#,
            "\(outcome.error)"
        )
        withExtendedLifetime(scratch) {}
    }

    @Test("sums and decimals are numbers of JSON, whatever their size, and texts that look like them are texts")
    func longNumbers() async throws {
        let (scratch, path) = try await journal(2)
        let statement = #"""
            select sum(1) as "a,\"":{[", '12' as t, 1.50 as d, 170141183460469231731687303715884105727 as h, \#
            18446744073709551615::ubigint as u, null::hugeint as z, {'s': sum(2)} as o, ['x"y,'] as l, -sum(3) as "a,\"":{["
            """#
        let row =
            #"{"a,\\\":{[":1,"t":"12","d":1.50,"h":170141183460469231731687303715884105727,"u":18446744073709551615,"#
            + #""z":null,"o":{"s":2},"l":["x\"y,"],"a,\\\":{[":-3}"#
        for (format, expected) in [("json", "[\(row)]\n"), ("ndjson", row + "\n")] {
            let outcome = try await Program.highwater.run("sql", path, statement, "--format", format)
            #expect(outcome.output == expected, "\(outcome.error)")
        }
        withExtendedLifetime(scratch) {}
    }

    @Test("what is no number of JSON is null there, in lists and structs too, and texts stay") func notNumbers()
        async throws
    {
        let (scratch, path) = try await journal(2)
        let statement = """
            select 'nan'::double as a, -'inf'::double as b, 'inf'::float as c, -1.5 as d, 'NaN' as t, ['nan'::double, -1, null] as l, \
            {'Infinity': '-inf'::double, 'N"': 'I'} as s, '{"x": [1, -2e-7]}'::json as j, [{'v': 'nan'::float}] as m, 'nan' as "NaN", true as y
            """
        let row =
            #"{"a":null,"b":null,"c":null,"d":-1.5,"t":"NaN","l":[null,-1.0,null],"s":{"Infinity":null,"N\"":"I"},"#
            + #""j":{"x": [1, -2e-7]},"m":[{"v":null}],"NaN":"nan","y":true}"#
        for (format, expected) in [("json", "[\(row)]\n"), ("ndjson", row + "\n")] {
            let outcome = try await Program.highwater.run("sql", path, statement, "--format", format)
            #expect(outcome.output == expected, "\(outcome.error)")
        }
        withExtendedLifetime(scratch) {}
    }

    @Test("takes the statement from standard input, a range, and another journal") func inputs() async throws {
        let (scratch, path) = try await journal(120)
        let count = try await Program.highwater.run(
            [
                "sql", path, "-", "--format", "csv", "--after", "2024-03-01T00:59:00Z", "--through",
                "2024-03-01T01:10:00Z",
            ],
            input: Data("select count(*) as n\nfrom events;\n".utf8)
        )
        #expect(count.output == "n\n11\n", "\(count.error)")
        let joined = try await Program.highwater.run(
            "sql",
            path,
            "select count(*) as n from events join o.events using (event_id)",
            "--with",
            "o=" + path,
            "--format",
            "csv"
        )
        #expect(joined.output == "n\n120\n", "\(joined.error)")
        let zone = try await Program.highwater.run(
            "sql",
            path,
            "select min(timestamp) as t from events",
            "--time-zone",
            "Asia/Tokyo",
            "--format",
            "csv"
        )
        #expect(zone.output == "t\n2024-03-01 09:00:00+09\n", "\(zone.error)")
        withExtendedLifetime(scratch) {}
    }

    @Test("writes Parquet, in the order of the statement, which may end with a comment") func parquet() async throws {
        let (scratch, path) = try await journal(50)
        let file = scratch.path + "/rows.parquet"
        let outcome = try await Program.highwater.bash(
            #""$0" sql "$1" "$3" --format parquet > "$2""#,
            path,
            file,
            "select event_id, data->>'$.k' as k from events order by timestamp desc; -- it's all"
        )
        #expect(outcome.status == 0, "\(outcome.error)")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        #expect(bytes.prefix(4) == Data("PAR1".utf8))
        #expect(bytes.suffix(4) == Data("PAR1".utf8))
        // Read back as another journal's file would be: by DuckDB itself.
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let duckdb = tests.deletingLastPathComponent().appending(path: ".tools/bin/duckdb").path
        let rows = try await Program.highwater.bash(
            #""$1" -csv -noheader -c "select count(*), first(event_id), last(k) from '$2'""#,
            duckdb,
            file
        )
        #expect(rows.output == "50,e-49,k0\n", "\(rows.error)")
        withExtendedLifetime(scratch) {}
    }

    @Test("explains instead of running") func explain() async throws {
        let (scratch, path) = try await journal(5)
        let outcome = try await Program.highwater.run("sql", path, "select data from events", "--explain")
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output.contains("READ_PARQUET") || outcome.output.contains("PARQUET_SCAN"))
        #expect(outcome.error.contains("current: 5 events"))
        withExtendedLifetime(scratch) {}
    }

    @Test("says by its status what kind of failure it was") func statuses() async throws {
        let (scratch, path) = try await journal(3)
        func status(_ arguments: String...) async throws -> Int32 {
            let outcome = try await Program.highwater.run(["sql"] + arguments)
            #expect(outcome.output == "")
            #expect(outcome.error.hasPrefix("highwater: ") || outcome.status == 64, "\(outcome.error)")
            return outcome.status
        }
        #expect(try await status(path, "selec 1") == 8)
        #expect(try await status(path, "select nope from events") == 8)
        #expect(try await status(path, "select * from read_text('/etc/hostname')") == 8)
        #expect(try await status(path, "drop view events") == 8)
        #expect(try await status(path, "select count(*) from range(1000000000000)", "--timeout", "1s") == 9)
        #expect(try await status(path, "select 1", "--duckdb", "/nowhere/duckdb") == 10)
        #expect(try await status(path, "select 1", "--duckdb", "/bin/true") == 10)
        #expect(try await status(scratch.path + "/none", "select 1") == 4)
        #expect(try await status("memory:x", "select 1") != 0)
        #expect(try await status(path, "select 1", "--with", "main=" + path) == 64)
        #expect(try await status(path, "select 1", "--with", "a=" + path, "--with", "A=" + path) == 64)
        #expect(try await status(path, "select 1", "--threads", "0") == 64)
        #expect(try await status(path, "select 1", "--spark", "/usr/bin/python3") == 64)
        #expect(try await status(path, "select 1", "--engine", "spark", "--spill", "1GiB") == 64)
        #expect(try await status(path, "select 1", "--engine", "spark", "--memory", "100MiB") == 64)
        #expect(try await status(path, "select 1", "--engine", "spark", "--spark", "/nowhere/python") == 10)
        #expect(try await status(path, "select 1", "--engine", "flink") == 64)
        withExtendedLifetime(scratch) {}
    }

    @Test("without a statement DuckDB's shell has the tables, and nothing else") func shell() async throws {
        let (scratch, path) = try await journal(7)
        let outcome = try await Program.highwater.bash(
            #"""
            printf '%s\n' "select count(*) from events;" "select current_setting('lock_configuration') as locked;" \
              "select count(*) from o.current;" | "$0" sql "$1" --with "o=$1" --format csv; echo "status $?"
            printf '%s\n' "from read_text('/etc/hostname');" | "$0" sql "$1" --format csv; echo "status $?"
            printf '.shell id\n' | "$0" sql "$1"; printf "copy (select 1) to '$2/out';" | "$0" sql "$1"
            ls "$2"
            """#,
            path,
            scratch.path
        )
        #expect(
            outcome.output.hasPrefix(
                "count_star()\n7\nlocked\ntrue\ncount_star()\n7\nstatus 0\nstatus 1\n"
            ),
            "\(outcome.output) \(outcome.error)"
        )
        #expect(!outcome.output.contains("uid="))
        #expect(outcome.output.hasSuffix("\nevents.ndjson\njournal\n"))
        let zone = try await Program.highwater.run("sql", path, "--time-zone", "Nowhere/None")
        #expect(zone.status == 8)
        withExtendedLifetime(scratch) {}
    }

    #if os(Linux)
    @Test("an answer that does not fit on the terminal goes through PAGER") func pager() async throws {
        let (scratch, path) = try await journal(3)
        // `script` (util-linux) makes a terminal.
        let outcome = try await Program.highwater.bash(
            #"""
            export PAGER="sed -n '1s/.*/paged/p;\$='"
            for rows in 3 300; do
              script -qec "stty rows 20 cols 80; '$0' sql '$1' 'select range as n from range($rows)' --format csv" /dev/null </dev/null
            done | tr -d '\r'
            "$0" sql "$1" "select range as n from range(300)" --format csv | wc -l
            """#,
            path
        )
        #expect(outcome.output == "n\n0\n1\n2\npaged\n301\n301\n", "\(outcome.error)")
        withExtendedLifetime(scratch) {}
    }
    #endif

    @Test("ends quietly when its reader has had enough") func closedPipe() async throws {
        let (scratch, path) = try await journal(3)
        let outcome = try await Program.highwater.bash(
            #""$0" sql "$1" "from range(1000000000)" --format csv | head -n 2; echo "${PIPESTATUS[0]}""#,
            path
        )
        #expect(outcome.output == "range\n0\n0\n")
        #expect(outcome.error == "")
        withExtendedLifetime(scratch) {}
    }

    @Test("an interrupt ends the engine too, with status 130") func interrupt() async throws {
        let (scratch, path) = try await journal(3)
        let temporary = scratch.path + "/tmp"
        try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
        let outcome = try await Program.highwater.bash(
            #"""
            set -m # else the background ignores interrupts
            export TMPDIR="$2"
            "$0" sql "$1" "select count(*) from range(1000000000000)" & pid=$!
            until ls "$2"/highwater-sql-*/setup.sql >/dev/null 2>&1; do sleep 0.1; done
            sleep 0.3
            kill -INT $pid; wait $pid; echo "status $?"
            ls "$2"
            pgrep -f "$2/highwater-sql" >/dev/null && echo "engine is alive"
            """#,
            path,
            temporary
        )
        #expect(outcome.output == "status 130\n", "\(outcome.error)")
        withExtendedLifetime(scratch) {}
    }
}
