import DeltaLake
import ObjectStorage
import ObjectStorageTesting

/// Actions and logs to test with.
enum TestTable {
    static let schema = """
        {"fields":[{"metadata":{},"name":"id","nullable":false,"type":"long"}],"type":"struct"}
        """

    static let birth: [DeltaAction] = [
        .protocol(.domains),
        .metadata(
            DeltaMetadata(
                id: "0190163d-8694-739b-aea5-966c26f8ad91",
                name: "table",
                schemaString: schema,
                configuration: ["highwater.format": "1"],
                createdTime: 1_700_000_000_000
            )
        ),
    ]

    static func add(_ name: String, rows: Int = 1) -> DeltaAction {
        .add(
            DeltaAdd(
                path: name,
                size: 100,
                modificationTime: 1_700_000_000_000,
                dataChange: true,
                stats: #"{"numRecords":\#(rows)}"#,
                tags: ["highwater.first": "1", "highwater.last": "2"]
            )
        )
    }

    /// A log that does not wait between attempts.
    static func log(_ store: any ObjectStore, clock: @escaping @Sendable () -> Int64 = { DeltaLog.now }) -> DeltaLog {
        DeltaLog(store: store, clock: clock, sleep: { _ in await Task.yield() })
    }

    /// Commits the birth and one file a version up to `version`.
    static func fill(_ log: DeltaLog, upTo version: Int64) async throws -> DeltaSnapshot {
        guard try await log.commit(birth, version: 0) else { throw Lost() }
        var snapshot = try DeltaSnapshot(birth, version: 0)
        for next in stride(from: Int64(1), through: version, by: 1) {
            let actions = [
                add("segments/\(next).parquet"), .domain(DomainMetadata(domain: "test", configuration: "\(next)")),
            ]
            guard try await log.commit(actions, version: next) else { throw Lost() }
            snapshot = try snapshot.applying(actions)
        }
        return snapshot
    }

    struct Lost: Error {}
}

extension DeltaSnapshot {
    /// Everything that counts, to compare.
    var state: State {
        State(
            version: version,
            protocol: self.protocol,
            metadata: metadata,
            files: files,
            tombstones: tombstones,
            domains: domains,
            transactions: transactions
        )
    }

    struct State: Hashable {
        var version: Int64
        var `protocol`: DeltaProtocol
        var metadata: DeltaMetadata
        var files: [String: DeltaAdd]
        var tombstones: [String: DeltaRemove]
        var domains: [String: String]
        var transactions: [String: DeltaTransaction]
    }
}
