import EventJournal
import Foundation
import ObjectStorageTesting
import Testing

@testable import FlashFlood

@Suite("Random programs")
struct RandomProgramTests {
    /// What a program leaves, and the operations that lead there.
    private struct Program {
        var operations: [OriginalFlood.Operation] = []
        /// What an operation does to the events if the library does not refuse it.
        private var effects: [(inout [String: OriginalFlood.Told]) -> Void] = []

        init(seed: UInt64, length: Int) {
            var random = SeededRandom(seed: seed)
            var next = 0
            var alive: [String] = []
            var hasDied = false
            // Of two changes of one event that it applies at once, the library forgets to mark the first one dead, and
            // applies it to the journal that is gone the next time: so there is one at a time.
            var pending: Set<String> = []
            for _ in 0..<length {
                let choice = Int.random(in: 0..<20, using: &random)
                // After a death between two steps there are two of some events; the library may bring either back when
                // it goes on applying and combining.
                if hasDied, choice >= 15 { continue }
                switch choice {
                case 0..<10:
                    // Some share a moment, most are out of order; no id is the beginning of another.
                    let time = 1_709_251_200_000_000 + Int64.random(in: 0...20, using: &random) * 500_000
                    var id = "p\(next)!"
                    if choice == 0, let old = alive.randomElement(using: &random), next % 3 == 0 {
                        // From here on the library confuses the shorter one with this: it is left alone.
                        id = old + "x"
                        alive.removeAll { $0 == old }
                    }
                    next += 1
                    let data = Program.bytes(&random)
                    let told = OriginalFlood.Told(id, time, data)
                    if !id.hasSuffix("x") { alive.append(id) }
                    add(.put(id, time, data)) { $0[id] = told }
                case 10..<13:
                    guard let id = alive.randomElement(using: &random), pending.insert(id).inserted else { continue }
                    let data = Program.bytes(&random)
                    add(.update(id, data)) { $0[id]?.data = Data(data).base64EncodedString() }
                case 13..<15:
                    guard let id = alive.randomElement(using: &random), pending.insert(id).inserted else { continue }
                    alive.removeAll { $0 == id }
                    add(.delete(id)) { $0[id] = nil }
                case 15:
                    pending = []
                    add(.apply) { _ in }
                case 16, 17: add(.journal(Int.random(in: 1...6, using: &random), size: 50)) { _ in }
                case 18:
                    let first = Int.random(in: 0...3, using: &random)
                    add(.collate(first, Int.random(in: 1...4, using: &random))) { _ in }
                default:
                    hasDied = true
                    add(.dieCombining(0, Int.random(in: 1...4, using: &random))) { _ in }
                }
            }
        }

        private mutating func add(
            _ operation: OriginalFlood.Operation,
            _ effect: @escaping (inout [String: OriginalFlood.Told]) -> Void
        ) {
            operations.append(operation)
            effects.append(effect)
        }

        private static func bytes(_ random: inout SeededRandom) -> [UInt8] {
            let size = Int.random(in: 0...9, using: &random) == 0 ? 0 : Int.random(in: 1...200, using: &random)
            return (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
        }

        func outcome(_ results: [Any?]) -> [String: OriginalFlood.Told] {
            var events: [String: OriginalFlood.Told] = [:]
            for (result, effect) in zip(results, effects) where result != nil { effect(&events) }
            return events
        }
    }

    @Test(
        "whatever the library did, the import has its events, and the export gives them back",
        arguments: 1...8 as ClosedRange<UInt64>
    )
    func program(seed: UInt64) async throws {
        let program = Program(seed: seed, length: 45)
        let flood = try await OriginalFlood()
        let results = try await flood.run(program.operations)
        let expected = program.outcome(results)
        let journal = try await Journal.open("memory:\(UUID().uuidString)", create: true)
        var random = SeededRandom(seed: ~seed)
        let options = FlashFloodImportOptions(
            unitBytes: Int.random(in: 1...2000, using: &random),
            unitEvents: Int.random(in: 1...20, using: &random),
            parallelism: Int.random(in: 1...4, using: &random),
            requests: Int.random(in: 1...8, using: &random)
        )
        let report = try await FlashFloodImporter(from: try flood.store, into: journal, options: options).run()
        #expect(report.failures.isEmpty, "seed \(seed)")
        let events = try await journal.told()
        #expect(events.count == Set(events.map(\.id)).count, "seed \(seed)")
        let wrong = Set(events).symmetricDifference(expected.values)
        #expect(wrong.isEmpty, "seed \(seed), \(program.operations.map(\.name))")
        let back = try await OriginalFlood(prefix: "back")
        _ = try await FlashFloodExporter(
            of: journal,
            to: try back.store,
            options: FlashFloodExportOptions(
                journalBytes: Int.random(in: 1...2000, using: &random),
                journalEvents: Int.random(in: 1...10, using: &random)
            )
        )
        .run()
        let told = try await back.run([.replay, .get(events.filter { !$0.data.isEmpty }.map(\.id))])
        #expect(try OriginalFlood.told(told[0]) == events, "seed \(seed)")
        #expect(try OriginalFlood.told(told[1]) == events.filter { !$0.data.isEmpty }, "seed \(seed)")
    }
}
