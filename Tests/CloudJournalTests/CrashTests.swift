import CloudTesting
import EventJournal
import Foundation
import ObjectStorage
import Testing

@Suite("Processes that are killed")
struct CrashTests {
    @Test(
        "what killed writers said is stored is there whole, and nothing in part",
        arguments: [StoreKind.s3, .google, .directory]
    )
    func killedWriters(kind: StoreKind) async throws {
        try await CloudServers.withPlace(kind) { url, environment, open in
            var acknowledged: Set<String> = []
            for round in 0..<2 {
                let writers = try (0..<3)
                    .map { number in
                        try ChildProgram(
                            ChildProgram.journalWriter,
                            [url, "r\(round)w\(number)", "100000", "7"],
                            environment: environment
                        )
                    }
                // Compactors beside them, which are killed as well, sooner or later.
                let deadline = ContinuousClock.now + .seconds(120)
                var patience = 40
                while writers.contains(where: { $0.output.split(separator: "\n").count < 5 + round * 3 }),
                    ContinuousClock.now < deadline
                {
                    let compactor = try ChildProgram(
                        ChildProgram.highwater,
                        ["compact", url, "--force"],
                        environment: environment
                    )
                    try await Task.sleep(for: .milliseconds(patience))
                    compactor.signal(SIGKILL)
                    _ = await compactor.wait()
                    patience += 60
                }
                for program in writers { program.signal(SIGKILL) }
                for writer in writers {
                    let outcome = await writer.wait()
                    #expect(outcome.error.isEmpty, "\(outcome.error)")
                    let lines = outcome.output.split(separator: "\n")
                    #expect(lines.count >= 5)
                    acknowledged.formUnion(lines.map { String($0.dropFirst("acknowledged ".count)) })
                }
            }
            let journal = Journal(store: try open())
            var counts: [String: Int] = [:]
            var ids: Set<String> = []
            for try await batch in journal.replay() {
                for row in 0..<batch.count {
                    let id = batch[row].id
                    #expect(ids.insert(id).inserted, "\(id) is there twice")
                    counts[id.split(separator: "-").dropLast().joined(separator: "-"), default: 0] += 1
                }
            }
            #expect(counts.values.allSatisfy { $0 == 7 }, "a batch is there in part")
            #expect(acknowledged.isSubset(of: counts.keys))
            #expect(try await journal.verify().isClean)
            try await journal.compact(CompactionPolicy(force: true))
            #expect(try await Journal(store: open()).statistics().events == ids.count)
        }
    }
}
