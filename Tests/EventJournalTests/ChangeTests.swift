import ObjectStorage
import Testing

@testable import EventJournal

@Suite("Updates and deletes")
struct ChangeTests {
    private static func event(_ id: String, _ time: Int64, _ text: String) -> Event {
        Event(id: id, timestamp: Timestamp(microseconds: time), key: "k-\(id)", data: Array(text.utf8))
    }

    @Test("an update is seen at once by every reader, with all but the payload as it was")
    func update() async throws {
        let store = MemoryObjectStore()
        let journal = Journal(store: store)
        try await journal.append((0..<10).map { Self.event("e\($0)", Int64($0), "old \($0)") })
        let old = Journal(store: store)
        #expect(try await old.collect().count == 10)
        let updated = try await journal.update("e3", data: Array("new".utf8))
        #expect(updated == Self.event("e3", 3, "new"))
        for reader in [journal, old, Journal(store: store)] {
            let texts = try await reader.collect().map(\.text)
            #expect(texts == (0..<10).map { $0 == 3 ? "new" : "old \($0)" })
            #expect(try await reader.event("e3") == updated)
            #expect(try await reader.statistics().events == 10)
            #expect(try await reader.verify().isClean)
        }
    }

    @Test("the last update counts, also when machines disagree about the time")
    func lastUpdate() async throws {
        let store = MemoryObjectStore()
        let writer = Journal(store: store)
        try await writer.append([Self.event("a", 5, "0")])
        // Each machine looks the event up and so learns how late it is on the others.
        for (number, clock) in [9_000_000_000_000_000, 1_000_000, 5_000_000_000_000_000 as Int64].enumerated() {
            let machine = Journal(store: store, clock: { Timestamp(microseconds: clock) })
            try await machine.update("a", data: Array("\(number + 1)".utf8))
            #expect(try await Journal(store: store).event("a")?.text == "\(number + 1)")
            #expect(try await writer.collect().map(\.text) == ["\(number + 1)"])
        }
    }

    @Test("a deleted event is gone for every reader, and its id is free again")
    func delete() async throws {
        let store = MemoryObjectStore()
        let journal = Journal(store: store)
        try await journal.append([Self.event("a", 1, "first"), Self.event("b", 2, "b")])
        // A second write of the id, which does not count until the first is deleted.
        try await journal.append([Self.event("a", 9, "ignored")])
        #expect(try await journal.delete("a") == Self.event("a", 1, "first"))
        for reader in [journal, Journal(store: store)] {
            #expect(try await reader.event("a") == nil)
            #expect(try await reader.collect().map(\.id) == ["b"])
            #expect(try await reader.statistics().events == 1)
        }
        await #expect(throws: JournalError(.eventNotFound, "")) { try await journal.update("a", data: []) }
        await #expect(throws: JournalError(.eventNotFound, "")) { try await journal.delete("a") }
        try await journal.put(Array("again".utf8), id: "a", at: Timestamp(microseconds: 3))
        for reader in [journal, Journal(store: store)] {
            #expect(try await reader.event("a")?.text == "again")
            #expect(try await reader.collect().map(\.text) == ["b", "again"])
        }
        try await journal.update("a", data: Array("changed".utf8))
        #expect(try await Journal(store: store).collect().map(\.text) == ["b", "changed"])
    }

    @Test(
        "follows the operations on an id",
        arguments: [
            ("P", false as Bool?, "0"), ("PU", false, "1"), ("PD", false, "-"), ("PDP", false, "2"),
            ("PPU", false, "2"),
            ("PDU", false, "-"), ("Pu", false, "0"), ("Pd", false, "0"), ("d", true, "c"), ("u", nil, "c"),
            ("U", nil, "?0"), ("UU", nil, "?1"), ("UD", nil, "-"), ("D", nil, "-"), ("dU", nil, "?1"),
            ("P", true, "c"), ("PU", true, "1"), ("PDP", true, "2"), ("UP", true, "0"), ("UP", false, "1"),
            ("DP", true, "1"), ("U", false, "-"), ("UD", true, "-"),
        ]
    )
    func states(operations: String, isInCatalog: Bool?, expected: String) {
        let segment = Segment(
            batchID: .zero,
            first: 0,
            last: 0,
            events: 1,
            payloadBytes: 0,
            checksum: SegmentChecksum(object: 0, footer: 0),
            objectBytes: 1
        )
        let steps = operations.enumerated()
            .map { row, operation in
                ChangedState.Step(
                    operation: operation == "P" ? .put : operation.lowercased() == "u" ? .update : .delete,
                    reference: RowReference(segment: segment, row: row),
                    // In lower case the change is of an event of another moment.
                    timestamp: operation.isLowercase ? 8 : 7
                )
            }
        let knowledge: ChangedState.Knowledge = isInCatalog.map { $0 ? .present(7) : .absent } ?? .unknown(7)
        let result =
            switch ChangedState.follow(steps, from: knowledge).state {
            case .catalog: "c"
            case .deleted: "-"
            case .inbox(let reference): "\(reference.row)"
            case .ifInCatalog(let reference): "?\(reference.row)"
            }
        #expect(result == expected)
    }
}
