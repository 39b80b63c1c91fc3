import Foundation
import Parquet
import Testing

/// A file written for a test, in memory and on disk.
struct WrittenFile {
    let bytes: [UInt8]
    let path: String

    /// Puts bytes into a temporary file of their own.
    init(_ bytes: [UInt8]) throws {
        self.bytes = bytes
        let folder = FileManager.default.temporaryDirectory.appending(path: "highwater-written")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let url = folder.appending(path: "\(UUID().uuidString).parquet")
        try Data(bytes).write(to: url)
        path = url.path
    }

    /// Writes records, `rowsPerGroup` to a row group.
    init(
        _ schema: Schema,
        _ records: [RecordValue],
        rowsPerGroup: Int = .max,
        options: WriterOptions = WriterOptions(),
        keyValueMetadata: [KeyValue] = []
    ) throws {
        var shredder = try RecordShredder(schema)
        var writer = try ParquetWriter(schema: schema, options: options)
        var bytes: [UInt8] = []
        for record in records {
            try shredder.append(record)
            if shredder.rowCount == rowsPerGroup {
                try writer.writeRowGroup(shredder.finish())
                bytes += writer.takeOutput()
            }
        }
        if shredder.rowCount > 0 { try writer.writeRowGroup(shredder.finish()) }
        try self.init(bytes + writer.finish(keyValueMetadata: keyValueMetadata))
    }

    func delete() { try? FileManager.default.removeItem(atPath: path) }

    var metadata: FileMetadata { get throws { try FileMetadataTests.metadata(bytes) } }

    /// The rows as a peer reads them, in the notation of `dump.py`.
    func rows(_ peer: Peer) throws -> [String] {
        let output =
            switch peer {
            case .pyarrow: try PythonPeer.run("dump.py", [path])
            case .duckdb, .polars: try PythonPeer.run("dump_peers.py", [peer.rawValue, path])
            }
        return output.split(separator: "\n").dropFirst().map(String.init)
    }

    /// What pyarrow says of the metadata.
    func inspected() throws -> [String: String] {
        var facts: [String: String] = [:]
        for line in try PythonPeer.run("inspect_file.py", [path]).split(separator: "\n") {
            let parts = line.split(separator: " = ", maxSplits: 1)
            facts[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        return facts
    }
}

/// Another program that reads Parquet.
enum Peer: String, CaseIterable, Sendable {
    case pyarrow
    case duckdb
    case polars
}

/// SplitMix64, so that a failure can be repeated by its seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}
