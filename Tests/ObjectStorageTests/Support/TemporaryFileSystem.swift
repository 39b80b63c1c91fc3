import Foundation

/// A small file system in memory, for what a directory cannot show: a full disk, one that cannot be written.
final class TemporaryFileSystem: Sendable {
    let path: String

    /// Why tests that need one are skipped elsewhere.
    static let requirement = "needs Linux and the right to mount a tmpfs (root)"

    /// Whether one can be mounted.
    static let isAvailable: Bool = {
        #if os(Linux)
        guard geteuid() == 0, let trial = try? TemporaryFileSystem(size: "64k") else { return false }
        return !trial.path.isEmpty
        #else
        return false
        #endif
    }()

    init(size: String) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("highwater-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        do {
            try Self.run("mount", "-t", "tmpfs", "-o", "size=\(size)", "tmpfs", path)
        } catch {
            try FileManager.default.removeItem(atPath: path)
            throw error
        }
    }

    deinit {
        do {
            try Self.run("umount", path)
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("Could not unmount \(path): \(error)")
        }
    }

    func makeReadOnly() throws {
        try Self.run("mount", "-o", "remount,ro", path)
    }

    private struct Failed: Error {
        let command: [String]
    }

    private static func run(_ command: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw Failed(command: command) }
    }
}
