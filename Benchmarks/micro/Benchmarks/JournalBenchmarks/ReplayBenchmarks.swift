import Benchmark
import BenchmarkEvents
import EventJournal
import ObjectStorage

/// Replays from memory, so that reading a disk is not measured; ids are known from the first replay on, as they are in
/// a process that has the journal open.
func replays() {
    for (layout, name) in [(Layout.sequential, "sequential"), (.interleaved, "interleaved")] {
        Benchmark("Replay 100,000 events of 100 \(name) segments") { benchmark, journal in
            try await benchmark.measure(bytes: journal.payloadBytes) {
                let events = try await journal.replay()
                if events != 100_000 { benchmark.error("replayed \(events) events") }
            }
        } setup: {
            try await FilledJournal(layout)
        }
    }

    Benchmark("Replay a thirtieth of 100 sequential segments") { benchmark, journal in
        let (after, through) = (journal.timestamp(50_000), journal.timestamp(53_333))
        try await benchmark.measure(bytes: journal.payloadBytes / 30) {
            let events = try await journal.replay(after: after, through: through)
            if events != 3333 { benchmark.error("replayed \(events) events") }
        }
    } setup: {
        try await FilledJournal(.sequential)
    }

    Benchmark("Look up an event among 100 segments", configuration: latency) { benchmark, journal in
        let id = journal.nextID()
        benchmark.startMeasurement()
        if try await journal.journal.event(id) == nil { benchmark.error("there is no event \(id)") }
    } setup: {
        try await FilledJournal(.sequential)
    }

    Benchmark("Open a journal of 100 segments and count its events", configuration: latency) { benchmark, journal in
        benchmark.startMeasurement()
        let events = try await Journal(store: journal.store).statistics().events
        if events != 100_000 { benchmark.error("counted \(events) events") }
    } setup: {
        try await FilledJournal(.sequential)
    }
}

/// How the times of segments lie to each other.
enum Layout {
    /// Each segment is behind the one before.
    case sequential
    /// Events of all segments alternate.
    case interleaved
}

/// A journal in memory: 100 segments of 1,000 events.
final class FilledJournal {
    let store = MemoryObjectStore()
    let journal: Journal
    let payloadBytes: Int
    private var ids: [String] = []
    private var next = 0

    init(_ layout: Layout) async throws {
        journal = Journal(store: store)
        var events = SampleEvents()
        var payloadBytes = 0
        for segment in 0..<100 {
            let batch =
                switch layout {
                case .sequential: events.batch(1000)
                case .interleaved: events.batch(1000, stride: 100, first: segment)
                }
            try await journal.append(batch)
            payloadBytes += batch.payloads.payloadBytes
            ids.append(batch[segment].id)
        }
        self.payloadBytes = payloadBytes
    }

    /// The id of some event, a different one each time until all segments had their turn.
    func nextID() -> String {
        next = (next + 37) % ids.count
        return ids[next]
    }

    /// When an event of the sequential layout was.
    func timestamp(_ number: Int) -> Timestamp {
        Timestamp(microseconds: SampleEvents.start + Int64(number) * SampleEvents.step)
    }

    /// Replays a range and looks at each payload's length and first byte.
    func replay(after: Timestamp? = nil, through: Timestamp? = nil) async throws -> Int {
        var events = 0
        var sum = 0
        for try await batch in journal.replay(after: after, through: through) {
            events += batch.count
            for row in 0..<batch.count {
                sum &+= batch.payloads.withBytes(at: row) { $0.count &+ Int($0.first ?? 0) }
            }
        }
        blackHole(sum)
        return events
    }
}
