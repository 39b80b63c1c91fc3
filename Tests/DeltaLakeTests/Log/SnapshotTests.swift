import ObjectStorage
import ObjectStorageTesting
import Testing

@testable import DeltaLake

/// How actions of many versions make one state.
@Suite struct SnapshotTests {
    private let file = DeltaAdd(path: "a", size: 1, modificationTime: 1, dataChange: true)

    @Test("the last action for a file counts, and a tombstone goes when the file comes back")
    func files() throws {
        var snapshot = try DeltaSnapshot(TestTable.birth, version: 0)
        snapshot = try snapshot.applying([.add(file)])
        snapshot = try snapshot.applying([.remove(DeltaRemove(file, deletionTimestamp: 5, dataChange: true))])
        #expect(snapshot.files.isEmpty)
        #expect(snapshot.tombstones.keys.sorted() == ["a"])
        var again = file
        again.size = 2
        snapshot = try snapshot.applying([.add(again)])
        #expect(snapshot.files["a"]?.size == 2)
        #expect(snapshot.tombstones.isEmpty)
        #expect(snapshot.version == 3)
    }

    @Test("domains, transactions, metadata and protocol are replaced by later ones, and removed domains go")
    func others() throws {
        var snapshot = try DeltaSnapshot(TestTable.birth, version: 0)
        snapshot = try snapshot.applying([
            .domain(DomainMetadata(domain: "a", configuration: "1")),
            .domain(DomainMetadata(domain: "b", configuration: "1")),
            .transaction(DeltaTransaction(appID: "x", version: 9)),
        ])
        snapshot = try snapshot.applying([
            .domain(DomainMetadata(domain: "a", configuration: "2")),
            .domain(DomainMetadata(domain: "b", configuration: "1", removed: true)),
            .transaction(DeltaTransaction(appID: "x", version: 3)), .protocol(.plain),
            .metadata(DeltaMetadata(id: "new", schemaString: "{}")),
        ])
        #expect(snapshot.domains == ["a": "2"])
        #expect(snapshot.transactions["x"]?.version == 3)
        #expect(snapshot.protocol == .plain)
        #expect(snapshot.metadata.id == "new")
    }

    @Test("a log without protocol or metadata is malformed")
    func incomplete() {
        for action in TestTable.birth {
            #expect(throws: DeltaLakeError(.malformed, "")) { try DeltaSnapshot([action], version: 0) }
        }
    }

    @Test("names that differ only in how accents are composed are not taken for one file")
    func composition() throws {
        let snapshot = try DeltaSnapshot(TestTable.birth + [TestTable.add("\u{E9}")], version: 0)
        #expect(throws: DeltaLakeError(.unsupported, "")) { try snapshot.applying([TestTable.add("e\u{301}")]) }
    }

    @Test("tombstones expire after the table's retention, also from what is read")
    func tombstones() async throws {
        let store = MemoryObjectStore()
        let log = TestTable.log(store, clock: { 1000 * 86_400_000 })
        var snapshot = try await TestTable.fill(log, upTo: 3)
        let removals: [DeltaAction] = [(1, 992), (2, 994)]
            .compactMap { version, day in
                snapshot.files["segments/\(version).parquet"]
                    .map { .remove(DeltaRemove($0, deletionTimestamp: day * 86_400_000, dataChange: true)) }
            }
        #expect(try await log.commit(removals, version: 4))
        snapshot = try snapshot.applying(removals)
        #expect(snapshot.tombstones.count == 2)
        #expect(try await log.latest()?.tombstones.keys.sorted() == ["segments/2.parquet"])
        try await log.writeCheckpoint(snapshot)
        let later = DeltaLog(store: store, clock: { 0 })
        #expect(try await later.latest()?.tombstones.keys.sorted() == ["segments/2.parquet"])
        snapshot.metadata.configuration["delta.deletedFileRetentionDuration"] = "interval 1 week 2 days"
        snapshot.expireTombstones(before: 1000 * 86_400_000 - snapshot.tombstoneRetention)
        #expect(snapshot.tombstones.count == 2)
    }

    @Test(
        "durations of table properties",
        arguments: [
            ("interval 7 days", 604_800_000), ("interval 1 week", 604_800_000), ("INTERVAL 1 day 2 hours", 93_600_000),
            ("3 seconds", 3000), ("interval 0 days", 0), ("interval", nil), ("interval x days", nil),
            ("interval 1 month", nil), ("interval -1 days", nil), ("interval 9999999999 weeks", nil), ("1 2", nil),
            ("interval 9223372036854775807 milliseconds", nil), (nil, nil),
        ] as [(String?, Int64?)]
    )
    func durations(text: String?, expected: Int64?) {
        #expect(DeltaInterval.milliseconds(text) == expected)
    }

    @Test("domains that another program drops from its checkpoint come back from the commits, or are named as lost")
    func droppedDomains() async throws {
        let store = CountingObjectStore(MemoryObjectStore())
        let log = TestTable.log(store)
        _ = try await TestTable.fill(log, upTo: 5)
        let removal: [DeltaAction] = [
            .domain(DomainMetadata(domain: "gone", configuration: "", removed: true)),
            .domain(DomainMetadata(domain: "other", configuration: "o")),
        ]
        #expect(try await log.commit(removal, version: 6))
        let whole = try #require(try await log.latest())
        var dropped = whole
        dropped.domains = [:]
        try await log.writeCheckpoint(dropped)
        store.reset()
        let recovered = try #require(try await log.latest(hint: 6))
        #expect(store.counts.requests == [.get: 4])
        #expect(recovered.domains == ["test": "5", "other": "o"])
        #expect(recovered.state == whole.state)
        #expect(recovered.lostDomains.isEmpty)

        try await store.delete(LogFile.commitKey(5))
        let lost = try #require(try await log.latest(hint: 6))
        #expect(lost.domains == ["other": "o"])
        #expect(lost.lostDomains == ["test"])
        let renewal: [DeltaAction] = [.domain(DomainMetadata(domain: "test", configuration: "new"))]
        #expect(try await log.commit(renewal, version: 7))
        let renewed = try await log.advance(lost)
        #expect(renewed.lostDomains.isEmpty)
        #expect(renewed.domains["test"] == "new")
    }
}
