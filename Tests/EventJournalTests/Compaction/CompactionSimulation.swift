import Testing

@testable import EventJournal

/// A catalog of which only the timestamps exist, compacted by the planner's jobs: to count what planning costs.
struct CompactionSimulation {
    /// Each event stands for this much payload.
    static let payload = 256 << 10
    private static let target = 128 << 20
    /// An object has a quarter of the payload, so this many events fill one.
    static let eventsPerObject = 4 * target / payload

    struct File {
        var candidate: CompactionCandidate
        var timestamps: [Int64]
    }

    var planner = CompactionPlanner(policy: .defaults)
    private(set) var files: [String: File] = [:]
    private(set) var written = 0
    private(set) var appended = 0
    private(set) var rounds = 0
    private(set) var largestRound = 0
    private var runs: UInt64 = 0

    var writeAmplification: Double { Double(written) / Double(max(1, appended)) }

    /// How many runs overlap at the worst moment.
    var depth: Int {
        var deepest = 0
        var covering: [CompactionCandidate] = []
        for candidate in files.values.map(\.candidate).sorted(by: { $0.first < $1.first }) {
            covering.removeAll { $0.last < candidate.first }
            covering.append(candidate)
            if covering.count > deepest { deepest = max(deepest, Set(covering.map(\.run)).count) }
        }
        return deepest
    }

    var smallFiles: Int { files.values.count { !$0.candidate.isFull(planner.policy) } }

    /// Lets batches arrive, and compacts until the planner is content.
    mutating func arrive(_ batches: [[Int64]]) throws {
        var inbox: [String: (CompactionInput, [Int64])] = [:]
        for (number, batch) in batches.enumerated() where !batch.isEmpty {
            let input = CompactionInput(
                key: "_inbox/\(number)",
                batchID: UUIDv7(high: UInt64(number) << 16 | 0x7000, low: 1 << 63),
                first: batch.min() ?? 0,
                last: batch.max() ?? 0,
                events: batch.count,
                payloadBytes: batch.count * Self.payload
            )
            inbox[input.key] = (input, batch)
            appended += batch.count
        }
        let before = written
        // One plan after the other, as the compactor does: each is made of the catalog as it is then.
        for _ in 0..<100 {
            let plan = planner.plan(catalog: files.values.map(\.candidate), inbox: inbox.values.map(\.0))
            if plan.jobs.isEmpty {
                rounds += 1
                largestRound = max(largestRound, written - before)
                try #require(inbox.isEmpty, "\(plan.refusal ?? "")")
                return
            }
            var touched: Set<String> = []
            for job in plan.jobs {
                for key in job.inbox + job.catalog {
                    try #require(touched.insert(key).inserted, "two jobs share \(key)")
                }
                run(job, &inbox)
            }
        }
        Issue.record("the planner is never content")
    }

    private mutating func run(_ job: CompactionJob, _ inbox: inout [String: (CompactionInput, [Int64])]) {
        var timestamps: [Int64] = []
        for key in job.inbox { timestamps += inbox.removeValue(forKey: key)?.1 ?? [] }
        for key in job.catalog { timestamps += files.removeValue(forKey: key)?.timestamps ?? [] }
        timestamps.sort()
        written += timestamps.count
        var outside: [Int64] = []
        var inside = [[Int64]](repeating: [], count: job.sections.count)
        var section = 0
        for timestamp in timestamps {
            while section < job.sections.count, job.sections[section].upperBound < timestamp { section += 1 }
            if section < job.sections.count, job.sections[section].contains(timestamp) {
                inside[section].append(timestamp)
            } else {
                outside.append(timestamp)
            }
        }
        runs += 1
        if let last = inside.last, CompactionJob.isEdge(last.count, of: outside.count) {
            outside += last
            inside.removeLast()
        }
        for rows in inside { store(rows, run: "inside-\(runs)") }
        store(outside, run: "outside-\(runs)")
    }

    private mutating func store(_ timestamps: [Int64], run: String) {
        var start = 0
        while start < timestamps.count {
            var end = min(timestamps.count, start + Self.eventsPerObject)
            while end < timestamps.count, timestamps[end] == timestamps[end - 1] { end += 1 }
            let rows = Array(timestamps[start..<end])
            let key = "\(run)-\(files.count)-\(start)-\(rows[0])"
            let pieces = stride(from: 0, to: rows.count, by: 64)
                .map { from in
                    let piece = rows[from..<min(rows.count, from + 64)]
                    return CompactionCandidate.Piece(
                        first: piece[from],
                        last: piece[piece.endIndex - 1],
                        payloadBytes: piece.count * Self.payload
                    )
                }
            let candidate = CompactionCandidate(
                key: key,
                run: run,
                first: rows[0],
                last: rows[rows.count - 1],
                events: rows.count,
                payloadBytes: rows.count * Self.payload,
                objectBytes: rows.count * Self.payload / 4,
                pieces: pieces
            )
            files[key] = File(candidate: candidate, timestamps: rows)
            start = end
        }
    }
}
