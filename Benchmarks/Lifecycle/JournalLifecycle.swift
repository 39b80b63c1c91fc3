internal import BenchmarkTiming
private import CAllocator
private import EventJournal
private import ObjectStorage
private import ObjectStorageTesting
private import Parquet

#if canImport(Glibc)
private import Glibc
#elseif canImport(Musl)
private import Musl
#else
private import Darwin
#endif

/// Takes a journal through its life and measures each stage: appends, compaction, look-ups and their requests, replay,
/// the latest event of each key.
///
/// `journal-lifecycle DIRECTORY EVENTS [KEYS]`: the directory must be new; prints one line for each figure.
/// `journal-lifecycle DIRECTORY look-up EVENTS`: the look-ups alone, in a journal that the first has made.
/// `journal-lifecycle DIRECTORY append EVENTS`: the appends alone, so that `highwater compact` finds them all.
/// `journal-lifecycle DIRECTORY catalog COMMITS SEGMENTS`: opens a journal with so many commits and segments.
@main
struct JournalLifecycle {
    static func main() async throws {
        let arguments = CommandLine.arguments
        hw_keep_large_buffers()
        if arguments.count == 5, arguments[2] == "catalog", let commits = Int(arguments[3]),
            let segments = Int(arguments[4]), segments <= commits
        {
            let life = CatalogLife(path: arguments[1], commits: commits, segments: segments)
            try await life.build()
            try await life.open()
            return
        }
        if arguments.count == 4, arguments[2] == "look-up", let events = Int(arguments[3]) {
            try await Run(path: arguments[1], events: events, keys: 1).lookUp("now")
            return
        }
        if arguments.count == 4, arguments[2] == "append", let events = Int(arguments[3]) {
            var run = Run(path: arguments[1], events: events, keys: max(events / 10, 1))
            try await run.append()
            return
        }
        guard arguments.count >= 3, let events = Int(arguments[2]), events >= 1000 else {
            print("usage: journal-lifecycle DIRECTORY EVENTS [KEYS]")
            print("       journal-lifecycle DIRECTORY look-up EVENTS")
            print("       journal-lifecycle DIRECTORY append EVENTS")
            print("       journal-lifecycle DIRECTORY catalog COMMITS SEGMENTS")
            exit(64)
        }
        let keys = arguments.count > 3 ? Int(arguments[3]) ?? 0 : events / 10
        var run = Run(path: arguments[1], events: events, keys: max(keys, 1))
        let journal = try await run.build()
        try await run.lookUp("just after the compaction")
        try await run.replay()
        try await run.rest(journal)
        try await run.lookUp("two minutes later")
    }
}

private struct Run {
    let path: String
    let events: Int
    let keys: Int
    var payloadBytes = 0

    private func store() throws -> CountingObjectStore {
        CountingObjectStore(try ObjectStoreRegistry.standard.open(path))
    }

    private func journal(_ store: any ObjectStore) -> Journal {
        Journal(store: store, configuration: .defaults)
    }

    /// Appends all events, and compacts nothing.
    mutating func append() async throws {
        let configuration = JournalConfiguration(automaticCompaction: nil)
        let journal = Journal(store: try store(), configuration: configuration)
        var generator = EventGenerator(seed: 42, keys: keys)
        for done in stride(from: 0, to: events, by: 5000) {
            let batch = generator.batch(min(5000, events - done))
            payloadBytes += batch.payloads.payloadBytes
            try await journal.append(batch)
        }
        say("events", Double(events), "")
        say("payload", Double(payloadBytes) / 1e6, "MB")
    }

    /// Appends all events, and compacts after each million.
    mutating func build() async throws -> Journal {
        let journal = journal(try store())
        var generator = EventGenerator(seed: 42, keys: keys)
        var appending = Span()
        var compacting = Span()
        var compacted = 0
        var done = 0
        while done < events {
            let million = min(1_000_000, events - done)
            var made = 0
            while made < million {
                let batch = generator.batch(min(5000, million - made))
                payloadBytes += batch.payloads.payloadBytes
                let start = Moment()
                try await journal.append(batch)
                appending.add(start)
                made += batch.count
            }
            done += made
            let start = Moment()
            compacted += try await journal.compact().payloadBytes
            compacting.add(start)
        }
        say("events", Double(events), "")
        say("payload", Double(payloadBytes) / 1e6, "MB")
        say("append", Double(events) / appending.seconds, "events/s, 5000 at a time")
        say("compaction, payload written", Double(compacted) / 1e6, "MB")
        say("compaction", Double(compacted) / 1e6 / compacting.seconds, "MB/s of payload")
        say("compaction for each core", Double(compacted) / 1e6 / compacting.cpuSeconds, "MB/s of payload")
        let statistics = try await journal.statistics()
        say("segments", Double(statistics.segments), "")
        say("segments on disk", Double(statistics.objectBytes) / Double(payloadBytes), "of the payload")
        try await sayIndex("just after the compaction")
        say("resident memory, peak", Moment.peakMemory / 1e6, "MB")
        return journal
    }

