import Foundation

/// A server in Python that prints its port, and ends when its standard input does: with this process at the latest.
final class PythonServer: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let port: Int
    /// Held open as long as the server is wanted.
    private let input: Pipe

    /// Starts a script beside this file.
    init(_ script: String, arguments: [String] = [], folder: String = #filePath) throws {
        let support = URL(filePath: folder).deletingLastPathComponent()
        let root = support.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let python =
            ProcessInfo.processInfo.environment["HIGHWATER_PYTHON"]
            ?? root.appending(path: ".tools/venv/bin/python").path
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw Failure(description: "no Python with moto at \(python): run make setup")
        }
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = [support.appending(path: script).path] + arguments
        input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), byte != Data([0x0A]) {
            if byte.isEmpty { break }
            line += byte
        }
        guard let port = Int(String(decoding: line, as: UTF8.self)) else {
            throw Failure(description: "\(script) did not start; run make setup, or see its messages above")
        }
        self.port = port
    }

    deinit { try? input.fileHandleForWriting.close() }
}
