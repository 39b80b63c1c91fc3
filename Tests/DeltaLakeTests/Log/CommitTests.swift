import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import DeltaLake

/// Commits: one for each version, and the committer knows whether it is its own.
@Suite struct CommitTests {
    @Test("an entry has a fixed form", arguments: [true, false])
    func form(hasInfo: Bool) async throws {
        let store = MemoryObjectStore()
        let log = TestTable.log(store)
        let info = CommitInfo(timestamp: 5, operation: "CREATE", highwaterNonce: "n")
        #expect(try await log.commit(TestTable.birth + (hasInfo ? [.commitInfo(info)] : []), version: 0))
        let text = String(decoding: try await store.get(LogFile.commitKey(0), range: nil).bytes, as: UTF8.self)
        let lines = text.split(separator: "\n")
        if hasInfo {
            #expect(lines[0] == #"{"commitInfo":{"highwaterNonce":"n","operation":"CREATE","timestamp":5}}"#)
        } else {
            #expect(lines[0].hasPrefix(#"{"commitInfo":{"highwaterNonce":"#))
        }
        #expect(
            lines[1]
                == #"{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["domainMetadata"]}}"#
        )
    }

    @Test("actions that cannot be one commit are refused")
    func rules() async throws {
        let log = TestTable.log(MemoryObjectStore())
        let refused: [([DeltaAction], Int64)] = [
            ([TestTable.add("a")], 0), ([TestTable.add("a")], -1), ([TestTable.add("a"), TestTable.add("a")], 1),
            ([TestTable.add("/a")], 1), ([TestTable.add("a/../b")], 1), ([TestTable.add("")], 1),
            ([.domain(DomainMetadata(domain: "delta.x", configuration: ""))], 1),
            ([.protocol(DeltaProtocol(minReaderVersion: 3, minWriterVersion: 7))], 1),
        ]
        for (actions, version) in refused {
            await #expect(throws: DeltaLakeError(.invalidArgument, ""), "\(actions)") {
                try await log.commit(actions, version: version)
            }
        }
    }

    @Test("of many committers of a version exactly one wins, whatever answers are lost")
    func race() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let base = MemoryObjectStore()
        _ = try await TestTable.fill(TestTable.log(base), upTo: 0)
        let plan = FaultPlan(
            seed: seed,
            rules: [
                .init(.errorAfter(.timedOut), on: [.put], .probability(0.3)),
                .init(.errorBefore(.unavailable), on: [.put, .get], .probability(0.2)),
                .init(.errorAfter(.failed), on: [.put], .probability(0.1)),
                .init(.yieldBefore(3), .probability(0.5)),
            ]
        )
        let store = FaultInjectingObjectStore(base, plan: plan, sleep: { _ in await Task.yield() })
        for version in Int64(1)...60 {
            let winners = try await withThrowingTaskGroup(of: (String, Bool?).self) { group in
                for committer in 0..<6 {
                    group.addTask {
                        let name = "\(version)-\(committer)"
                        do {
                            return (
                                name, try await TestTable.log(store).commit([TestTable.add(name)], version: version)
                            )
                        } catch let error as DeltaLakeError where error.code == .unknownOutcome {
                            return (name, nil)
                        }
                    }
                }
                var results: [(String, Bool?)] = []
                for try await result in group { results.append(result) }
                return results
            }
            guard let actions = try await TestTable.log(base).actions(ofVersion: version) else {
                #expect(winners.allSatisfy { $0.1 == nil }, "seed \(seed), version \(version)")
                _ = try await TestTable.log(base).commit([], version: version)
                continue
            }
            let committed = actions.compactMap { if case .add(let add) = $0 { add.path } else { nil } }
            let won = winners.filter { $0.1 == true }.map(\.0)
            #expect(won.count <= 1, "seed \(seed), version \(version)")
            for (name, result) in winners {
                if result == true { #expect(committed == [name], "seed \(seed), version \(version)") }
                if result == false { #expect(committed != [name], "seed \(seed), version \(version)") }
            }
        }
    }
}
