import Foundation

/// Files of other writers; they stand beside the repository and are not part of it.
enum ConformanceFiles {
    /// `../shared/conformance/parquet` of the package root, or what `HIGHWATER_CONFORMANCE` names.
    static let folder: URL = {
        if let path = ProcessInfo.processInfo.environment["HIGHWATER_CONFORMANCE"] { return URL(filePath: path) }
        return packageRoot.deletingLastPathComponent().appending(path: "shared/conformance/parquet")
    }()

    static let packageRoot: URL = {
        var url = URL(filePath: #filePath)
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url
    }()

    static var areHere: Bool { FileManager.default.fileExists(atPath: folder.path) }

    static func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appending(path: name))) }

    static func names(in subfolder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: subfolder).path)) ?? []
        return names.filter { $0.hasSuffix(".parquet") }.sorted().map { "\(subfolder)/\($0)" }
    }
}
