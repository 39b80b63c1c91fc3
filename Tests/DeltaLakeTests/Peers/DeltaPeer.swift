import DeltaLake
import Foundation
import ObjectStorage
import Parquet

/// A table in a directory, and what delta-rs and Polars make of it by way of `peer.py`.
struct DeltaPeer {
    /// What both read.
    struct Table: Decodable, Equatable {
        var version: Int64
        /// The data files, relative to the table.
        var files: [String]
        var ids: [Int64]
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    let directory: URL
    let store: LocalObjectStore

    init() {
        directory = FileManager.default.temporaryDirectory.appending(path: "delta-\(UUID().uuidString)")
        store = LocalObjectStore(directory: directory.path)
    }

    func remove() throws {
        if FileManager.default.fileExists(atPath: directory.path) { try FileManager.default.removeItem(at: directory) }
    }

    /// Runs a command of the script; see there.
    @discardableResult
    func run(_ command: String, errors: Bool = true) async throws -> Table {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let package = root.deletingLastPathComponent().deletingLastPathComponent()
        let python =
            ProcessInfo.processInfo.environment["HIGHWATER_PYTHON"]
            ?? package.appending(path: ".tools/venv/bin/python").path
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw Failure(description: "no Python with deltalake at \(python): run make setup")
        }
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = [root.appending(path: "Support/peer.py").path, command, directory.path]
        // A file, since a pipe would want somebody who reads while the process runs.
        let output = FileManager.default.temporaryDirectory.appending(path: "delta-\(UUID().uuidString).json")
        guard FileManager.default.createFile(atPath: output.path, contents: nil) else {
            throw Failure(description: "\(output.path) cannot be made")
        }
        defer { _ = unsafe unlink(output.path) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        if !errors { process.standardError = FileHandle.nullDevice }
        // No thread waits meanwhile: other tests need it.
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in done.resume() }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                done.resume(throwing: error)
            }
        }
        let data = try Data(contentsOf: output)
        guard process.terminationStatus == 0 else {
            throw Failure(description: "peer.py \(command) ended with status \(process.terminationStatus)")
        }
        return try JSONDecoder().decode(Table.self, from: data)
    }

    /// Stores a data file with some ids, and returns its action.
    func file(_ name: String, ids: [Int64], time: Int64) async throws -> DeltaAction {
        var writer = try ParquetWriter(schema: Schema([.leaf("id", .int64)]))
        try writer.writeRowGroup([ColumnData(.int64(ids))])
        let bytes = writer.finish()
        try await store.put(name, bytes)
        var statistics = DeltaStatistics(numRecords: Int64(ids.count))
        statistics.minValues["id"] = ids.min().map(DeltaStatistics.Value.integer)
        statistics.maxValues["id"] = ids.max().map(DeltaStatistics.Value.integer)
        statistics.nullCount["id"] = 0
        return .add(
            DeltaAdd(
                path: name,
                size: Int64(bytes.count),
                modificationTime: time,
                dataChange: true,
                stats: statistics.json,
                tags: ["highwater.first": "1"]
            )
        )
    }

    /// The keys of a snapshot's files, in order.
    static func files(_ snapshot: DeltaSnapshot) -> [String] { snapshot.files.keys.sorted() }

    /// A table of ours with four files in four commits, and two domains.
    ///
    /// The optimize of delta-rs (1.6) does not find files whose names need encoding.
    func fill(_ log: DeltaLog, _ version: DeltaProtocol = .plain, third: String = "c.parquet") async throws
        -> DeltaSnapshot
    {
        let now = DeltaLog.now
        let birth: [DeltaAction] = [
            .protocol(version),
            .metadata(
                DeltaMetadata(
                    id: "0190163d-8694-739b-aea5-966c26f8ad91",
                    schemaString: DeltaSchema([DeltaSchema.Field("id", .long, isNullable: false)]).json,
                    createdTime: now
                )
            ),
        ]
        var snapshot = try DeltaSnapshot(birth, version: 0)
        guard try await log.commit(birth, version: 0) else { throw Failure(description: "lost version 0") }
        for (index, name) in ["segments/a.parquet", "segments/b.parquet", third, "e.parquet"].enumerated() {
            let first = Int64(index) * 10
            let actions: [DeltaAction] = [
                try await file(name, ids: Array(first..<first + 10), time: now),
                .domain(DomainMetadata(domain: "highwater.inbox", configuration: #"{"absorbed":["\#(index)"]}"#)),
                .domain(DomainMetadata(domain: "highwater.index", configuration: #"{"runs":[]}"#)),
                .transaction(DeltaTransaction(appID: "us", version: Int64(index))),
            ]
            guard try await log.commit(actions, version: snapshot.version + 1) else {
                throw Failure(description: "lost version \(snapshot.version + 1)")
            }
            snapshot = try snapshot.applying(actions)
        }
        return snapshot
    }
}
