import Foundation
import Synchronization
import Testing

/// A process of `object-store-racer`.
final class Racer: Sendable {
    private let process: Mutex<Process>
    private let output: FileHandle

    init(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = try Self.executable
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        output = pipe.fileHandleForReading
        self.process = Mutex(process)
    }

    /// Kills the process as `kill -9` does.
    func kill() {
        process.withLock { _ = Foundation.kill($0.processIdentifier, SIGKILL) }
    }

    /// What it prints until it ends, by lines; the last may be cut short when it was killed.
    func lines() throws -> [String] {
        let data = try output.readToEnd() ?? Data()
        process.withLock { $0.waitUntilExit() }
        return String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
    }

    /// Its exit status, after it ended.
    var status: Int32 {
        process.withLock {
            $0.waitUntilExit()
            return $0.terminationStatus
        }
    }

    /// The program lies beside the bundle of the tests.
    private static var executable: URL {
        get throws {
            let bundles = Bundle.allBundles.map(\.bundleURL).filter { $0.pathExtension == "xctest" }
            let places = (bundles + [URL(fileURLWithPath: CommandLine.arguments[0])])
                .map { $0.deletingLastPathComponent() }
            let programs = places.map { $0.appendingPathComponent("object-store-racer") }
            return try #require(programs.first { FileManager.default.isExecutableFile(atPath: $0.path) })
        }
    }
}
