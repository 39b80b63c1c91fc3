import BenchmarkEvents
import EventJournal
import Foundation
import ObjectStorage

/// A journal in a directory of its own, under the one that TMPDIR names, and new events for it.
final class TemporaryJournal {
    let journal: Journal
    private var events = SampleEvents()

    private static let root = FileManager.default.temporaryDirectory
        .appendingPathComponent("highwater-micro-\(ProcessInfo.processInfo.processIdentifier)")

    init() throws {
        let directory = TemporaryJournal.root.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        journal = Journal(store: LocalObjectStore(directory: directory.path))
    }

    func nextBatch(_ count: Int) -> EventBatch { events.batch(count) }

    /// A file of this process.
    static func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        let path = root.appendingPathComponent(name)
        try Data(bytes).write(to: path)
        return path.path
    }

    /// Removes everything this process has made.
    static func removeAll() {
        do {
            try FileManager.default.removeItem(at: root)
        } catch {
            FileHandle.standardError.write(Data("\(root.path) could not be removed: \(error)\n".utf8))
        }
    }
}
