import ObjectStorage
import ObjectStorageTesting
import Parquet
import Testing

@testable import DeltaLake

/// Checkpoints there and back, and those of strangers.
@Suite struct CheckpointTests {
    private let store = MemoryObjectStore()

    private func reader(_ limits: DeltaLimits = DeltaLimits()) -> CheckpointReader {
        CheckpointReader(object: "o", location: "l", limits: limits)
    }

    private func actions() throws -> [DeltaAction] {
        let file = DeltaAdd(
            path: "a b/é.parquet",
            partitionValues: ["p": nil, "q": "x"],
            size: 5,
            modificationTime: 6,
            dataChange: false,
            stats: #"{"numRecords":1}"#,
            tags: ["t": "u"]
        )
        let removed = DeltaAdd(path: "gone", size: 1, modificationTime: 1, dataChange: true)
        return TestTable.birth + [
            .transaction(DeltaTransaction(appID: "a", version: 1, lastUpdated: 2)),
            .transaction(DeltaTransaction(appID: "b", version: 1)),
            .domain(DomainMetadata(domain: "d", configuration: "{}")), .add(file), TestTable.add("plain"),
            .remove(DeltaRemove(removed, deletionTimestamp: 3, dataChange: true)),
        ]
    }

    @Test("the actions of a checkpoint come back, and equal states have equal bytes")
    func comeBack() throws {
        let actions = try actions()
        let bytes = try CheckpointWriter.write(actions)
        #expect(try reader().actions(bytes) == actions)
        let snapshot = try DeltaSnapshot(actions.shuffled(), version: 3)
        let again = try DeltaSnapshot(actions.shuffled(), version: 3)
        #expect(
            try CheckpointWriter.write(CheckpointWriter.actions(of: snapshot))
                == CheckpointWriter.write(CheckpointWriter.actions(of: again))
        )
        #expect(try DeltaSnapshot(reader().actions(bytes), version: 3).state == snapshot.state)
    }

    @Test("a checkpoint with any byte changed, or cut short, gives an error or a state, and no crash")
    func damage() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        let sound = try CheckpointWriter.write(actions())
        var errors = 0
        for _ in 0..<1000 {
            var bytes = sound
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
            case 1: bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            default:
                // The footer, where a byte tells most.
                let tail = bytes.count / 2
                for _ in 0..<3 {
                    let bit = UInt8.random(in: 0..<8, using: &random)
                    bytes[Int.random(in: tail..<bytes.count, using: &random)] ^= 1 << bit
                }
            }
            do {
                _ = try reader().actions(bytes)
            } catch let error as DeltaLakeError {
                errors += 1
                #expect(error.object == "o", "seed \(seed)")
                #expect(
                    [.malformed, .unsupported, .limitExceeded].contains(error.code),
                    "seed \(seed): \(error)"
                )
            }
        }
        #expect(errors > 450, "seed \(seed)")
    }

    @Test("limits hold before anything is taken out")
    func limits() throws {
        let bytes = try CheckpointWriter.write(actions())
        #expect(throws: DeltaLakeError(.limitExceeded, "")) {
            try reader(DeltaLimits(maximumActions: 3)).actions(bytes)
        }
        #expect(throws: DeltaLakeError(.limitExceeded, "")) {
            try reader(DeltaLimits(maximumTextBytes: 100)).actions(bytes)
        }
    }

    @Test("a log entry or checkpoint larger than the limit is refused, not loaded")
    func objectLimits() async throws {
        var log = TestTable.log(store)
        let snapshot = try await TestTable.fill(log, upTo: 3)
        log.limits.maximumCommitBytes = 100
        await #expect(throws: DeltaLakeError.self) {
            try await log.advance(try DeltaSnapshot(TestTable.birth, version: 0))
        }
        await #expect(throws: DeltaLakeError(.invalidArgument, "")) {
            try await log.commit(TestTable.birth, version: 4)
        }
        try await log.writeCheckpoint(snapshot)
        log.limits.maximumCheckpointBytes = 100
        await #expect(throws: DeltaLakeError.self) { try await log.latest() }
    }

    @Test("a checkpoint in parts is read once all parts are there")
    func parts() async throws {
        let log = TestTable.log(store)
        let snapshot = try await TestTable.fill(log, upTo: 6)
        let actions = CheckpointWriter.actions(of: snapshot)
        let keys = LogFile.checkpointKeys(6, parts: 3)
        #expect(keys[1] == "_delta_log/00000000000000000006.checkpoint.0000000002.0000000003.parquet")
        for (index, key) in keys.enumerated() {
            let some = actions.indices.filter { $0 % 3 == index }.map { actions[$0] }
            try await store.put(key, try CheckpointWriter.write(some))
            if index == 1 { #expect(try await log.latest()?.checkpointVersion == nil) }
        }
        #expect(try await log.latest()?.checkpointVersion == 6)
        try await store.put(LogFile.lastCheckpoint, Array(#"{"version":6,"size":9,"parts":3}"#.utf8))
        for version in Int64(0)...6 { try await store.delete(LogFile.commitKey(version)) }
        #expect(try await log.latest()?.state == snapshot.state)
    }

    @Test(
        "a pointer that is nonsense does no harm",
        arguments: [
            "", "x", "[]", "{}", #"{"version":-1}"#, #"{"version":"1"}"#, #"{"version":9223372036854775807}"#,
            #"{"version":2,"parts":0}"#, #"{"version":2,"parts":100000000}"#, #"{"version":3,"parts":2}"#,
            #"{"version":99}"#,
        ]
    )
    func badPointer(text: String) async throws {
        let log = TestTable.log(store)
        let snapshot = try await TestTable.fill(log, upTo: 4)
        try await store.put(LogFile.lastCheckpoint, Array(text.utf8))
        #expect(try await log.latest()?.state == snapshot.state)
    }

    @Test("the pointer does not go back, and is mended when it is nonsense")
    func pointer() async throws {
        let log = TestTable.log(store)
        let old = try await TestTable.fill(log, upTo: 4)
        #expect(try await log.commit([TestTable.add("x")], version: 5))
        func pointed() async throws -> Int64? {
            LastCheckpoint(try await store.get(LogFile.lastCheckpoint, range: nil).bytes)?.version
        }
        try await log.writeCheckpoint(try old.applying([TestTable.add("x")]))
        try await log.writeCheckpoint(old)
        #expect(try await pointed() == 5)
        try await store.put(LogFile.lastCheckpoint, Array("nonsense".utf8))
        try await log.writeCheckpoint(old)
        #expect(try await pointed() == 4)
    }

    @Test("checkpoints of the second kind are refused, since sidecars are not read")
    func sidecars() throws {
        let schema = Schema([
            .group("txn", [.leaf("appId", .byteArray, .string), .leaf("version", .int64)], .optional),
            .group("sidecar", [.leaf("path", .byteArray, .string)], .optional),
        ])
        var shredder = try RecordShredder(schema)
        try shredder.append(.structure([.null, .structure([.string("x.parquet")])]))
        var writer = try ParquetWriter(schema: schema)
        try writer.writeRowGroup(shredder.finish())
        let bytes = writer.finish()
        #expect(throws: DeltaLakeError(.unsupported, "")) { try reader().actions(bytes) }
    }

    @Test("a Parquet file that is no checkpoint is refused")
    func noCheckpoint() throws {
        let writer = try ParquetWriter(schema: Schema([.leaf("add", .int64)]))
        let bytes = writer.finish()
        #expect(throws: DeltaLakeError(.malformed, "")) { try reader().actions(bytes) }
    }
}
