import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import EventJournal

@Suite("Marks of followers")
struct FollowMarkTests {
    @Test("a mark is set, moved by whoever knows it, listed and removed")
    func marks() async throws {
        let journal = Journal(store: MemoryObjectStore())
        let position = FollowPosition(
            version: 7,
            seen: [UUIDv7(high: 1, low: 2), .max],
            partial: .init(timestamp: -5, batchID: UUIDv7(high: 3, low: 4)),
            pass: .init(target: 9, deletes: 8, through: .init(timestamp: .max, batchID: .max))
        )
        #expect(try FollowPosition(json: position.json) == position)
        #expect(try await journal.mark("a") == nil)
        let first = try await journal.setMark("a", to: position, ifMatches: nil)
        #expect(try await journal.mark("a") == first)
        await #expect(throws: JournalError(.markMoved, "")) {
            try await journal.setMark("a", to: position, ifMatches: nil)
        }
        let second = try await journal.setMark("a", to: FollowPosition(version: 8), ifMatches: first.entityTag)
        await #expect(throws: JournalError(.markMoved, "")) {
            try await journal.setMark("a", to: position, ifMatches: first.entityTag)
        }
        try await journal.setMark("b.2", to: position, ifMatches: nil)
        #expect(try await journal.marks().map(\.name) == ["a", "b.2"])
        try await journal.deleteMark("a")
        await #expect(throws: JournalError(.markMoved, "")) {
            try await journal.setMark("a", to: position, ifMatches: second.entityTag)
        }
        for name in ["", ".", "a/b", "ä", String(repeating: "x", count: 129)] {
            await #expect(throws: JournalError(.invalidMark, "")) { try await journal.mark(name) }
        }
    }

    @Test("a mark whose answer was lost is known to be moved")
    func lostAnswers() async throws {
        let base = MemoryObjectStore()
        let store = FaultInjectingObjectStore(base) { request in
            request.operation == .put ? [.errorAfter(.unavailable)] : []
        }
        let journal = Journal(store: store)
        let first = try await journal.setMark("a", to: FollowPosition(version: 1), ifMatches: nil)
        let second = try await journal.setMark("a", to: FollowPosition(version: 2), ifMatches: first.entityTag)
        #expect(try await Journal(store: base).mark("a") == second)
    }

    @Test("what is no position is refused", arguments: ["", "{}", "{\"format\":2,\"version\":1,\"seen\":\"\"}", "[1]"])
    func noPosition(text: String) {
        #expect(throws: JournalError(.positionExpired, "")) { try FollowPosition(json: text) }
    }
}
