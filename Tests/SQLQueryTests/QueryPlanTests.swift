import EventJournal
import Testing

@testable import SQLQuery

/// What is taken from a plan; that DuckDB's plans look so is for the tests of time ranges.
@Suite("Plans of statements") struct QueryPlanTests {
    private static let noon = "'2020-01-03 12:00:00+00'::TIMESTAMP WITH TIME ZONE"
    private static let noonMicroseconds: Int64 = 1_578_052_800_000_000

    @Test(
        "comparisons of moments are bounds",
        arguments: [
            ("highwater_moment>\(noon)", 0, nil),
            ("highwater_moment>=\(noon)", -1, nil),
            ("highwater_moment<\(noon)", nil, -1),
            ("highwater_moment<=\(noon)", nil, 0),
            ("highwater_moment=\(noon)", -1, 0),
            ("optional: highwater_moment>\(noon) AND highwater_moment IS NOT NULL", 0, nil),
            ("highwater_moment IS NOT NULL", nil, nil),
            ("highwater_moment>\(noon) AND (key = 'a')", 0, nil),
            ("highwater_moment>'2020-01-03 17:30:00.000002+05:30'::TIMESTAMP WITH TIME ZONE", 2, nil),
            ("highwater_moment IN (\(noon), '2020-01-03 12:00:01+00'::TIMESTAMP WITH TIME ZONE)", -1, 1_000_000),
            // What is no date of four digits restricts nothing.
            ("highwater_moment>'infinity'::TIMESTAMP WITH TIME ZONE", nil, nil),
            ("highwater_moment<'0044-03-15 (BC) 00:00:00+00'::TIMESTAMP WITH TIME ZONE", nil, nil),
            ("highwater_moment IN (\(noon), 'infinity'::TIMESTAMP WITH TIME ZONE)", nil, nil),
        ] as [(String, Int64?, Int64?)]
    )
    func bounds(condition: String, after: Int64?, through: Int64?) throws {
        let bounds = try #require(MomentBounds(condition))
        #expect(bounds.after == after.map { Self.noonMicroseconds + $0 })
        #expect(bounds.through == through.map { Self.noonMicroseconds + $0 })
    }

    @Test(
        "what is anything else restricts nothing",
        arguments: [
            "", "key='a'", "highwater_moment", "highwater_moment>", "highwater_moment>\(noon) OR key='a'",
            "highwater_moment>\(noon) AND key='a'", "highwater_moment>\(noon) AND (key='a') OR (key='b')",
            "highwater_moment!=\(noon)", "highwater_moment>'2020-01-03'", "highwater_moment IN ()",
            "key='x' AND highwater_moment>\(noon)",
            "highwater_moment>''2020-01-03 12:00:00+00''::TIMESTAMP WITH TIME ZONE",
        ]
    )
    func unknown(condition: String) { #expect(MomentBounds(condition) == nil) }

    @Test("a table that is scanned several times is of the time of all scans", arguments: [1, 40, 4_000])
    func scans(depth: Int) throws {
        func scan(_ table: String, _ filters: String) -> String {
            #"{"name": "SCAN", "children": [], "extra_info": {"Filters": \#(filters), "Table": "memory.main.highwater_\#(table)"}}"#
        }
        var plan = scan("0a", #""highwater_moment>\#(Self.noon)""#)
        plan +=
            ","
            + scan("0a", #"["key='a \" {'", "highwater_moment>=\#(Self.noon) AND highwater_moment<=\#(Self.noon)"]"#)
        plan += "," + scan("1c", #""""#)
        for _ in 0..<depth {
            plan = #"{"name": "UNION", "children": [\#(plan)], "extra_info": {"Expressions": ["a", "]}"]}}"#
        }
        let reads = try #require(QueryPlan("[\(plan)]\n").reads([[], []], isStable: true))
        let after = Timestamp(microseconds: Self.noonMicroseconds - 1)
        #expect(reads[0] == QueryReads(archived: true, current: false, range: EventRange(after: after)))
        #expect(reads[1] == QueryReads(archived: false, current: true, range: .all))
        let unstable = try #require(QueryPlan("[\(plan)]\n").reads([[], []], isStable: false))
        #expect(unstable[0].range == .all)
        #expect(QueryPlan("[\(plan)]\n").reads([[]], isStable: true) == nil)
    }

    @Test("a line break in a text makes no condition of what stands behind it")
    func lineBreak() throws {
        let fake = #"key='a\nhighwater_moment>'2030-01-01 00:00:00+00'::TIMESTAMP WITH TIME ZONE"#
        let plan = #"[{"extra_info": {"Filters": "\#(fake)", "Table": "memory.main.highwater_0a"}}]"#
        #expect(QueryPlan(plan[...]).reads([[]], isStable: true)?.first?.range == .all)
    }

    @Test("clocks are found in whatever letters, and names in texts count")
    func tree() {
        #expect(StatementTree(#"{"function_name":"NOW"}"#).usesClock)
        #expect(!StatementTree(#"{"column_names":["nowhere"]}"#).usesClock)
        #expect(StatementTree(#"{"function_name":"pg_Postmaster_start_time"}"#).isUnstable)
        #expect(StatementTree(#"{"schema":"main"}"#).isUnstable)
        #expect(!StatementTree(#"{"schema":""}"#).isUnstable)
        #expect(StatementText("select NOW()").mayUseClock && !StatementText("select key from events").mayUseClock)
    }

    @Test(
        "statements are counted, whatever their texts look like",
        arguments: [
            ("select 1", 1), ("", 0), ("select '}],[{'; select 2", 2), (#"select '"\' as "{""}", 1"#, 1),
        ]
    )
    func statements(text: String, count: Int) async throws {
        let query = "select json_serialize_sql(\(quoted(text)))"
        let json = try await Child.run(Engine.path, ["-no-init", "-list", "-noheader", "-c", query]).output
        #expect(StatementTree(json).statements == count)
    }

    @Test(
        "in these a moment may be said, in whatever form",
        arguments: [
            "from events where timestamp > '2020-01-03'", "from events e(a, b) where b > ' -2020-01-03'",
            "from events e(a, b) where b > $$2020-01-03$$", "from events e(a, b) where b > $x$2020-01-03$x$",
            #"from events e(a, b) where b > E'\x32020-01-03'"#, "from events e(a, b) where b > U&'\\0032020-01-03'",
            "from events e(a, b) where b > 'infinity'", "from events e(a, b) where b < NOW()",
            "from events e(a, b) where b > make_TIMESTAMPTZ(5)", "from events e(a, b) where b > 'EPOCH'",
        ]
    )
    func moments(statement: String) { #expect(StatementText(statement).mayNameMoment) }

    @Test(
        "in these there can be none",
        arguments: [
            "select key, count(*) from events group by 1 order by 2 desc limit 5", "select 1",
            "select sum((data->>'$.data.order.total')::double) from events where key = 'a2020'",
            "select count(distinct event_id) from archived where 'x' < key and 3 > 2",
        ]
    )
    func noMoments(statement: String) { #expect(!StatementText(statement).mayNameMoment) }

    @Test(
        "a table that a text does not name is not read",
        arguments: [
            ("select 1", false, false), ("from Archived", true, false), ("from current", false, true),
            ("from \"EVENTS\"", true, true), ("from query_table('ev' || 'ents')", true, true),
            ("from event\u{17F}", true, true),
        ]
    )
    func tables(statement: String, archived: Bool, current: Bool) {
        let reads = StatementText(statement).reads(of: [])
        #expect(reads.archived == archived && reads.current == current)
    }
}
