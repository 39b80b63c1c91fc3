import EventJournal
import ObjectStorage
import ReplayJobs
import Testing

/// What the tests of replay jobs have in common.
enum Replays {
    /// A journal that does nothing by itself.
    static func journal(_ store: any ObjectStore) -> Journal {
        var configuration = JournalConfiguration.defaults
        configuration.automaticCompaction = nil
        return Journal(store: store, configuration: configuration)
    }

    /// Events with numbers, of a few keys, two in three with a moment of their own.
    static func events(_ numbers: Range<Int>, keys: Int = 4, from: Int64 = 1_700_000_000_000_000) -> [Event] {
        numbers.map { number in
            Event(
                id: "event-\(number)",
                timestamp: Timestamp(microseconds: from + Int64(number / 3 * 2 + min(number % 3, 1)) * 1000),
                key: "key-\(number % keys)",
                data: Array("{\"number\":\(number)}".utf8)
            )
        }
    }

    /// All events, in the order of replay.
    static func all(_ journal: Journal, _ options: ReplayOptions = ReplayOptions()) async throws -> [Event] {
        var events: [Event] = []
        for try await event in journal.replay(options: options).events { events.append(event) }
        return events
    }
}

extension [Event] {
    /// Without those that came before.
    var unrepeated: [Event] {
        var ids: Set<String> = []
        return filter { ids.insert($0.id).inserted }
    }
}
