import EventJournal
import Foundation
import Testing

@testable import SQLQuery

/// Which segments a statement's own conditions leave out, and that its answer is the same without them.
@Suite("Time ranges of statements") struct TimeRangeTests {
    private static let day: Int64 = 86_400_000_000
    /// 1 January 2020.
    private static let start: Int64 = 1_577_836_800_000_000
    private static let days = 12

    /// A segment a day, of 24 events an hour apart, and two days in the inbox that overlap the last.
    private static func journal(_ scratch: Scratch) async throws -> Journal {
        let journal = try await scratch.journal()
        func events(_ day: Int, _ version: String) -> [Event] {
            (0..<24)
                .map { hour in
                    Event(
                        id: "\(version)\(day)-\(hour)",
                        timestamp: Timestamp(microseconds: start + Int64(day) * Self.day + Int64(hour) * 3_600_000_000),
                        key: "k\(hour % 5)",
                        data: Array(#"{"day":\#(day),"hour":\#(hour)}"#.utf8)
                    )
                }
        }
        for day in 0..<days {
            try await journal.append(events(day, "e"))
            try await journal.compact(CompactionPolicy(force: true, targetObjectBytes: 1, isThorough: false))
        }
        try await journal.append(events(days - 1, "i") + events(days, "i"))
        try await journal.update("e3-7", data: Array(#"{"day":33}"#.utf8))
        try await journal.delete("e4-9")
        return journal
    }

    private func report(_ statement: String, _ journal: Journal, zone: String = "UTC") async throws -> SQLReport {
        try await SQLQuery(statement, engine: Engine.duckDB, options: SQLOptions(format: .csv, timeZone: zone))
            .printed(on: journal).report
    }

    @Test("segments outside of the conditions on timestamp are not read, whatever form those have")
    func forms() async throws {
        let scratch = try Scratch()
        let journal = try await Self.journal(scratch)
        for (condition, count, zone) in [
            ("timestamp >= '2020-01-03' and timestamp < '2020-01-05'", 2, "UTC"),
            ("timestamp >= timestamp '2020-01-03' and timestamp < date '2020-01-05'", 2, "UTC"),
            ("'2020-01-03'::timestamptz <= timestamp and timestamp < timestamptz '2020-01-04 00:00:00+00'", 1, "UTC"),
            ("timestamp between '2020-01-03' and timestamp '2020-01-03' + interval 23 hours", 1, "UTC"),
            (
                "timestamp between make_timestamptz(2020, 1, 3, 0, 0, 0) and make_timestamptz(1578095999999999)", 1,
                "UTC"
            ),
            ("epoch_ms(1578009600000) = timestamp", 1, "UTC"),
            ("timestamp in ('2020-01-03', '2020-01-05 01:00')", 3, "UTC"),
            ("date_trunc('day', timestamp) = '2020-01-03'", 1, "UTC"),
            ("not (timestamp < '2020-01-12')", 1, "UTC"),
            ("timestamp >= '2020-01-12' and (key = 'k1' or key = 'k2')", 1, "UTC"),
            ("timestamp > now() - interval 1 day", 0, "UTC"),
            ("timestamp <= today()", Self.days, "UTC"),
            // 3 January in Tokyo began at 15:00 of the 2nd.
            ("timestamp >= '2020-01-03' and timestamp < '2020-01-04'", 2, "Asia/Tokyo"),
            ("timestamp = '2020-01-03T09:00:00+09:00'", 1, "America/New_York"),
            // Not understood, or no condition on its own.
            ("timestamp < '2020-01-02' or timestamp > '2020-01-11'", Self.days, "UTC"),
            ("timestamp >= '2020-01-12' or key = 'k1'", Self.days, "UTC"),
            ("timestamp >= date '2020-01-03' + localtime", Self.days, "UTC"),
            ("age(timestamptz '2020-01-01') > interval 1 day and timestamp > '2020-01-11'", Self.days, "UTC"),
        ] as [(String, Int, String)] {
            let found = try await report("select count(*) from events where \(condition)", journal, zone: zone)
            #expect(found.archivedSegments == count, "\(condition)")
            #expect(found.archivedSegments + found.skippedSegments == Self.days, "\(condition)")
        }
    }

    @Test("a condition counts only for the table it restricts") func scopes() async throws {
        let scratch = try Scratch()
        let journal = try await Self.journal(scratch)
        for (statement, count) in [
            ("with e as (from events) select count(*) from e where timestamp >= '2020-01-12'", 1),
            ("select (select count(*) from archived where timestamp >= '2020-01-12')", 1),
            ("select count(*) from (select *, key as timestamp_ from events) where timestamp >= '2020-01-12'", 1),
            ("select count(*) from events e join archived a using (event_id) where e.timestamp >= '2020-01-12'", 12),
            (
                "select count(*) from events e join archived a using (event_id, timestamp) where e.timestamp >= '2020-01-12'",
                1
            ),
            (
                "select count(*) from archived a left join (values ('e1-1')) v(id) on a.event_id = v.id and a.timestamp >= '2020-01-12'",
                12
            ),
            (
                "select count(*) from archived where timestamp >= '2020-01-12' union all select count(*) from archived where timestamp < '2020-01-02'",
                12
            ),
            (
                "select count(*) from archived where timestamp >= '2020-01-12' union all select count(*) from archived where timestamp >= '2020-01-11' and timestamp < '2020-01-12'",
                2
            ),
            (
                "with events as (select timestamptz '2000-01-01' as timestamp) select count(*) from events where timestamp < '2001-01-01'",
                0
            ),
            (
                "select count(*) from (select key::varchar as timestamp from archived) where timestamp >= '2020-01-12'",
                12
            ),
            (
                "select count(*) from (select timestamp + interval 1 year as timestamp from archived) where timestamp >= '2020-01-12'",
                12
            ),
            ("select count(*) from (select * from archived limit 5) where timestamp >= '2020-01-12'", 12),
            (
                "select count(*) from (select *, row_number() over () as n from archived) where timestamp >= '2020-01-12'",
                12
            ),
            ("from query('from archived where timestamp >= ''2020-01-12''')", 1),
            ("select 1", 0),
            ("select count(*) from current", 0),
        ] as [(String, Int)] {
            #expect(try await report(statement, journal).archivedSegments == count, "\(statement)")
        }
    }

    @Test("journals of one query have a range each") func journals() async throws {
        let (first, second) = (try Scratch(), try Scratch())
        let (journal, other) = (try await Self.journal(first), try await Self.journal(second))
        let query = SQLQuery(
            """
            select count(*) from events e, other.events o where e.timestamp < '2020-01-02' and o.timestamp >= '2020-01-11' \
            and o.timestamp < '2020-01-12'
            """,
            engine: Engine.duckDB,
            options: SQLOptions(format: .csv)
        )
        let (text, report) = try await query.printed(on: journal, with: ["other": other])
        #expect(text == "count_star()\n576\n")
        #expect(report.archivedSegments == 2)
    }

    @Test("the present moment is one moment, and looks as ever") func clock() async throws {
        let scratch = try Scratch()
        let journal = try await Self.journal(scratch)
        let query = SQLQuery(
            "select now(), typeof(now()) as a, typeof(current_date) as b, now() = current_timestamp as c, "
                + "today() = now()::date as d, localtimestamp = now()::timestamp as e, now() > timestamptz '2026-01-01' as f",
            engine: Engine.duckDB,
            options: SQLOptions(format: .csv, timeZone: "Asia/Tokyo")
        )
        let lines = try await query.text(on: journal).split(separator: "\n")
        #expect(lines[0] == "now(),a,b,c,d,e,f")
        #expect(lines[1].hasSuffix(",TIMESTAMP WITH TIME ZONE,DATE,true,true,true,true"))
    }

    @Test("random conditions give the same answer with all segments and without those outside", arguments: 0..<4)
    func random(seed: Int) async throws {
        let scratch = try Scratch()
        let journal = try await Self.journal(scratch)
        var conditions = Conditions(seed: UInt64(seed) &+ 77)
        var skipped = 0
        for _ in 0..<25 {
            let (statement, zone) = conditions.statement()
            var query = SQLQuery(statement, engine: Engine.duckDB, options: SQLOptions(format: .csv, timeZone: zone))
            let pruned = try await query.printed(on: journal)
            // The engine that is asked may not read any file, so another runs the statement.
            query.mostAllowed = 0
            let twice = try await query.printed(on: journal)
            #expect(twice.report == pruned.report)
            query.prunes = false
            let whole = try await query.printed(on: journal)
            let rows = [pruned.text, twice.text, whole.text].map { $0.split(separator: "\n").sorted() }
            #expect(rows[0] == rows[1] && rows[0] == rows[2], "seed \(seed), in \(zone): \(statement)")
            skipped += pruned.report.skippedSegments - whole.report.skippedSegments
        }
        #expect(skipped > 0, "seed \(seed)")
    }
}

/// Random statements with conditions on times.
private struct Conditions {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private mutating func pick(_ choices: String...) -> String { choices.randomElement(using: &random) ?? "" }

    /// A moment around the journal's days, in one of the forms that it can be written in.
    private mutating func moment() -> String {
        let day = Int.random(in: 1...14, using: &random)
        let hour = Int.random(in: 0...23, using: &random)
        let date = "2020-01-\(day < 10 ? "0" : "")\(day)"
        let time = "\(date) \(hour < 10 ? "0" : "")\(hour):00:00"
        return switch Int.random(in: 0..<12, using: &random) {
        case 0: "'\(date)'"
        case 1: "'\(time)'"
        case 2: "timestamp '\(time)'"
        case 3: "timestamptz '\(time)+05:30'"
        case 4: "date '\(date)'"
        case 5: "cast('\(time)' as timestamp with time zone)"
        case 6: "make_timestamptz(2020, 1, \(day), \(hour), 0, 0)"
        case 7: "make_timestamp(2020, 1, \(day), \(hour), 0, 0)"
        case 8: "timestamp '\(time)' + interval \(hour) hours"
        case 9: "(timestamp '\(time)' at time zone 'America/New_York')"
        case 10: "now() - interval 1 minute"
        default: "to_timestamp(\(1_577_836_800 + day * 86_400 + hour * 3_600))"
        }
    }

    private mutating func condition(_ column: String, depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 0 ? 12 : 8), using: &random) {
        case 0..<4: "\(column) \(pick("<", "<=", ">", ">=", "=", "<>")) \(moment())"
        case 4: "\(moment()) \(pick("<", "<=", ">", ">=", "=")) \(column)"
        case 5: "\(column) \(pick("", "not ")) between \(moment()) and \(moment())"
        case 6: "\(column) in ((\(moment()))::timestamptz, (\(moment()))::timestamptz)"
        case 7:
            pick(
                "\(column.dropLast(9))key = 'k1'",
                "\(column.dropLast(9))data like '%7%'",
                "date_trunc('day', \(column)) = '2020-01-05'",
                "\(column) is not null"
            )
        case 8, 9: "(\(condition(column, depth: depth - 1)) and \(condition(column, depth: depth - 1)))"
        case 10: "(\(condition(column, depth: depth - 1)) or \(condition(column, depth: depth - 1)))"
        default: "not (\(condition(column, depth: depth - 1)))"
        }
    }

    mutating func statement() -> (text: String, zone: String) {
        let table = pick("events", "events", "archived", "current")
        let zone = pick("UTC", "Asia/Tokyo", "America/New_York", "Asia/Kathmandu")
        let where_ = condition("timestamp", depth: 3)
        let text =
            switch Int.random(in: 0..<9, using: &random) {
            case 0..<3: "select count(*), min(timestamp), max(timestamp) from \(table) where \(where_)"
            case 3: "with e as (from \(table)) select event_id from e where \(where_)"
            case 4:
                "select count(*), count(a.event_id) from \(table) e left join archived a on e.key = a.key and "
                    + "\(condition("a.timestamp", depth: 1)) where \(condition("e.timestamp", depth: 2))"
            case 5:
                "select count(*) from \(table) e join events o using (timestamp) where \(condition("e.timestamp", depth: 2))"
            case 6:
                "select key, (select count(*) from archived a where a.key = e.key and \(condition("a.timestamp", depth: 1))) as n "
                    + "from \(table) e where \(condition("e.timestamp", depth: 1))"
            case 7:
                "select count(*) from \(table) where \(where_) union all select count(*) from archived where "
                    + condition("timestamp", depth: 1)
            default:
                "select event_id from (select *, rank() over (partition by key order by timestamp) as r from \(table)) where r < 9 and \(where_)"
            }
        return (text, zone)
    }
}
