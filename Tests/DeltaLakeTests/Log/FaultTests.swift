import Foundation
import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import DeltaLake

/// Stores that fail, and many committers at once.
@Suite struct FaultTests {
    /// Lists backwards: order is not promised.
    private struct BackwardsStore: ForwardingObjectStore {
        let base: any ObjectStore
        func list(_ options: ListOptions) async throws -> ListPage {
            var page = try await base.list(options)
            page.objects.reverse()
            return page
        }
    }

    @Test("reading gets through errors that pass, and bodies cut short")
    func reading() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let base = MemoryObjectStore()
        let written = try await TestTable.fill(TestTable.log(base), upTo: 30)
        try await TestTable.log(base).writeCheckpoint(written)
        let plan = FaultPlan(
            seed: seed,
            rules: [
                .init(.errorBefore(.unavailable), on: [.get, .list], .probability(0.2)),
                .init(.errorAfter(.timedOut), on: [.get, .list], .probability(0.1)),
                .init(.truncate(0.7), on: [.get], .probability(0.1)),
            ]
        )
        let store = FaultInjectingObjectStore(base, plan: plan)
        var log = TestTable.log(BackwardsStore(base: store))
        log.retryPolicy.attempts = 30
        for hint in [nil, 30, 12] as [Int64?] {
            for _ in 0..<5 { #expect(try await log.latest(hint: hint)?.state == written.state, "seed \(seed)") }
        }
        try await base.delete(LogFile.lastCheckpoint)
        #expect(try await log.latest()?.state == written.state, "seed \(seed)")
        #expect(!store.log.isEmpty)
    }

    @Test("a request that the store itself has tried for long is not made again", arguments: [true, false])
    func patientStore(isPatient: Bool) async throws {
        let base = CountingObjectStore(MemoryObjectStore())
        let store = FaultInjectingObjectStore(base) { _ in [.errorAfter(.unavailable)] }
        var log = TestTable.log(store)
        if isPatient { log.retryPolicy.longestTotal = .zero }
        await #expect(throws: DeltaLakeError.self) { try await log.latest() }
        #expect(base.counts.total == (isPatient ? 1 : log.retryPolicy.attempts))
    }

    @Test("errors that do not pass are reported with the object and the store's code")
    func reporting() async throws {
        let base = MemoryObjectStore()
        _ = try await TestTable.fill(TestTable.log(base), upTo: 2)
        for code in [ObjectStoreError.Code.permissionDenied, .unavailable] {
            let store = FaultInjectingObjectStore(base) { _ in [.errorBefore(code)] }
            let error = await #expect(throws: DeltaLakeError.self) { try await TestTable.log(store).latest() }
            #expect(error?.code == .storage)
            #expect(error?.storeCode == code)
            #expect(error?.object == LogFile.lastCheckpoint)
        }
    }

    @Test("a commit whose answers are lost for good says so, and one that surely failed says that")
    func unknownOutcome() async throws {
        let base = MemoryObjectStore()
        _ = try await TestTable.fill(TestTable.log(base), upTo: 0)
        let lost = FaultInjectingObjectStore(base) { request in
            request.operation == .put ? [.errorAfter(.timedOut)] : [.errorBefore(.unavailable)]
        }
        await #expect(throws: DeltaLakeError(.unknownOutcome, "")) {
            try await TestTable.log(lost).commit([TestTable.add("a")], version: 1)
        }
        let denied = FaultInjectingObjectStore(base) { _ in [.errorBefore(.permissionDenied)] }
        await #expect(throws: DeltaLakeError(.storage, "")) {
            try await TestTable.log(denied).commit([TestTable.add("a")], version: 2)
        }
        // The answer to the put alone is lost: the entry is read back.
        let deaf = FaultInjectingObjectStore(base) { $0.operation == .put ? [.errorAfter(.failed)] : [] }
        #expect(try await TestTable.log(deaf).commit([TestTable.add("b")], version: 2))
        #expect(try await !TestTable.log(deaf).commit([TestTable.add("c")], version: 2))
    }

    @Test("committers at once on one store make one commit a version, and none is lost", arguments: [true, false])
    func committers(isLocal: Bool) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "delta-\(UUID().uuidString)")
        let store: any ObjectStore = isLocal ? LocalObjectStore(directory: directory.path) : MemoryObjectStore()
        defer {
            if isLocal {
                do {
                    try FileManager.default.removeItem(at: directory)
                } catch {
                    Issue.record(error)
                }
            }
        }
        let start = try await TestTable.fill(TestTable.log(store), upTo: 0)
        let (committers, each) = (6, isLocal ? 8 : 40)
        try await withThrowingTaskGroup { group in
            for committer in 0..<committers {
                group.addTask {
                    let log = TestTable.log(store)
                    var snapshot = start
                    for number in 0..<each {
                        let actions = [TestTable.add("\(committer)-\(number)")]
                        while true {
                            if try await log.commit(actions, version: snapshot.version + 1) {
                                snapshot = try snapshot.applying(actions)
                                break
                            }
                            snapshot = try await log.advance(snapshot)
                        }
                        if number % 7 == 3 { try await log.writeCheckpoint(snapshot) }
                    }
                }
            }
            try await group.waitForAll()
        }
        let newest = try #require(try await TestTable.log(store).latest())
        #expect(newest.version == Int64(committers * each))
        #expect(newest.files.count == committers * each)
    }
}
