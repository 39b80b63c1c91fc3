import EventJournal
import Foundation
import SQLQuery
import Testing

/// The answer is the same whether or not a segment has a column.
@Suite("Promoted columns") struct PromotedColumnTests {
    private static func events(_ ids: Range<Int>) -> [Event] {
        ids.map { number in
            let value = [#""v":\#(number)"#, #""v":"text""#, #""v":null"#, #""v":\#(number).5"#, #""w":1"#][number % 5]
            return Event(
                id: "e\(number)",
                timestamp: Timestamp(microseconds: Int64(number) * 1_000_000),
                key: "k\(number % 3)",
                data: Array((number % 11 == 0 ? "no JSON" : #"{\#(value),"s":{"a":"t\#(number % 7)"}}"#).utf8)
            )
        }
    }

    private static let columns = ["v=data.v:int64", "a=data.s.a:string", "l=length(s.a || ''):int64"]

    /// Queries that read all, one or none of the columns, in the ways that a plan can say so.
    private static let statements = [
        "select event_id, v, a, l from events order by 1", "select sum(v) from events",
        "select count(*) from events where v > 20", "select * exclude (data, timestamp) from events order by 1",
        "select columns('^[al]$') from events order by all",
        "select e.v from events e join current c using (key) order by 1",
        "with x as (select a as b, v from events) select b, max(v) from x group by b order by b",
        "select key, (select max(v) from events i where i.key = o.key) from events o order by all",
        "select a from archived union all select a from current order by 1",
        "select count(*) from (select v, a from events)",
        "from events select unnest([v, l]) as u order by u", "select e from events e order by e.event_id limit 5",
        "select event_id from events order by v desc nulls last, event_id limit 3",
        "select v, count(*) from events where timestamp >= '1970-01-01 00:00:30+00' group by v having count(a) > 0 order by v",
    ]

    @Test("from payloads, from files, and from both at once; updates and deletes count")
    func states() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        // The events twice: once by the columns, once as DuckDB finds them in the payloads.
        let whole =
            "case when json_valid(data) and json_type(data, '$.v') in ('UBIGINT', 'BIGINT') then (data->'$.v')::bigint end"
        let text = "case when json_valid(data) then data->>'$.s.a' end"
        func check(_ state: String) async throws {
            let rows = try await journal.rows("select event_id, v, a from events order by event_id")
            #expect(
                rows == (try await journal.rows("select event_id, \(whole), \(text) from events order by event_id")),
                "\(state)"
            )
            #expect(rows.count == (try await journal.collect()), "\(state)")
        }
        try await journal.append(Self.events(0..<60))
        try await journal.compact(CompactionPolicy(force: true))
        try await journal.addColumns(try Self.columns.map(PromotedColumn.init(definition:)))
        try await check("nothing is filled")
        try await journal.append(Self.events(60..<80))
        try await check("and some wait")
        try await journal.compact(CompactionPolicy(force: true, targetObjectBytes: 1))
        try await journal.append(Self.events(80..<90))
        for id in ["e1", "e65", "e85"] {
            try await journal.update(id, data: Array(#"{"v":1000,"s":{"a":"new"}}"#.utf8))
        }
        for id in ["e2", "e66", "e86"] { try await journal.delete(id) }
        let status = try await journal.columns()
        #expect(status.allSatisfy { $0.filledSegments > 0 && !$0.isFilled })
        try await check("part is filled, with changes of all parts")
        var answers: [[String]] = []
        for statement in Self.statements { answers.append(try await journal.rows(statement)) }
        try await journal.fillColumns()
        for (statement, answer) in zip(Self.statements, answers) {
            #expect(try await journal.rows(statement) == answer, "\(statement)")
        }
        try await check("all is filled")
        try await journal.compact(CompactionPolicy(force: true, appliesChanges: true, isThorough: true))
        try await check("and compacted")
        for (statement, answer) in zip(Self.statements, answers) where !statement.contains("current") {
            #expect(try await journal.rows(statement) == answer, "\(statement)")
        }
    }

    @Test("a query reads the columns that it needs, and no payload where segments have them") func projection()
        async throws
    {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        try await journal.append(Self.events(0..<50))
        try await journal.compact(CompactionPolicy(force: true))
        try await journal.addColumns(try Self.columns.map(PromotedColumn.init(definition:)))
        func explain(_ statement: String) async throws -> (text: String, report: SQLReport) {
            let options = SQLOptions(explains: true)
            return try await SQLQuery(statement, engine: Engine.duckDB, options: options).printed(on: journal)
        }
        #expect(try await explain("select sum(v) from events where a = 't1'").report.computedSegments == 1)
        // Nobody asks for one.
        #expect(try await explain("select count(*), max(data) from events").report.computedSegments == 0)
        try await journal.fillColumns()
        let plan = try await explain("select sum(v) from events where a = 't1'")
        #expect(plan.report.computedSegments == 0)
        #expect(plan.text.contains("Projections: v") && plan.text.contains("a='t1'"), "\(plan.text)")
        #expect(!plan.text.contains("data"), "\(plan.text)")
        // A wrong name is told before anything is made.
        let error = await #expect(throws: SQLError.self) { _ = try await journal.rows("select vv from events") }
        #expect(error?.code == .statement && error?.message.contains("vv") == true)
        try await journal.removeColumns(["v"])
        await #expect(throws: SQLError.self) { _ = try await journal.rows("select v from events") }
        #expect(try await journal.rows("select count(a) from events") == ["45"])
    }

    @Test("two journals have columns of their own; an empty one has them, too") func severalJournals() async throws {
        let scratch = try Scratch()
        let (one, other) = (try await scratch.journal("one"), try await scratch.journal("other"))
        try await one.append(Self.events(0..<20))
        try await one.addColumns([try PromotedColumn(definition: "v=data.v:int64")])
        try await other.addColumns([try PromotedColumn(definition: "v=data.s.a:string")])
        #expect(try await other.rows("select v, count(*) from events group by v") == [])
        try await other.append(Self.events(0..<20))
        try await other.compact(CompactionPolicy(force: true))
        let statement =
            "select e.v, x.v from events e join o.events x using (event_id) where e.v between 5 and 15 order by 1"
        #expect(try await one.rows(statement, with: ["o": other]) == ["5,t5", "10,t3", "15,t1"])
    }

    @Test("as many columns as there may be") func many() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        let names = (0..<PromotedColumn.mostColumns).map { "column_with_a_rather_long_name_number_\($0)" }
        try await journal.append(Self.events(1..<6))
        try await journal.addColumns(try names.map { try PromotedColumn(name: $0, expression: "data.v", type: .int64) })
        let sum = "select " + names.map { "sum(\($0))" }.joined(separator: ", ") + " from events"
        let expected = [names.map { _ in "5" }.joined(separator: ",")]
        #expect(try await journal.rows(sum) == expected)
        try await journal.compact(CompactionPolicy(force: true))
        #expect(try await journal.rows(sum) == expected)
    }
}

extension Journal {
    /// How many events there are, by a replay.
    fileprivate func collect() async throws -> Int {
        var count = 0
        for try await batch in replay() { count += batch.count }
        return count
    }
}
