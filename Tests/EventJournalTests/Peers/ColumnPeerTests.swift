import Foundation
import ObjectStorage
import Testing

@testable import EventJournal

/// What other programs make of promoted columns, and do to them.
@Suite("Promoted columns by other programs") struct ColumnPeerTests {
    private static let definitions = [
        "whole=data.n:int64", "number=data.f:float64", "truth=data.b:boolean", "text=data.s:string",
        "moment=data.at:timestamp",
    ]

    private static func event(_ number: Int) -> Event {
        let text = ["é \(number % 3)", "", String(repeating: "long ", count: 40) + "\(number)"][number % 3]
        let data =
            number % 6 == 5
            ? "{}"
            : #"{"n":\#(number % 9 - 4),"f":\#(Double(number % 8) / 8 - 0.25),"b":\#(number % 2 == 0),"s":"\#(text)","#
                + #""at":"19\#(60 + number % 20)-01-01T00:00:00.123456Z"}"#
        return Event(id: "e\(number)", timestamp: Timestamp(microseconds: Int64(number)), data: Array(data.utf8))
    }

    /// The rows as they have to be.
    private static func expected(_ numbers: some Sequence<Int>) -> [[String]] {
        numbers.map { number in
            if number % 6 == 5 { return ["e\(number)", "", "", "", "", ""] }
            let text = ["é \(number % 3)", "", String(repeating: "long ", count: 40) + "\(number)"][number % 3]
            let moment = Timestamp(rfc3339: "19\(60 + number % 20)-01-01T00:00:00.123456Z")?.microseconds ?? 0
            return [
                "e\(number)", "\(number % 9 - 4)", "\(Double(number % 8) / 8 - 0.25)",
                number % 2 == 0 ? "True" : "False", text,
                "\(moment)",
            ]
        }
        .sorted { $0[0] < $1[0] }
    }

    @Test("delta-rs, Polars and DuckDB read them, with statistics that hold, before and after delta-rs optimizes")
    func peers() async throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/journal"
        let peer = DeltaPeer(path: path)
        let journal = try await Journal.open(path, configuration: JournalConfiguration(automaticCompaction: nil))
        try await journal.append((0..<30).map(Self.event))
        try await journal.compact()
        try await journal.addColumns(try Self.definitions.map(PromotedColumn.init(definition:)))
        let names = ["whole", "number", "truth", "text", "moment"]
        // Others see null until it is filled.
        #expect(try await peer.columns(names).allSatisfy { $0.dropFirst().allSatisfy { $0.isEmpty } })
        try await journal.append((30..<60).map(Self.event))
        try await journal.compact(CompactionPolicy(force: true, targetObjectBytes: 1))
        let partly = try await peer.columns(names)
        #expect(partly.count == 60 && Set(partly.map { $0[4] }).count > 3)
        try await journal.fillColumns()
        let expected = Self.expected(0..<60)
        #expect(try await peer.columns(names) == expected)
        // delta-rs takes the files together; who wrote one then cannot be told, so ours are made anew.
        let before = try await journal.columns()
        #expect(before.allSatisfy { $0.isFilled && $0.segments > 1 })
        _ = try await peer.run("compact")
        #expect(try await peer.columns(names) == expected)
        let reader = try await Journal.open(path)
        #expect(try await reader.columns().allSatisfy { !$0.isFilled })
        try await reader.fillColumns()
        #expect(try await reader.columns().allSatisfy { $0.isFilled })
        #expect(try await peer.columns(names) == expected)
        // A checkpoint of delta-rs forgets domains, which come back out of the log.
        _ = try await peer.run("checkpoint")
        #expect(try await Journal.open(path).columns().map(\.column.name) == names)
        try await reader.update("e1", data: Array(#"{"n":77}"#.utf8))
        try await reader.compact(CompactionPolicy(appliesChanges: true))
        let updated = try await peer.columns(names)
        #expect(updated.contains(["e1", "77", "", "", "", ""]))
        #expect(updated.filter { $0[0] != "e1" } == expected.filter { $0[0] != "e1" })
    }
}
