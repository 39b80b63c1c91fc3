import Foundation

/// A file for one test, removed when it goes.
final class TemporaryFile {
    let path: String

    init(_ bytes: [UInt8], suffix: String = "") throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("event-import-\(UUID().uuidString)\(suffix)")
        try Data(bytes).write(to: url)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
