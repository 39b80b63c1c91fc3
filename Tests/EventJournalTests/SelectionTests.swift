import JMESPath
import ObjectStorage
import Testing

@testable import EventJournal

@Suite("Selection")
struct SelectionTests {
    private static func journal() async throws -> Journal {
        let journal = Journal(store: MemoryObjectStore())
        for part in 0..<4 {
            let events = (0..<50)
                .map { number in
                    let value = part * 50 + number
                    return Event(
                        id: "e\(value)",
                        timestamp: Timestamp(microseconds: Int64(number * 10 + part)),
                        key: value % 3 == 0 ? "three" : nil,
                        data: value % 10 == 9
                            ? Array("no json".utf8) : Array("{\"n\":\(value),\"deep\":{\"s\":\"\(value % 7)\"}}".utf8)
                    )
                }
            try await journal.append(events)
        }
        return journal
    }

    private static func replay(_ journal: Journal, _ selection: EventSelection) async throws -> [Event] {
        var events: [Event] = []
        for try await event in journal.replay(options: ReplayOptions(selection: selection)).events {
            events.append(event)
        }
        return events
    }

    @Test("keeps the order, and events for which the condition is true")
    func condition() async throws {
        let journal = try await Self.journal()
        let selection = try EventSelection(where: "n > `100` && deep.s == '3'")
        let events = try await Self.replay(journal, selection)
        let numbers = (0..<200).filter { $0 > 100 && $0 % 7 == 3 && $0 % 10 != 9 }
        #expect(Set(events.map(\.id)) == Set(numbers.map { "e\($0)" }))
        #expect(events.map(\.timestamp) == events.map(\.timestamp).sorted())
        #expect(events.allSatisfy { $0.text.contains("\"n\":\($0.id.dropFirst())") })
        #expect(selection.counts.matched == numbers.count && selection.counts.notJSON == 20)
        #expect(selection.counts.unmatched == 180 - numbers.count && selection.counts.failed == 0)
    }

    @Test("delivers the projection, and reaches the envelope")
    func projection() async throws {
        let journal = try await Self.journal()
        let selection = try EventSelection(
            where: "@event.key == 'three' && @event.timestamp < '1970-01-01T00:00:00.000100Z'",
            select: "{id: @event.id, twice: [n, n]}"
        )
        let events = try await Self.replay(journal, selection)
        let all = try await Self.replay(journal, try EventSelection(where: "`true`"))
        let expected = all.filter { $0.key == "three" && $0.timestamp.microseconds < 100 }
        #expect(events.map(\.id) == expected.map(\.id) && !events.isEmpty)
        for event in events {
            let number = event.id.dropFirst()
            #expect(event.text == "{\"id\":\"\(event.id)\",\"twice\":[\(number),\(number)]}")
        }
    }

    @Test("a strict selection names the event that cannot be evaluated")
    func strict() async throws {
        let journal = try await Self.journal()
        for (condition, what) in [("n", "not one json value"), ("length(n) == `1`", "length")] {
            let selection = try EventSelection(where: condition, isStrict: true)
            let error = await #expect(throws: JournalError.self) { try await Self.replay(journal, selection) }
            #expect(error?.code == .invalidEvent)
            #expect(error?.message.lowercased().contains(what) == true, "\(error?.message ?? "")")
        }
    }
}
