import ObjectStorage
import Testing

@testable import EventJournal

@Suite("Fields of payloads")
struct FieldTests {
    private static func survey(_ documents: [String]) throws -> FieldReport {
        let survey = try FieldSurvey()
        for document in documents { unsafe Array(document.utf8).withUnsafeBytes { unsafe survey.add($0) } }
        return survey.report
    }

    private static func line(_ field: FieldSummary) -> String {
        let types = field.types.map { "\($0.type.rawValue) \($0.count)" }.joined(separator: ", ")
        let examples = field.examples.map { "\($0.text)×\($0.count)" }.joined(separator: " ")
        return "\(field.path) | \(types) | \(field.events)/\(field.values) | \(field.distinct) | \(examples)"
    }

    @Test("paths, types, how often, different values and the most frequent ones")
    func finds() throws {
        let report = try Self.survey([
            #"{"id":"a","n":1,"items":[{"sku":"x"},{"sku":"y","q":2}],"o":{"a.b":true,"":null}}"#,
            #"{"id":"b","n":"1","items":[],"o":{}}"#,
            #"{"id":"c","n":1,"items":[{"sku":"y"},7,[]],"\u006f":null}"#,
            "no json",
        ])
        #expect(report.events == 4 && report.notJSON == 1 && report.omittedValues == 0)
        #expect(
            report.fields.map(Self.line) == [
                #"id | string 3 | 3/3 | 3 | "a"×1 "b"×1 "c"×1"#,
                #"n | number 2, string 1 | 3/3 | 2 | 1×2 "1"×1"#,
                "items | array 3 | 3/3 | 0 | ",
                "items[] | object 3, number 1, array 1 | 2/5 | 1 | 7×1",
                #"items[].sku | string 3 | 2/3 | 2 | "y"×2 "x"×1"#,
                "items[].q | number 1 | 1/1 | 1 | 2×1",
                "o | object 2, null 1 | 3/3 | 1 | null×1",
                #"o."a.b" | boolean 1 | 1/1 | 1 | true×1"#,
                #"o."" | null 1 | 1/1 | 1 | null×1"#,
            ]
        )
    }

    @Test("payloads that are no objects are @ and []")
    func roots() throws {
        let report = try Self.survey(["[1,[2]]", "3", "{\"é\":1}", ""])
        #expect(report.fields.map(\.path) == ["@", "[]", "[][]", "\"é\""])
        #expect(report.notJSON == 1)
    }

    @Test("limits hold, and what is beyond them is counted")
    func limits() throws {
        let wide = "{" + (0..<3000).map { "\"k\($0)\":1" }.joined(separator: ",") + "}"
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        let report = try Self.survey([deep, wide, wide])
        #expect(report.fields.count == FieldSurvey.maximumPaths)
        // The root, and 32 steps into the array, are paths as well.
        #expect(report.omittedValues == 1 + 2 * (3000 - (FieldSurvey.maximumPaths - 33)))
        #expect(report.fields.last?.events == 2)

        let many = try Self.survey(
            (0..<3000).map { "{\"v\":\($0 < 5 ? 7 : $0),\"t\":\"\(String(repeating: "é", count: 500))\"}" }
        )
        #expect(many.fields[0].distinct == FieldSurvey.maximumDistinct && many.fields[0].hasMoreDistinct)
        #expect(many.fields[0].examples.map(\.count) == [6, 1, 1])
        #expect(many.fields[1].distinct == 1 && !many.fields[1].hasMoreDistinct)
        #expect(many.fields[1].examples.map(\.text) == ["\"" + String(repeating: "é", count: 30) + "…"])
    }

    private static func journal(parts: Int, events: Int) async throws -> Journal {
        let journal = Journal(store: MemoryObjectStore())
        for part in 0..<parts {
            try await journal.append(
                (0..<events)
                    .map { number in
                        Event(
                            id: "e\(part)-\(number)",
                            timestamp: Timestamp(microseconds: Int64((part * events + number) * 10)),
                            key: nil,
                            data: Array("{\"part\":\(part),\"number\":\(part * events + number)}".utf8)
                        )
                    }
            )
        }
        return journal
    }

    @Test("a sample larger than the journal is all of it; deleted events and those out of range are not looked at")
    func everything() async throws {
        let journal = try await Self.journal(parts: 5, events: 40)
        let all = try await journal.fields()
        #expect(all.events == 200 && all.population == 200 && all.rowGroups == 5)
        #expect(all.fields.map(\.path) == ["part", "number"])
        #expect(all.fields[0].distinct == 5 && all.fields[1].distinct == 200)
        let some = try await journal.fields(after: 390, through: 810)
        #expect(some.events == 42)
        let narrow = try await journal.fields(after: 1000, through: 1010)
        #expect(narrow.fields[1].examples.map(\.text) == ["101"])
        let none = try await journal.fields(after: 1_000_000)
        #expect(none.events == 0 && none.fields.isEmpty)
    }

    @Test(
        "a sample is spread over the time, reads few row groups, and depends on its seed alone",
        arguments: 0..<5 as Range<UInt64>
    )
    func samples(seed: UInt64) async throws {
        let journal = try await Self.journal(parts: 64, events: 50)
        let sampling = FieldSampling(events: 160, seed: seed, rowGroups: 16)
        let report = try await journal.fields(sampling: sampling)
        #expect(report.events == 160 && report.population == 3200, "seed \(seed)")
        #expect(report.rowGroups == 16 && report.fields[0].distinct == 16, "seed \(seed)")
        #expect(report == (try await journal.fields(sampling: sampling)), "seed \(seed)")
        #expect(
            report != (try await journal.fields(sampling: FieldSampling(events: 160, seed: seed + 100, rowGroups: 16)))
        )
        // One row group of each sixteenth: ten events of it.
        let parts = try await journal.fields(
            through: 1990,
            sampling: FieldSampling(events: 40, seed: seed, rowGroups: 1)
        )
        #expect(parts.rowGroups == 1 && parts.events == 40, "seed \(seed)")
    }

    @Test("a segment that cannot be read is counted, and the others make up for it")
    func damage() async throws {
        let store = MemoryObjectStore()
        let journal = Journal(store: store)
        for part in 0..<4 {
            let events = (0..<10)
                .map {
                    Event(id: "\(part)-\($0)", timestamp: Timestamp(microseconds: Int64($0)), data: Array("1".utf8))
                }
            try await journal.append(events)
        }
        let victim = try #require(try await journal.segments().first)
        var bytes = try await store.get(victim.key, range: nil).bytes
        bytes[bytes.count / 2] ^= 1
        try await store.put(victim.key, bytes, mode: .overwrite)
        let report = try await Journal(store: store).fields(sampling: FieldSampling(events: 30))
        #expect(report.damagedSegments == 1 && report.events == 30)
        #expect(report.fields.map(\.path) == ["@"])
    }
}
