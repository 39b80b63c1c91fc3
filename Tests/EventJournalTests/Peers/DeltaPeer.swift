import EventJournal
import Foundation

/// delta-rs, Polars and DuckDB at work on a journal's table, by way of `delta_peer.py`.
struct DeltaPeer {
    /// A version of the table, of which all three have the same rows.
    struct Table: Decodable {
        var version: Int64
        var rows: [Row]
    }

    /// A row in the order of the script's columns.
    struct Row: Decodable, Hashable {
        var event: Event
        var batchID: String

        init(event: Event, batchID: String) {
            self.event = event
            self.batchID = batchID
        }

        init(from decoder: any Decoder) throws {
            var columns = try decoder.unkeyedContainer()
            let id = try columns.decode(String.self)
            let timestamp = Timestamp(microseconds: try columns.decode(Int64.self))
            let key = try columns.decodeIfPresent(String.self)
            let source = try columns.decodeIfPresent(String.self)
            let sequence = try columns.decodeIfPresent(String.self)
            let text = try columns.decodeIfPresent(String.self)
            let digits = try columns.decodeIfPresent(String.self)
            batchID = try columns.decode(String.self)
            let bytes: [UInt8]
            switch (text, digits) {
            case (let text?, nil): bytes = Array(text.utf8)
            case (nil, let digits?):
                let digits = Array(digits.utf8)
                bytes = stride(from: 0, to: digits.count - 1, by: 2)
                    .map { UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16) ?? 0 }
            default:
                throw DecodingError.dataCorruptedError(in: columns, debugDescription: "\(id) has no payload, or two")
            }
            event = Event(id: id, timestamp: timestamp, key: key, data: bytes, source: source, sequence: sequence)
        }
    }

    /// What optimizing again and again came to.
    struct Optimizing: Decodable {
        var commits: Int
        var conflicts: Int
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// The journal's directory.
    let path: String

    /// Does something once; see the script.
    func run(_ command: String) async throws -> Table {
        try JSONDecoder().decode(Table.self, from: try await output(of: [command, path]))
    }

    /// Ids and the values of columns, as text, by delta-rs, Polars and DuckDB alike.
    func columns(_ names: [String]) async throws -> [[String]] {
        try JSONDecoder().decode([[String]].self, from: try await output(of: ["columns", path] + names))
    }

    /// The rows of each version met until there is a file.
    func watch(until stop: String) async throws -> [Table] {
        try await output(of: ["watch", path, stop]).split(separator: UInt8(ascii: "\n"))
            .map { try JSONDecoder().decode(Table.self, from: $0) }
    }

    /// Optimizes until there is a file.
    func optimize(until stop: String) async throws -> Optimizing {
        try JSONDecoder().decode(Optimizing.self, from: try await output(of: ["optimize-often", path, stop]))
    }

    private func output(of arguments: [String]) async throws -> Data {
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
        process.arguments = [root.appending(path: "Resources/delta_peer.py").path] + arguments
        // A file, since a pipe would want somebody who reads while the process runs.
        let output = FileManager.default.temporaryDirectory.appending(path: "peer-\(UUID().uuidString).json")
        guard FileManager.default.createFile(atPath: output.path, contents: nil) else {
            throw Failure(description: "\(output.path) cannot be made")
        }
        defer { try? FileManager.default.removeItem(at: output) }
        process.standardOutput = try FileHandle(forWritingTo: output)
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
        guard process.terminationStatus == 0 else {
            throw Failure(description: "delta_peer.py \(arguments) ended with status \(process.terminationStatus)")
        }
        return try Data(contentsOf: output)
    }
}
