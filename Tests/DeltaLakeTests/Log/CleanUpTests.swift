import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import DeltaLake

/// The log stays short, and can be read at any moment meanwhile.
@Suite struct CleanUpTests {
    private let store = CountingObjectStore(MemoryObjectStore())
    private let tomorrow: @Sendable () -> Int64 = { DeltaLog.now + 86_400_000 }

    private func fill(checkpoints: [Int64], upTo version: Int64) async throws -> DeltaSnapshot {
        let log = TestTable.log(store)
        #expect(try await log.commit(TestTable.birth, version: 0))
        var snapshot = try DeltaSnapshot(TestTable.birth, version: 0)
        for next in 1...version {
            let actions = [TestTable.add("\(next)")]
            #expect(try await log.commit(actions, version: next))
            snapshot = try snapshot.applying(actions)
            if checkpoints.contains(next) { try await log.writeCheckpoint(snapshot) }
        }
        return snapshot
    }

    private func names() async throws -> Set<LogFile> {
        Set(try await store.listAll(prefix: LogFile.prefix).collect(upTo: 1000).compactMap { LogFile(key: $0.key) })
    }

    @Test(
        "what a checkpoint older than the retention covers goes: checkpoints first, the commits behind them next time"
    )
    func twoRuns() async throws {
        let snapshot = try await fill(checkpoints: [3, 6, 9], upTo: 12)
        let log = TestTable.log(store, clock: tomorrow)
        store.reset()
        let first = try await log.cleanUp(retention: 3_600_000)
        #expect(store.counts.requests == [.list: 1, .delete: 1])
        #expect(first.oldestVersion == 9)
        #expect(first.deleted.compactMap { LogFile(key: $0) }.sorted { $0.version < $1.version }.count == 6)
        #expect(try await names() == Set((4...12).map { .commit($0) } + [.checkpoint(9)]))
        #expect(try await log.latest()?.state == snapshot.state)
        _ = try await log.cleanUp(retention: 3_600_000)
        #expect(try await names() == Set((9...12).map { .commit($0) } + [.checkpoint(9)]))
        #expect(try await log.latest()?.state == snapshot.state)
        #expect(try await log.cleanUp(retention: 3_600_000).deleted.isEmpty)
    }

    @Test("nothing goes that is younger than the retention, or without a checkpoint, or in a dry run")
    func nothingGoes() async throws {
        _ = try await fill(checkpoints: [], upTo: 4)
        let log = TestTable.log(store, clock: tomorrow)
        #expect(try await log.cleanUp(retention: 0).deleted.isEmpty)
        try await log.writeCheckpoint(#require(try await log.latest()))
        #expect(try await log.cleanUp(retention: 2 * 86_400_000).deleted.isEmpty)
        let before = try await names()
        #expect(try await log.cleanUp(retention: 3_600_000, isDryRun: true).deleted.count == 4)
        #expect(try await names() == before)
        #expect(try await TestTable.log(MemoryObjectStore()).cleanUp(retention: 0).deleted.isEmpty)
    }

    @Test("other objects beneath the log are left alone")
    func others() async throws {
        _ = try await fill(checkpoints: [3], upTo: 4)
        let others = [
            "_delta_log/_commits/00000000000000000001.x.json", "_delta_log/.tmp", "_delta_log/1.json",
            "_delta_log/00000000000000000001.json.bak", "_delta_log/_sidecars/x.parquet",
        ]
        for key in others { try await store.put(key, [1]) }
        try await store.put("_delta_log/00000000000000000001.crc", [1])
        let deleted = try await TestTable.log(store, clock: tomorrow).cleanUp(retention: 0).deleted
        #expect(Set(deleted).isDisjoint(with: others))
        #expect(deleted.contains("_delta_log/00000000000000000001.crc"))
    }

    @Test("a reader far behind a clean-up of the log comes through, by any of its ways")
    func farBehind() async throws {
        let log = TestTable.log(store, clock: tomorrow)
        let newest = try await fill(checkpoints: [3, 30, 60], upTo: 64)
        var old = try DeltaSnapshot(TestTable.birth, version: 0)
        for _ in 0..<2 { _ = try await log.cleanUp(retention: 0) }
        for hint in [nil, 0, 3, 30, 60, 64] as [Int64?] {
            #expect(try await log.latest(hint: hint)?.state == newest.state)
        }
        // It cannot tell a commit that is gone from one that is not there yet, as long as it trusts what it has.
        old.validated = .now - .seconds(4000)
        #expect(try await log.advance(old).state == newest.state)
    }
}
