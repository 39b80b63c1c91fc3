import EventJournal
import ObjectStorage
import RecordStreams
import StreamArchive
import Testing

/// What the tests of archives have in common.
enum Archives {
    /// Quick settings.
    static var options: ArchiveOptions {
        var options = ArchiveOptions()
        options.latency = .milliseconds(20)
        options.lease = .milliseconds(300)
        options.idle = .milliseconds(5)
        options.listing = .milliseconds(50)
        return options
    }

    /// A journal that does nothing by itself.
    static func journal(_ store: any ObjectStore) -> Journal {
        var configuration = JournalConfiguration.defaults
        configuration.automaticCompaction = nil
        return Journal(store: store, configuration: configuration)
    }

    /// Archives a stream until it is caught up.
    @discardableResult
    static func once(
        _ stream: any StreamSource,
        _ store: any ObjectStore,
        _ change: (inout ArchiveOptions) -> Void = { _ in }
    ) async throws -> ArchiveReport {
        var options = options
        change(&options)
        return try await StreamArchiver(stream, into: journal(store), options: options).run(once: true)
    }

    /// All events of a journal, each id once or the test fails.
    static func events(_ store: any ObjectStore) async throws -> [Event] {
        var events: [Event] = []
        var ids: Set<String> = []
        for try await batch in journal(store).replay() {
            for row in 0..<batch.count {
                let event = batch[row]
                #expect(ids.insert(event.id).inserted, "\(event.id) is there twice")
                events.append(event)
            }
        }
        return events
    }

    /// How many rows the segments have, those of ids that are there twice counted twice.
    static func rows(_ store: any ObjectStore) async throws -> Int {
        try await journal(store).segments().reduce(0) { $0 + $1.events }
    }
}

/// Puts numbered records into a stream, and knows which.
struct Producer {
    let stream: MemoryStream
    private(set) var sent = 0

    init(_ stream: MemoryStream) { self.stream = stream }

    mutating func send(_ count: Int) {
        for _ in 0..<count {
            let open = stream.openShards
            let shard = open[sent % open.count]
            let number = Int64(sent)
            stream.append(Array("{\"number\":\(sent)}".utf8), key: "key-\(sent % 7)", arrival: number, to: shard)
            sent += 1
        }
    }

    /// Whether a journal has exactly what was sent.
    func expectArchived(in store: any ObjectStore, _ comment: Comment? = nil) async throws {
        let events = try await Archives.events(store)
        let numbers = events.map { String(decoding: $0.data, as: UTF8.self) }.sorted()
        #expect(numbers == (0..<sent).map { "{\"number\":\($0)}" }.sorted(), comment)
    }
}
