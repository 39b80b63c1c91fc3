import Foundation

/// What this machine lets tests do.
enum TestMachine {
    /// Whether small file systems can be mounted: root on Linux, with the capability.
    static let canMount: Bool = {
        #if os(Linux)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("mount-\(UUID().uuidString)").path
        guard let mount = try? TmpFS(at: path, options: "size=64k") else {
            print("Tests of full and read-only disks are skipped: mounting a tmpfs needs root.")
            return false
        }
        withExtendedLifetime(mount) {}
        return true
        #else
        print("Tests of full and read-only disks are skipped: they need Linux's tmpfs.")
        return false
        #endif
    }()
}

/// A small file system in memory, unmounted with the object.
final class TmpFS {
    let path: String

    init(at path: String, options: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try TmpFS.run("mount", "-t", "tmpfs", "-o", options, "tmpfs", path)
    }

    deinit {
        try? TmpFS.run("umount", path)
        try? FileManager.default.removeItem(atPath: path)
    }

    func remountReadOnly() throws { try TmpFS.run("mount", "-o", "remount,ro", path) }

    private struct Failed: Error { var command: [String] }

    private static func run(_ command: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(command: command) }
    }
}
