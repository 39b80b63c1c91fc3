import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import DeltaLake

/// The newest state, and what it takes to find it.
@Suite struct ReadTests {
    private let store = CountingObjectStore(MemoryObjectStore())

    @Test("where there is no log there is no table")
    func noTable() async throws {
        let log = TestTable.log(store)
        #expect(try await log.latest() == nil)
        #expect(store.counts.requests == [.get: 1, .list: 1])
        #expect(try await log.latest(hint: 7) == nil)
        #expect(try await log.actions(ofVersion: 0) == nil)
        #expect(try await log.actions(ofVersion: -1) == nil)
    }

    @Test("a state is the same from its commits, from a checkpoint, and from both", arguments: [0, 1, 2, 5, 40])
    func sameState(behind: Int64) async throws {
        let log = TestTable.log(store)
        let middle = try await TestTable.fill(log, upTo: 9)
        var written = middle
        for version in 10..<(10 + behind) {
            let actions = [TestTable.add("more/\(version)")]
            #expect(try await log.commit(actions, version: version))
            written = try written.applying(actions)
        }
        #expect(try await log.latest()?.state == written.state)
        try await log.writeCheckpoint(middle)
        let read = try #require(try await log.latest())
        #expect(read.state == written.state)
        #expect(read.checkpointVersion == 9)
        #expect(try await log.latest(hint: 9)?.state == written.state)
        #expect(try await log.latest(hint: 4)?.state == written.state)
        #expect(try await log.latest(hint: .max)?.state == written.state)
    }

    @Test("the requests are as documented")
    func requests() async throws {
        let log = TestTable.log(store)
        let first = try await TestTable.fill(log, upTo: 9)
        store.reset()
        try await log.writeCheckpoint(first)
        #expect(store.reset().requests == [.put: 2, .get: 1])
        _ = try await log.latest(hint: 9)
        #expect(store.reset().requests == [.get: 2])
        _ = try await log.latest()
        #expect(store.reset().requests == [.get: 3])
        _ = try await log.advance(first)
        #expect(store.reset().requests == [.get: 1])
        #expect(try await log.commit([TestTable.add("a")], version: 10))
        #expect(store.reset().requests == [.put: 1])
        #expect(try await log.advance(first).version == 10)
        #expect(store.reset().requests == [.get: 2])
        for version in Int64(11)..<30 { _ = try await log.commit([TestTable.add("b\(version)")], version: version) }
        store.reset()
        #expect(try await log.advance(first).version == 29)
        #expect(store.reset()[.get] <= 20 * 2 + 16)
        #expect(try await log.actions(ofVersion: 3)?.count == 4)
        #expect(store.reset().requests == [.get: 1])
        #expect(try await !log.commit([TestTable.add("c")], version: 10))
        #expect(store.reset().requests == [.put: 1, .get: 1])
        try await store.delete([LogFile.lastCheckpoint]).first.map { throw $0.error }
        store.reset()
        #expect(try await log.latest()?.version == 29)
        #expect(store.counts[.list] == 1)
    }

    @Test("a damaged or missing checkpoint is passed over while the commits tell the state")
    func damagedCheckpoint() async throws {
        let log = TestTable.log(store)
        let snapshot = try await TestTable.fill(log, upTo: 5)
        try await log.writeCheckpoint(snapshot)
        let key = LogFile.checkpointKey(5)
        let whole = try await store.get(key, range: nil).bytes
        for damaged in [[], Array(whole.prefix(whole.count / 2)), Array("PAR1 nonsense PAR1".utf8)] {
            try await store.put(key, damaged)
            #expect(try await log.latest()?.state == snapshot.state)
            #expect(try await log.latest(hint: 5)?.state == snapshot.state)
        }
        try await store.delete(LogFile.commitKey(0))
        await #expect(throws: DeltaLakeError(.malformed, "")) { try await log.latest() }
        try await store.put(key, whole)
        #expect(try await log.latest()?.state == snapshot.state)
        try await store.delete(key)
        await #expect(throws: DeltaLakeError(.malformed, "")) { try await log.latest() }
    }

    @Test("a commit that is missing in the middle is an error that names it")
    func gap() async throws {
        let log = TestTable.log(store)
        _ = try await TestTable.fill(log, upTo: 40)
        for version in [Int64(1), 17, 39] {
            let key = LogFile.commitKey(version)
            let bytes = try await store.get(key, range: nil).bytes
            try await store.delete(key)
            let error = await #expect(throws: DeltaLakeError.self) { try await log.latest() }
            #expect(error?.code == .malformed)
            #expect(error?.object == key)
            try await store.put(key, bytes)
        }
    }

    @Test("a state that was left behind by a clean-up of the log is brought up to date")
    func leftBehind() async throws {
        let log = TestTable.log(store)
        var old = try await TestTable.fill(log, upTo: 3)
        var written = old
        for version in Int64(4)...20 {
            let actions = [TestTable.add("b\(version)")]
            _ = try await log.commit(actions, version: version)
            written = try written.applying(actions)
        }
        try await log.writeCheckpoint(written)
        for version in Int64(0)...10 { try await store.delete(LogFile.commitKey(version)) }
        old.validated = .now - .seconds(7200)
        #expect(try await log.advance(old).state == written.state)
    }
}