    /// Waits until no reader needs what the compactions replaced, and lets it be deleted as any compaction does.
    func rest(_ journal: Journal) async throws {
        try await Task.sleep(for: .seconds(121))
        say("objects deleted two minutes later", Double(try await journal.compact().deletedObjects), "")
        try await sayIndex("two minutes later")
    }

    private func sayIndex(_ when: String) async throws {
        let objects = try await ObjectStoreRegistry.standard.open(path).listAll().collect(upTo: 1_000_000)
        let index = objects.filter { $0.key.hasPrefix("_index/") }.reduce(0) { $0 + Int($1.size) }
        say("index on disk, \(when)", Double(index) / Double(events), "bytes an event")
        say("objects of the inbox, \(when)", Double(objects.count { $0.key.hasPrefix("_inbox/") }), "")
    }

    /// Looks up events, cold and warm, and counts requests.
    func lookUp(_ when: String) async throws {
        print("look-ups \(when):")
        var cold: [Int] = []
        var times: [Double] = []
        for number in 0..<20 {
            let store = try store()
            let start = Moment()
            let journal = journal(store)
            let id = String(decoding: EventGenerator.id(Int64(number * events / 20)), as: UTF8.self)
            guard try await journal.event(id) != nil else { throw Missing(id: id) }
            times.append(start.seconds * 1e3)
            cold.append(store.counts.total)
        }
        say("cold look-up, p50", times.sorted()[10], "ms")
        say("cold look-up, requests at most", Double(cold.max() ?? 0), "")
        let store = try store()
        let journal = journal(store)
        var warm: [Int] = []
        times = []
        var warming = Span()
        var random = EventGenerator(seed: 7, keys: 1)
        // Until it keeps the hashes of the index's top, which has two million at most in a journal of this size.
        for _ in 0..<300 {
            let id = String(decoding: EventGenerator.id(Int64(random.number(below: events))), as: UTF8.self)
            guard try await journal.event(id) != nil else { throw Missing(id: id) }
        }
        say("look-ups until it is warm", 300, "")
        say("look-ups until it is warm, requests", Double(store.counts.total), "")
        say("look-ups until it is warm, bytes read", Double(store.counts.bytesRead), "")
        for _ in 0..<2000 {
            let number = random.number(below: events)
            let id = String(decoding: EventGenerator.id(Int64(number)), as: UTF8.self)
            store.reset()
            let start = Moment()
            guard try await journal.event(id) != nil else { throw Missing(id: id) }
            times.append(start.seconds * 1e3)
            warming.add(start)
            warm.append(store.counts.total)
        }
        times.sort()
        say("warm look-up, p50", times[1000], "ms")
        say("warm look-up, processor time", warming.cpuSeconds * 1e3 / 2000, "ms")
        say("warm look-up, p99", times[1980], "ms")
        say("warm look-up, requests, mean", Double(warm.reduce(0, +)) / 2000, "")
        say("warm look-up, requests at most", Double(warm.max() ?? 0), "")
        say("warm look-ups with more than 3 requests", Double(warm.count { $0 > 3 }) / 2000, "")
        warm = []
        for number in 0..<500 {
            store.reset()
            guard try await journal.event("absent-\(number)") == nil else { throw Missing(id: "absent-\(number)") }
            warm.append(store.counts.total)
        }
        say("warm look-up of what is not there, requests, mean", Double(warm.reduce(0, +)) / 500, "")
    }

    /// Replays all, a thousandth, and the latest event of each key.
    func replay() async throws {
        for (name, options, after) in [
            ("replay", ReplayOptions(), 0), ("replay again", ReplayOptions(), 0),
            ("replay of the last thousandth", ReplayOptions(), events - events / 1000),
            ("latest of each key", ReplayOptions(latestPerKey: true), 0),
        ] {
            let journal = journal(try store())
            let start = Moment()
            var (count, bytes) = (0, 0)
            let timestamp = Timestamp(microseconds: 1_700_000_000_000_000 + Int64(after) * 250_000)
            for try await batch in journal.replay(after: after == 0 ? nil : timestamp, options: options) {
                count += batch.count
                for view in batch.payloads.views { bytes += Int(view.length) }
            }
            say(name, start.seconds * 1e3, "ms, from the opening on")
            say(
                name,
                Double(bytes) / 1e6 / start.seconds,
                "MB/s, \(count) events, \(start.cpuSeconds / start.seconds) cores"
            )
            if options.latestPerKey == false, after == 0, count != events {
                throw Missing(id: "\(events - count) events")
            }
        }
        say("resident memory, peak", Moment.peakMemory / 1e6, "MB")
    }
}

/// What was stored is not found.
struct Missing: Error {
    var id: String
}
