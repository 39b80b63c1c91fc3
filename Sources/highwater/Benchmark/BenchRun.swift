internal import EventJournal
internal import ObjectStorage
internal import Parquet
internal import Synchronization

/// Runs a benchmark on a journal of its own.
struct BenchRun: Sendable {
    /// How much of everything.
    struct Size: Sendable {
        /// Single events that are put.
        var puts: Int
        /// Events that are appended in batches.
        var events: Int
        /// Events of a batch.
        var batch: Int
        /// Look-ups.
        var lookups: Int
        /// Concurrent callers of puts and appends.
        var clients: Int
    }

    let store: MeteredObjectStore
    let workload: BenchWorkload
    let size: Size
    /// Told of each phase as it ends.
    let report: @Sendable (BenchPhase) throws -> Void

    /// Nothing happens that was not asked for, so that what is counted is what the operation costs.
    private var journal: Journal {
        var configuration = JournalConfiguration.defaults
        configuration.automaticCompaction = nil
        return Journal(store: store, configuration: configuration)
    }

    /// Runs all phases.
    func run() async throws {
        _ = store.take()
        let writer = journal
        let payload = workload.event(0).data.count
        let (size, workload) = (size, workload)
        if size.puts > 0 {
            try await measure("put", size.puts, bytes: size.puts * payload) { phase in
                phase.latencies = try await BenchRun.repeated(size.puts, clients: size.clients) { number in
                    try await writer.append([workload.event(number)])
                }
            }
        }
        if size.events > 0 {
            try await measure("append", size.events, bytes: size.events * payload) { phase in
                let batches = (size.events + size.batch - 1) / size.batch
                phase.latencies = try await BenchRun.repeated(batches, clients: size.clients) { batch in
                    let first = size.puts + batch * size.batch
                    let end = min(first + size.batch, size.puts + size.events)
                    try await writer.append((first..<end).map { workload.event($0) })
                }
            }
        }
        try await measure("compact", 0, bytes: 0) { phase in
            _ = try await writer.compact(CompactionPolicy(force: true, appliesChanges: true))
        }
        try await replay("replay", after: nil, through: nil)
        let total = size.puts + size.events
        let (from, to) = (total / 2, total / 2 + max(total / 30, 1))
        try await replay(
            "replay 1/30",
            after: workload.time(from - 1),
            through: workload.time(to - 1),
            expected: to - from
        )
        try await gets()
        if size.lookups > 0 {
            let reader = journal
            try await measure("lookup", size.lookups, bytes: 0) { phase in
                phase.latencies = try await BenchRun.repeated(size.lookups, clients: 1) { number in
                    let id = workload.id(number * 7919 % total)
                    guard try await reader.event(id) != nil else {
                        throw CommandError(
                            status: Failure.storage,
                            message: "The event \(id) was stored and is not found."
                        )
                    }
                }
            }
        }
    }

    private func measure(
        _ name: String,
        _ events: Int,
        bytes: Int,
        _ body: (inout BenchPhase) async throws -> Void
    ) async throws {
        var phase = BenchPhase(name: name, events: events, bytes: bytes)
        let begin = ContinuousClock.now
        try await body(&phase)
        phase.seconds = begin.duration(to: .now).seconds
        phase.requests = store.take()
        try report(phase)
    }

    /// A replay by a process that has just begun.
    private func replay(_ name: String, after: Timestamp?, through: Timestamp?, expected: Int? = nil) async throws {
        let reader = journal
        let expected = expected ?? size.puts + size.events
        try await measure(name, 0, bytes: 0) { phase in
            for try await batch in reader.replay(after: after, through: through) {
                phase.events += batch.count
                phase.bytes += batch.payloads.payloadBytes
            }
            guard phase.events == expected else {
                throw CommandError(
                    status: Failure.storage,
                    message:
                        "\(Text.count(expected, "event")) were stored, a replay brings \(Text.count(phase.events))."
                )
            }
        }
    }

    /// The objects of the journal by plain ranged gets side by side: what the store can give at best.
    private func gets() async throws {
        let segments = try await journal.segments()
        _ = store.take()
        let pieces = segments.flatMap { segment in
            stride(from: 0, to: segment.objectBytes, by: 4 << 20)
                .map { (segment.key, UInt64($0)..<UInt64(min($0 + 4 << 20, segment.objectBytes))) }
        }
        let store = store
        try await measure("plain gets", 0, bytes: segments.reduce(0) { $0 + $1.objectBytes }) { phase in
            phase.latencies = try await BenchRun.repeated(pieces.count, clients: 16) { number in
                _ = try await store.read(pieces[number].0, pieces[number].1)
            }
        }
    }

    /// Does something so many times, by some at once, and says how long each took.
    private static func repeated(
        _ count: Int,
        clients: Int,
        _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws -> [Double] {
        let next = SharedNumber()
        return try await withThrowingTaskGroup(of: [Double].self) { group in
            for _ in 0..<max(1, min(clients, count)) {
                group.addTask {
                    var latencies: [Double] = []
                    while true {
                        let number = next.take()
                        if number >= count { return latencies }
                        try Task.checkCancellation()
                        let begin = ContinuousClock.now
                        try await body(number)
                        latencies.append(begin.duration(to: .now).seconds)
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}

/// Numbers, each handed out once.
private final class SharedNumber: Sendable {
    private let value = Atomic<Int>(0)

    func take() -> Int { value.add(1, ordering: .relaxed).oldValue }
}
