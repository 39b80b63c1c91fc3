import EventJournal
import Foundation

/// Other people's readers of Parquet, which must see in a journal what a replay gives.
enum OtherReader: String, CaseIterable {
    case pyarrow, duckdb, polars
    /// DuckDB's command-line program.
    case duckdbProgram

    /// The columns of a segment as a reader has them.
    struct Row: Decodable, Hashable {
        var event_id: String
        /// Microseconds since 1970 UTC.
        var timestamp: Int64
        var key: String?
        var source: String?
        var sequence: String?
        var data: String?
        /// In hexadecimal.
        var data_bytes: String?
        var batch_id: String
        var op: String

        /// The event it stands for; `nil` unless exactly one payload column is set.
        var event: Event? {
            let bytes: [UInt8]
            switch (data, data_bytes) {
            case (let text?, nil): bytes = Array(text.utf8)
            case (nil, let digits?):
                let digits = Array(digits.utf8)
                bytes = stride(from: 0, to: digits.count - 1, by: 2)
                    .map { UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16) ?? 0 }
            default: return nil
            }
            return Event(
                id: event_id,
                timestamp: Timestamp(microseconds: timestamp),
                key: key,
                data: bytes,
                source: source,
                sequence: sequence
            )
        }
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// The root of the package.
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Every row of the segments in a journal's folder, in no order.
    func rows(journal: String) throws -> [Row] {
        let folder = journal + "/_inbox"
        let output: Data
        switch self {
        case .duckdbProgram:
            let query = """
                SELECT event_id, epoch_us(timestamp) AS timestamp, key, source, sequence, data,
                    hex(data_bytes) AS data_bytes, batch_id, op FROM '\(folder)/*.parquet'
                """
            output = try Self.run("HIGHWATER_DUCKDB", ".tools/bin/duckdb", ["-jsonlines", "-c", query])
        default:
            let script = Self.root.appending(path: "Tests/EventJournalTests/Resources/read_journal.py").path
            output = try Self.run("HIGHWATER_PYTHON", ".tools/venv/bin/python", [script, rawValue, folder])
        }
        return try output.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Row.self, from: $0) }
    }

    /// What a program prints.
    private static func run(_ variable: String, _ program: String, _ arguments: [String]) throws -> Data {
        let path = ProcessInfo.processInfo.environment[variable] ?? root.appending(path: program).path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Failure(description: "there is no \(path): run make setup")
        }
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(path) \(arguments) ended with status \(process.terminationStatus)")
        }
        return data
    }
}
