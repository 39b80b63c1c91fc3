internal import Foundation

/// A server in Python that prints its port, and ends when its standard input does: with this process at the latest.
public final class PythonServer: Sendable {
    /// Why it did not start.
    public struct Failure: Error, CustomStringConvertible {
        /// For people.
        public let description: String

        /// Makes a failure.
        public init(description: String) { self.description = description }
    }

    /// Where it listens, on this machine.
    public let port: Int
    /// Held open as long as the server is wanted.
    private let input: Pipe

    /// Starts a script that lies beside the caller's file, in a folder of a folder of `Tests`.
    public init(_ script: String, arguments: [String] = [], beside file: String = #filePath) throws {
        let support = URL(filePath: file).deletingLastPathComponent()
        let python = ChildProgram.python
        guard FileManager.default.isExecutableFile(atPath: python.path) else {
            throw Failure(description: "no Python with moto at \(python.path): run make setup")
        }
        let process = Process()
        process.executableURL = python
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
