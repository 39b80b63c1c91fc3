import ObjectStorage
import Testing

@testable import DeltaLake

/// delta-rs and Polars read what we write, and we read what delta-rs writes.
@Suite struct PeerTests {
    private let peer = DeltaPeer()

    @Test(
        "others read our table from its commits, from a checkpoint of ours, and when the log before it is gone",
        arguments: [DeltaProtocol.plain, .domains]
    )
    func othersReadUs(version: DeltaProtocol) async throws {
        defer { cleanUp() }
        let log = DeltaLog(store: peer.store)
        var snapshot = try await peer.fill(log, version, third: "c d%20é+=:.parquet")
        let files = DeltaPeer.files(snapshot)
        #expect(try await peer.run("read") == .init(version: 4, files: files, ids: Array(0..<40)))
        let removed = try #require(snapshot.files["e.parquet"])
        let removal: [DeltaAction] = [.remove(DeltaRemove(removed, deletionTimestamp: DeltaLog.now, dataChange: true))]
        #expect(try await log.commit(removal, version: 5))
        snapshot = try snapshot.applying(removal)
        let expected = DeltaPeer.Table(version: 5, files: files.filter { $0 != "e.parquet" }, ids: Array(0..<30))
        #expect(try await peer.run("read") == expected)
        try await log.writeCheckpoint(snapshot)
        #expect(try await peer.run("read") == expected)
        for version in Int64(0)...5 { try await peer.store.delete(LogFile.commitKey(version)) }
        #expect(try await peer.run("read") == expected)
        #expect(try await log.latest()?.state == snapshot.state)
        try await peer.store.delete(LogFile.lastCheckpoint)
        #expect(try await peer.run("read") == expected)
    }

    @Test("after optimize, vacuum and checkpoints of delta-rs we see its files, and our domains are still there")
    func weReadOthers() async throws {
        defer { cleanUp() }
        let log = DeltaLog(store: peer.store)
        let before = try await peer.fill(log)
        for command in ["optimize", "vacuum", "checkpoint"] {
            let theirs = try await peer.run(command)
            let ours = try #require(try await log.latest())
            #expect(theirs.version == ours.version, "after \(command)")
            #expect(theirs.files == DeltaPeer.files(ours), "after \(command)")
            #expect(theirs.ids == Array(0..<40), "after \(command)")
            #expect(ours.domains == before.domains, "after \(command)")
            #expect(ours.transactions == before.transactions, "after \(command)")
            #expect(ours.metadata == before.metadata, "after \(command)")
            #expect(ours.protocol == before.protocol, "after \(command)")
            #expect(try await log.advance(before).state == ours.state, "after \(command)")
        }
        // From the checkpoint that delta-rs wrote, with nothing before it.
        let ours = try #require(try await log.latest())
        #expect(ours.checkpointVersion == ours.version)
        for version in 0...ours.version { try await peer.store.delete(LogFile.commitKey(version)) }
        let alone = try #require(try await log.latest(hint: ours.version))
        #expect(alone.state == ours.state)
        // And on with commits of ours, and a checkpoint of ours behind theirs.
        let actions = [try await peer.file("segments/z.parquet", ids: [40, 41], time: DeltaLog.now)]
        #expect(try await log.commit(actions, version: alone.version + 1))
        try await log.writeCheckpoint(alone.applying(actions))
        #expect(try await peer.run("read").ids == Array(0..<42))
    }

    @Test("delta-rs keeps domains in its checkpoints, and commits nothing to tables that declare them")
    func declaredDomains() async throws {
        defer { cleanUp() }
        let log = DeltaLog(store: peer.store)
        let before = try await peer.fill(log, .domains)
        await #expect(throws: DeltaPeer.Failure.self) { try await peer.run("optimize", errors: false) }
        #expect(try await log.latest()?.state == before.state)
        try await peer.run("checkpoint")
        for version in 0...before.version { try await peer.store.delete(LogFile.commitKey(version)) }
        #expect(try await log.latest()?.state == before.state)
    }

    @Test("a table of delta-rs is read, written, and read by delta-rs again")
    func tableOfOthers() async throws {
        defer { cleanUp() }
        let theirs = try await peer.run("create")
        let log = DeltaLog(store: peer.store)
        let ours = try #require(try await log.latest())
        #expect(theirs.version == ours.version)
        #expect(theirs.files == DeltaPeer.files(ours))
        let rows = try ours.files.values.map { try DeltaStatistics(json: $0.stats ?? "").numRecords }
        #expect(rows == [4, 4, 4])
        try ours.requireWritable()
        let actions = [try await peer.file("segments/z.parquet", ids: [12, 13], time: DeltaLog.now)]
        #expect(try await log.commit(actions, version: ours.version + 1))
        try await log.writeCheckpoint(ours.applying(actions))
        #expect(try await peer.run("read").ids == Array(0..<14))
        try await peer.run("optimize")
        try await peer.run("checkpoint")
        #expect(try await log.latest()?.files.count == 1)
    }

    private func cleanUp() {
        do {
            try peer.remove()
        } catch {
            Issue.record(error)
        }
    }
}
