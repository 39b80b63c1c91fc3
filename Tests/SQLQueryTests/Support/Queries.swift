import EventJournal
import Foundation
import SQLQuery

/// DuckDB as the tests find it: set by the environment, or where `make setup` puts it.
enum Engine {
    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["HIGHWATER_DUCKDB"] { return path }
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return tests.deletingLastPathComponent().deletingLastPathComponent().appending(path: ".tools/bin/duckdb").path
    }()
    static let duckDB = DuckDB(path: path)
    /// The Python that has the other readers of tables.
    static let python: String = {
        if let path = ProcessInfo.processInfo.environment["HIGHWATER_PYTHON"] { return path }
        return project.appending(path: ".tools/venv/bin/python").path
    }()
    /// Where the test bundle and the programs were built.
    static let products: URL = {
        var url = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        for bundle in Bundle.allBundles where bundle.bundlePath.hasSuffix(".xctest") { url = bundle.bundleURL }
        return url.deletingLastPathComponent()
    }()
    static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
}

/// A fresh directory that goes away with the object.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "sql-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A journal that is compacted only where a test says so.
    func journal(_ name: String = "journal") async throws -> Journal {
        try await Journal.open(path + "/" + name, configuration: JournalConfiguration(automaticCompaction: nil))
    }

    func file(_ name: String, _ text: String, executable: Bool = false) throws -> String {
        let file = path + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        if executable { try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file) }
        return file
    }
}

extension SQLQuery {
    /// Runs and returns what is printed.
    func text(on journal: Journal, with others: [String: Journal] = [:]) async throws -> String {
        try await printed(on: journal, with: others).text
    }

    /// Runs, and writes what is printed into a file.
    @discardableResult
    func write(on journal: Journal, with others: [String: Journal] = [:], to path: String) async throws -> SQLReport {
        try Data().write(to: URL(filePath: path))
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        let report = try await run(on: journal, with: others, printingTo: file.fileDescriptor)
        try file.close()
        return report
    }

    func printed(
        on journal: Journal,
        with others: [String: Journal] = [:]
    ) async throws -> (text: String, report: SQLReport) {
        let url = FileManager.default.temporaryDirectory.appending(path: "rows-\(UUID().uuidString)")
        guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
            throw CocoaError(.fileWriteUnknown)
        }
        defer { try? FileManager.default.removeItem(at: url) }
        let file = try FileHandle(forWritingTo: url)
        let report = try await run(on: journal, with: others, printingTo: file.fileDescriptor)
        try file.close()
        return (try String(contentsOf: url, encoding: .utf8), report)
    }
}

extension Journal {
    /// The rows of a query as CSV without its header.
    func rows(_ statement: String, _ range: EventRange = .all, with others: [String: Journal] = [:]) async throws
        -> [String]
    {
        let query = SQLQuery(statement, engine: Engine.duckDB, options: SQLOptions(format: .csv, range: range))
        return try await query.text(on: self, with: others).split(separator: "\n").dropFirst().map(String.init)
    }

    /// Every event of a range as the rows of ``everything`` show it, by replay.
    func replayed(_ range: EventRange = .all) async throws -> [String] {
        var rows: [String] = []
        let (after, through) = (range.after == .min ? nil : range.after, range.through == .max ? nil : range.through)
        for try await event in replay(after: after, through: through).events {
            func hex(_ text: String?) -> String { text.map { "x" + Journal.hex(Array($0.utf8)) } ?? "" }
            rows.append(
                [
                    hex(event.id), String(event.timestamp.microseconds), hex(event.key), hex(event.source),
                    hex(event.sequence), Journal.hex(event.data),
                ]
                .joined(separator: ",")
            )
        }
        return rows.sorted()
    }

    /// Every event of a table in a form in which nothing is lost.
    func everything(_ table: String = "events", _ range: EventRange = .all) async throws -> [String] {
        func text(_ name: String) -> String { "'x' || hex(encode(\"\(name)\"))" }
        return try await rows(
            "select \(text("event_id")), epoch_us(timestamp), \(text("key")), \(text("source")), \(text("sequence")), "
                + "coalesce(hex(encode(data)), hex(data_bytes)) from \(table)",
            range
        )
        .map { $0.replacing("\"\"", with: "") }
        .sorted()
    }

    private static func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02X", $0) }.joined() }
}

/// Random numbers that a seed repeats: SplitMix64 (Steele, Lea, Flood 2014).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
