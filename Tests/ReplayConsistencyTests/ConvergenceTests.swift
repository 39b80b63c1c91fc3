import ObjectStorageTesting
import ReplayConsistency
import Testing

@Suite("A consumer ends in the state of the log")
struct ConvergenceTests {
    private typealias Record = KeyedRecord<Int>

    /// A log, deliveries of it, and what it amounts to.
    private struct Scenario {
        var log: [Record] = []
        /// What each key has in the end; without the deleted ones.
        var truth: [String: Int] = [:]
        /// The live stream and the replays, each in its own order with its restarts.
        var deliveries: [[Record]] = []

        init(_ random: inout SeededRandom) {
            let keys = Int.random(in: 1...6, using: &random)
            for position in 0..<Int.random(in: 1...60, using: &random) {
                let isDelete = Int.random(in: 0..<4, using: &random) == 0
                log.append(
                    Record(
                        key: "key-\(Int.random(in: 0..<keys, using: &random))",
                        position: LogPosition(UInt64(position) * 7),
                        change: isDelete ? .delete : .put(position)
                    )
                )
            }
            deliveries.append(Scenario.restarting(log, &random))
            // Values that jobs write over the log's, by position.
            var overwritten: [Int: Int] = [:]
            for job in 0..<Int.random(in: 1...2, using: &random) {
                let start = Int.random(in: 0..<log.count, using: &random)
                let range = start..<Int.random(in: start...log.count, using: &random)
                let mayOverwrite = Bool.random(using: &random)
                var replay: [Record] = []
                for index in range {
                    var record = log[index]
                    record.origin = .replay(job: "job-\(job)", mayOverwrite: mayOverwrite)
                    if mayOverwrite, case .put(let value) = record.change {
                        record.change = .put(value + 1000 * (job + 1))
                        overwritten[index] = value + 1000 * (job + 1)
                    }
                    replay.append(record)
                }
                deliveries.append(Scenario.restarting(replay, &random))
            }
            for (index, record) in log.enumerated() {
                switch record.change {
                case .put(let value): truth[record.key] = overwritten[index] ?? value
                case .delete: truth[record.key] = nil
                }
            }
        }

        /// A delivery that now and then begins again somewhat before where it was: at least once, in order.
        private static func restarting(_ records: [Record], _ random: inout SeededRandom) -> [Record] {
            var delivered: [Record] = []
            var next = 0
            while next < records.count {
                delivered.append(records[next])
                next += 1
                if Int.random(in: 0..<12, using: &random) == 0 {
                    next = max(0, next - Int.random(in: 1...8, using: &random))
                }
            }
            return delivered
        }

        /// All deliveries, interleaved by chance.
        func interleaved(_ random: inout SeededRandom) -> [Record] {
            var left = deliveries.map { $0[...] }
            var order: [Record] = []
            while let index = left.indices.filter({ !left[$0].isEmpty }).randomElement(using: &random) {
                for _ in 0..<Int.random(in: 1...10, using: &random) {
                    guard let record = left[index].popFirst() else { break }
                    order.append(record)
                }
            }
            return order
        }
    }

    /// Runs many scenarios; the consumer folds an order into a state.
    private func diverging(of count: Int, seed: UInt64, _ consume: ([Record]) -> [String: Int]) -> [Int] {
        var random = SeededRandom(seed: seed)
        return (0..<count)
            .filter { _ in
                let scenario = Scenario(&random)
                return consume(scenario.interleaved(&random)) != scenario.truth
            }
    }

    @Test("whatever the interleaving of live records, replays, restarts and duplicates is")
    func converges() {
        let seed = UInt64.random(in: 0 ... .max)
        let diverging = diverging(of: 5000, seed: seed) { records in
            var table = ConsistentTable<Int>()
            for record in records { table.apply(record) }
            return Dictionary(uniqueKeysWithValues: table.keys.compactMap { key in table[key].map { (key, $0) } })
        }
        #expect(diverging.isEmpty, "seed \(seed)")
    }

    @Test("which a naive consumer does not, nor one that forgets what was deleted")
    func naive() {
        let last = diverging(of: 2000, seed: 1) { records in
            var state: [String: Int] = [:]
            for record in records {
                if case .put(let value) = record.change { state[record.key] = value } else { state[record.key] = nil }
            }
            return state
        }
        #expect(last.count > 500, "\(last.count)")
        let forgetful = diverging(of: 2000, seed: 1) { records in
            var state: [String: (value: Int, version: RecordVersion)] = [:]
            for record in records {
                if let known = state[record.key], record.version <= known.version { continue }
                if case .put(let value) = record.change {
                    state[record.key] = (value, record.version)
                } else {
                    state[record.key] = nil
                }
            }
            return state.mapValues(\.value)
        }
        #expect(forgetful.count > 20, "\(forgetful.count)")
    }

    @Test("what follows from a change is done once for each change of state, in the order of the log")
    func outcomes() {
        var table = ConsistentTable<String>()
        func record(_ position: UInt64, _ value: String?, _ origin: KeyedRecord<String>.Origin = .live) -> KeyedRecord<
            String
        > {
            .init(key: "k", position: LogPosition(position), change: value.map { .put($0) } ?? .delete, origin: origin)
        }
        let replay = KeyedRecord<String>.Origin.replay(job: "0190", mayOverwrite: false)
        #expect(table.apply(record(5, "five")) == .applied)
        #expect(table.apply(record(5, "five", replay)) == .duplicate)
        #expect(table.apply(record(4, "four", replay)) == .superseded)
        #expect(table.apply(record(5, "FIVE", .replay(job: "0191", mayOverwrite: true))) == .applied)
        #expect(table["k"] == "FIVE")
        #expect(table.apply(record(5, "five")) == .superseded)
        #expect(table.apply(record(5, "5", .replay(job: "0190", mayOverwrite: true))) == .superseded)
        #expect(table.apply(record(4, "FOUR", .replay(job: "0192", mayOverwrite: true))) == .superseded)
        #expect(table.apply(record(6, nil)) == .applied)
        #expect(table["k"] == nil && table.keys.isEmpty && table.count == 1)
        #expect(table.apply(record(5, "FIVE", .replay(job: "0193", mayOverwrite: true))) == .superseded)
        #expect(table.forgetDeleted(before: LogPosition(6)) == 0)
        #expect(table.forgetDeleted(before: LogPosition(7)) == 1)
        #expect(table.count == 0)
    }

    @Test("positions compare as numbers, part by part")
    func positions() throws {
        let ascending = [
            "0", "0/1", "1", "9", "10", "10/2", "10/10", "49660000000000000000000000000000000000000000000000000001",
            "49660000000000000000000000000000000000000000000000000001/0",
            "100000000000000000000000000000000000000000000000000000000",
        ]
        let positions = try ascending.map { try #require(LogPosition($0)) }
        for (index, left) in positions.enumerated() {
            for (other, right) in positions.enumerated() { #expect((left < right) == (index < other)) }
        }
        #expect(LogPosition("007/00") == LogPosition("7/0"))
        for text in ["", "/", "1/", "-1", "1.5", "a", "1//2", "١"] { #expect(LogPosition(text) == nil, "\(text)") }
    }
}
