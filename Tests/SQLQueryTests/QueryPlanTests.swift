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
        #expect(StatementTree(#"{"table_name":"Events"}"#).mayReadInbox)
        #expect(StatementTree(#"{"function_name":"query_table"}"#).mayReadInbox)
        #expect(!StatementTree(#"{"table_name":"archived","alias":"events"}"#).mayReadInbox)
        #expect(StatementTree.mayUseClock("select NOW()") && !StatementTree.mayUseClock("select key from events"))
    }
}
