import EventJournal
import Foundation
import SQLQuery
import Synchronization
import Testing

/// What is in the tables is what a replay delivers.
@Suite("Tables") struct TableTests {
    private static func events(_ ids: Range<Int>, version: Int = 0) -> [Event] {
        ids.map { number in
            Event(
                id: "e\(number)",
                timestamp: Timestamp(microseconds: Int64(number) * 1_000_000 + 7),
                key: number % 3 == 0 ? nil : "k\(number % 3)",
                data: Array(#"{"n":\#(number),"v":\#(version)}"#.utf8)
            )
        }
    }

    @Test("an empty journal has empty tables") func empty() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        for table in ["events", "archived", "current"] {
            #expect(try await journal.rows("select count(*) from \(table)") == ["0"])
        }
    }

    @Test("events are in current until they are compacted, then in archived, always once in events")
    func movesOnce() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        try await journal.append(Self.events(0..<50))
        let counts =
            "select (select count(*) from archived), (select count(*) from current), (select count(*) from events)"
        #expect(try await journal.rows(counts) == ["0,50,50"])
        try await journal.compact(CompactionPolicy(force: true))
        #expect(try await journal.rows(counts) == ["50,0,50"])
        // Ids that are there already do not count, in the inbox as in the catalog.
        try await journal.append(Self.events(40..<60, version: 1))
        try await journal.append(Self.events(55..<70, version: 2))
        #expect(try await journal.rows(counts) == ["50,20,70"])
        #expect(
            try await journal.rows("select data->>'$.v' as v, count(*) from events group by 1 order by 1")
                == ["0,50", "1,10", "2,10"]
        )
    }

    @Test("updates and deletes that wait are applied to all tables") func pendingChanges() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        try await journal.append(Self.events(0..<30))
        try await journal.compact(CompactionPolicy(force: true))
        try await journal.append(Self.events(30..<40))
        for id in ["e3", "e33"] { try await journal.update(id, data: Array(#"{"v":9}"#.utf8)) }
        for id in ["e4", "e34"] { try await journal.delete(id) }
        // Deleted and recorded anew.
        try await journal.delete("e5")
        try await journal.put(Array(#"{"v":10}"#.utf8), id: "e5", at: Timestamp(microseconds: 99_000_000), key: "again")
        #expect(try await journal.rows("select count(*), count(distinct event_id) from events") == ["38,38"])
        #expect(try await journal.rows("select event_id from archived where event_id in ('e3','e4','e5')") == [])
        #expect(
            try await journal.rows(
                "select event_id, data->>'$.v', key from events where (data->>'$.v')::int > 8 order by 1"
            )
                == ["e3,9,", "e33,9,", "e5,10,again"]
        )
        #expect(try await journal.everything() == journal.replayed())
    }

    @Test("every field and payload comes through: null and empty, unicode, binary, before 1970, far times")
    func fields() async throws {
        let scratch = try Scratch()
        // A name that DuckDB would take for a pattern, or for the end of a text.
        let journal = try await scratch.journal("it's [a] *journal?")
        let times: [Int64] = [-1, 0, -62_135_596_800_000_000, 253_402_300_799_999_999, 1_700_000_000_123_456]
        let payloads: [[UInt8]] = [[], [0xff, 0x00], Array("é😀\n\"'".utf8), Array("null".utf8), [0]]
        let texts: [String?] = [nil, "", "é😀", "a,b\"c\nd", "'"]
        var number = 0
        for time in times {
            for (payload, text) in zip(payloads, texts) {
                try await journal.append([
                    Event(
                        id: "é\(number)'\"\n",
                        timestamp: Timestamp(microseconds: time),
                        key: text,
                        data: payload,
                        source: text,
                        sequence: text
                    )
                ])
                number += 1
            }
        }
        let expected = try await journal.replayed()
        #expect(expected.count == 25)
        #expect(try await journal.everything() == expected)
        try await journal.compact(CompactionPolicy(force: true))
        #expect(try await journal.everything("archived") == expected)
        // A pending change of an id that needs quoting.
        try await journal.delete("é3'\"\n")
        #expect(try await journal.everything() == journal.replayed())
        let nulls = try await journal.rows(
            "select count(*) from events where key is null and source is null and sequence is null"
        )
        #expect(nulls == ["5"])
    }

    @Test("a range has the events of a replay of it, and opens no segment outside") func ranges() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        for day in 0..<6 {
            try await journal.append(Self.events(day * 100..<day * 100 + 100))
            try await journal.compact(CompactionPolicy(force: true, targetObjectBytes: 1, isThorough: false))
        }
        try await journal.append(Self.events(560..<640, version: 1))
        try await journal.delete("e250")
        let segments = try await journal.segments()
        #expect(segments.count > 6)
        for (after, through) in [(150, 260), (199, 200), (-1, 5), (555, 9999), (0, 0)] as [(Int64, Int64)] {
            let range = EventRange(
                after: Timestamp(microseconds: after * 1_000_000 + 7),
                through: Timestamp(microseconds: through * 1_000_000 + 7)
            )
            if after == through { continue }
            let expected = try await journal.replayed(range)
            #expect(try await journal.everything("events", range) == expected, "\(after) to \(through)")
            let query = SQLQuery(
                "select count(*) from events",
                engine: Engine.duckDB,
                options: SQLOptions(format: .csv, range: range)
            )
            let report = try await query.printed(on: journal).report
            let touched = segments.filter {
                $0.batchID == nil && $0.first <= range.through && $0.last > range.after
            }
            #expect(report.archivedSegments == touched.count)
        }
        // What is outside can be damaged beyond recognition.
        let outside = try #require(
            segments.first { $0.batchID == nil && $0.last < Timestamp(microseconds: 100_000_000) }
        )
        try Data("gone".utf8).write(to: URL(fileURLWithPath: scratch.path + "/journal/" + outside.key))
        let range = EventRange(after: Timestamp(microseconds: 300_000_007))
        #expect(try await journal.everything("events", range) == journal.replayed(range))
        await #expect(throws: SQLError.self) { try await journal.rows("select count(data) from events") }
    }

    @Test("segments of the inbox that nothing touches are read as they are, others are written anew")
    func wholeSegments() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        func large(_ ids: Range<Int>) -> [Event] {
            ids.map {
                Event(
                    id: "e\($0)",
                    timestamp: Timestamp(microseconds: Int64($0) * 1_000_000),
                    data: Array("{\"n\":\($0),\"text\":\"\(String(repeating: "x", count: 1000))\"}".utf8)
                )
            }
        }
        try await journal.append(large(0..<50))
        try await journal.append(large(100..<150))
        try await journal.append(large(140..<200))
        try await journal.append(large(200..<250))
        try await journal.append(Self.events(300..<302))
        try await journal.delete("e210")
        try await journal.update("e301", data: Array("{}".utf8))
        let tables = try await journal.tables(.all, wholeBytes: 16 << 10)
        #expect(tables.whole.map(\.events) == [50, 50])
        #expect(try await journal.everything() == journal.replayed())
        let range = EventRange(
            after: Timestamp(microseconds: 40_000_000),
            through: Timestamp(microseconds: 120_000_000)
        )
        #expect(try await journal.everything("current", range) == journal.replayed(range))
        // Of what the catalog has no event counts once more.
        try await journal.compact(CompactionPolicy(force: true, appliesChanges: true))
        try await journal.append(large(0..<60))
        try await journal.append(large(400..<450))
        #expect(try await journal.tables(.all, wholeBytes: 16 << 10).whole.map(\.events) == [50])
        #expect(try await journal.everything() == journal.replayed())
    }

    @Test("a statement that does not name current does not pay for it") func currentOnDemand() async throws {
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        try await journal.append(Self.events(0..<10))
        func current(_ statement: String) async throws -> Int {
            try await SQLQuery(statement, engine: Engine.duckDB).printed(on: journal).report.currentEvents
        }
        #expect(try await current("select count(*) from archived") == 0)
        #expect(try await current("select count(*) from CURRENT") == 10)
        #expect(try await current("from \"Events\"") == 10)
        #expect(try await current("from query('from eve' || 'nts')") == 10)
        #expect(try await current("from query_table('eve' || 'nts')") == 10)
    }

    @Test("journals are joined under names of their own") func join() async throws {
        let scratch = try Scratch()
        let (left, right) = (try await scratch.journal("left"), try await scratch.journal("right"))
        try await left.append(Self.events(0..<10))
        try await right.append(Self.events(5..<20, version: 3))
        try await right.compact(CompactionPolicy(force: true))
        let rows = try await left.rows(
            "select count(*), sum((o.data->>'$.v')::int) from events join other.events o using (event_id)",
            with: ["other": right]
        )
        #expect(rows == ["5,15"])
    }

    @Test("queries see whole appends, acknowledged deletes and each event once while others write and compact")
    func alongsideOthers() async throws {
        let scratch = try Scratch()
        let writer = try await scratch.journal()
        try await writer.append(Self.events(0..<10))
        let (other, reader) = (try await scratch.journal(), try await scratch.journal())
        // Batch n is events 10 n to 10 n + 9; of each the first is deleted again.
        let progress = WriterProgress()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // On a machine that is busy with other things a query may take as long as all of this.
                for batch in 1..<3000 where batch < 60 || progress.state.withLock({ $0.queries }) < 4 {
                    try await writer.append(Self.events(batch * 10..<batch * 10 + 10))
                    progress.state.withLock { $0.appended = batch + 1 }
                    try await writer.delete("e\(batch * 10)")
                    progress.state.withLock { $0.deleted = batch }
                }
                progress.state.withLock { $0.isDone = true }
            }
            group.addTask {
                while !progress.state.withLock({ $0.isDone }) {
                    try await other.compact(CompactionPolicy(force: true, appliesChanges: true))
                }
            }
            group.addTask {
                var queries = 0
                while !progress.state.withLock({ $0.isDone }) || queries < 3 {
                    let before = progress.state.withLock { $0 }
                    let rows =
                        try await reader.rows(
                            "select substr(event_id, 2)::int // 10 as batch, count(*), count(distinct event_id), "
                                + "min(substr(event_id, 2)::int % 10) from events group by 1 order by 1"
                        )
                        .map { $0.split(separator: ",").compactMap { Int($0) } }
                    queries += 1
                    progress.state.withLock { $0.queries += 1 }
                    #expect(rows.map { $0[0] } == Array(0..<rows.count))
                    #expect(rows.count >= before.appended)
                    for row in rows {
                        #expect(row[1] == row[2])
                        // Whole, or without the one that is deleted.
                        #expect(row[1] == 10 ? row[3] == 0 : (row[1] == 9 && row[3] == 1))
                        if row[0] > 0, row[0] <= before.deleted { #expect(row[1] == 9) }
                    }
                }
                #expect(queries > 3, "queries have to run while others write")
            }
            try await group.waitForAll()
        }
        #expect(try await reader.everything() == reader.replayed())
    }

    @Test("random programs of puts, updates, deletes and compactions give what a replay gives", arguments: 0..<6)
    func randomPrograms(seed: Int) async throws {
        var random = SeededGenerator(seed: UInt64(seed) &+ 4_242)
        let scratch = try Scratch()
        let journal = try await scratch.journal()
        for step in 0..<24 {
            let id = "e\(Int.random(in: 0..<25, using: &random))"
            let payload = Array(#"{"step":\#(step)}"#.utf8)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4:
                let start = Int.random(in: 0..<20, using: &random)
                try await journal.append(Self.events(start..<start + 6, version: step))
            case 4..<6: if try await journal.event(id) != nil { try await journal.update(id, data: payload) }
            case 6..<8: if try await journal.event(id) != nil { try await journal.delete(id) }
            default:
                try await journal.compact(
                    CompactionPolicy(force: true, appliesChanges: Bool.random(using: &random))
                )
            }
            guard step % 4 == 3 else { continue }
            let expected = try await journal.replayed()
            #expect(try await journal.everything() == expected, "seed \(seed), step \(step)")
            let parts = try await journal.everything("archived") + journal.everything("current")
            #expect(parts.sorted() == expected, "seed \(seed), step \(step)")
        }
    }
}

/// How far the writer of a test has got.
private final class WriterProgress: Sendable {
    struct State {
        var appended = 1
        var deleted = 0
        var isDone = false
        var queries = 0
    }
    let state = Mutex(State())
}
