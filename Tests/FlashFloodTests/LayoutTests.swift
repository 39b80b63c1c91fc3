import EventJournal
import Parquet
import Testing

@testable import FlashFlood

@Suite("flash-flood's layout")
struct LayoutTests {
    @Test(
        "times are read and written as Python does",
        arguments: [
            ("2024-03-01T102030.123456Z", 1_709_288_430_123_456), ("1970-01-01T000000.000000Z", 0),
            ("0001-01-01T000000.000000Z", -62_135_596_800_000_000),
            ("9999-12-31T235959.999999Z", 253_402_300_799_999_999), ("1969-12-31T235959.999999Z", -1),
        ]
    )
    func times(text: String, microseconds: Int64) {
        #expect(FloodTime.parse(text) == microseconds)
        #expect(FloodTime.text(microseconds) == text)
    }

    @Test("Python's short years and fractions are read")
    func shortTimes() {
        #expect(FloodTime.parse("999-01-01T000000.000000Z") == FloodTime.parse("0999-01-01T000000.000000Z"))
        #expect(FloodTime.parse("2024-03-01T102030.5Z") == FloodTime.parse("2024-03-01T102030.500000Z"))
    }

    @Test(
        "what is no time is none",
        arguments: [
            "", "new", "2024-03-01T10:20:30.123456Z", "2024-03-01T102030Z", "2024-03-01T102030.Z",
            "2024-13-01T102030.1Z",
            "2024-03-01T102030.1234567Z", "2024-03-01T102030.123456", "20240-03-01T102030.1Z", "2024-03-01 102030.1Z",
            "-024-03-01T102030.1Z",
        ]
    )
    func noTimes(text: String) { #expect(FloodTime.parse(text) == nil) }

    @Test("a journal's name is taken apart; what is none is none")
    func names() throws {
        let text = "2024-03-01T102030.000000Z--2024-03-02T102030.000000Z--new--0b9dd6a5-74f1"
        let name = try #require(JournalName(text))
        #expect(name.isNew)
        #expect(name.blobKey == "blobs/0b9dd6a5-74f1")
        #expect(name.manifestKey == "journals/" + text)
        #expect(JournalName("2024-03-01T102030.000000Z--new--new--b") != nil)
        for bad in ["", "a--b--c--d", text + "--more", "2024-03-01T102030.000000Z--new--new--", text + "é", "x" + text]
        {
            #expect(JournalName(bad) == nil, "\(bad)")
        }
    }

    @Test(
        "a pending change's name is taken apart, whatever the id",
        arguments: ["e", "-x", "x-", "-", "a/b", "日本", "a-b", ".dead", "1--2", "--", "---"]
    )
    func changes(id: String) throws {
        let journal = "2024-03-01T102030.000000Z--2024-03-02T102030.000000Z--new--0b9dd6a5-74f1"
        let key = "update/\(String(journal.reversed()))--\(id)--2024-05-01T000000.000000Z--DELETE"
        let change = try #require(PendingChange(key: key))
        #expect(change.journal == journal)
        #expect(change.event == Array(id.utf8))
        #expect(change.isDeletion)
        #expect(change.time == FloodTime.parse("2024-05-01T000000.000000Z"))
        for bad in [key + "D", "update/x--y--DELETE", String(key.dropLast(8)), "update/"] {
            #expect(PendingChange(key: bad) == nil, "\(bad)")
        }
    }

    @Test("a manifest is read whatever the order and the escapes, and what else is in it")
    func manifest() throws {
        let json = #"""
             {"size": 7, "x": [1, {"events": "no", "y": [null, true, -1.5e3]}, "\"]}"], "events" : [
              {"offset":0,"size":3,"event_id":"Gr\u00fc\u00dfe \ud83c\udf89 \"\\\/","timestamp":"2024-03-01T102030.123456Z"},
              {"more": {}, "timestamp":"2024-03-01T102030.123457Z","event_id":"","size":4,"offset":3} ] , "z": {} }
            """#
        let manifest = try Manifest(Array(json.utf8))
        #expect(manifest.count == 2)
        #expect(manifest.ids[0] == Array("Grüße 🎉 \"\\/".utf8))
        #expect(manifest.ids[1] == [])
        #expect(manifest.timestamps == [1_709_288_430_123_456, 1_709_288_430_123_457])
        #expect(manifest.offsets == [0, 3])
        #expect(manifest.sizes == [3, 4])
        #expect(try Manifest(Array(#"{"events": []}"#.utf8)).count == 0)
    }

    @Test(
        "a manifest that is damaged is refused",
        arguments: [
            "", "{", "[]", "{}", #"{"events": {}}"#, #"{"events": [}"#, #"{"events": []} x"#,
            #"{"events": [],"events": []}"#,
            #"{"events": [{"event_id": "a"}]}"#, #"{"events": ["#, #"{"events"#, #"{"events": [], "x": }"#,
            #"{"events": [{"event_id":"\ud800","timestamp":"2024-03-01T102030.1Z","offset":0,"size":0}]}"#,
            #"{"events": [{"event_id":"a","timestamp":"soon","offset":0,"size":0}]}"#,
            #"{"events": [{"event_id":"a","timestamp":"2024-03-01T102030.1Z","offset":-1,"size":0}]}"#,
            #"{"events": [{"event_id":"a","timestamp":"2024-03-01T102030.1Z","offset":1.5,"size":0}]}"#,
            #"{"events": [{"event_id":"a","timestamp":"2024-03-01T102030.1Z","offset":99999999999999999999,"size":0}]}"#,
            #"{"events": [{"event_id":"a","timestamp":"2024-03-01T102030.1Z","offset":9223372036854775807,"size":1}]}"#,
            #"{"x": "# + String(repeating: "[", count: 100),
        ]
    )
    func damagedManifest(json: String) {
        #expect(throws: ManifestFault.self) { try Manifest(Array(json.utf8)) }
    }

    @Test("requests cover the wanted rows, joined where they are near, and no more")
    func requests() {
        var manifest = Manifest()
        for (offset, size) in [(0, 10), (10, 0), (10, 5), (1_000_000, 7), (15, 3), (1_000_007, 9 << 20), (20 << 20, 1)]
        {
            manifest.ids.append([65])
            manifest.timestamps.append(0)
            manifest.offsets.append(Int64(offset))
            manifest.sizes.append(Int64(size))
        }
        let requests = FloodReader.requests(Array(0..<7), of: manifest)
        #expect(
            requests.map(\.range) == [0..<18, 1_000_000..<1_000_007, 1_000_007..<10_437_191, 20_971_520..<20_971_521]
        )
        #expect(requests.map(\.rows) == [[0, 2, 4], [3], [5], [6]])
        #expect(FloodReader.requests([1], of: manifest).isEmpty)
    }

    @Test("units end at their limits and lose no row")
    func units() {
        func manifest(_ sizes: [Int64]) -> Manifest {
            var manifest = Manifest()
            for size in sizes {
                manifest.ids.append([65])
                manifest.timestamps.append(0)
                manifest.offsets.append(0)
                manifest.sizes.append(size)
            }
            return manifest
        }
        let name = JournalName(first: 0, last: 0, version: "v", blob: "b")
        var cutter = UnitCutter(FlashFloodImportOptions(unitBytes: 100, unitEvents: 3))
        cutter.add(name, manifest([1, 1, 1, 1, 200]), changes: [:])
        cutter.add(name, manifest([1]), changes: [:])
        cutter.add(name, manifest([]), changes: [:])
        cutter.skip()
        cutter.add(name, manifest([1, 1]), changes: [:])
        cutter.add(name, manifest([1]), changes: [:])
        cutter.finish()
        cutter.finish()
        let units = cutter.ready
        #expect(units.map(\.number) == [0, 1, 2, 3])
        #expect(units.map { $0.pieces.map(\.rows) } == [[0..<3], [3..<5], [0..<1, 0..<2], [0..<1]])
        #expect(units.map(\.journals) == [0, 1, 4, 1])
    }
}
