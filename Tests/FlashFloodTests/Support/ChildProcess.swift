import Foundation

/// A program run to its end.
enum ChildProcess {
    struct Outcome: Sendable {
        var status: Int32
        var output: String
        var error: String
    }

    /// The built `highwater`.
    static var highwater: String {
        var url = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        for bundle in Bundle.allBundles where bundle.bundlePath.hasSuffix(".xctest") { url = bundle.bundleURL }
        return url.deletingLastPathComponent().appendingPathComponent("highwater").path
    }

    static func run(
        _ program: String,
        _ arguments: [String],
        input: Data = Data(),
        environment: [String: String] = [:]
    ) async throws -> Outcome {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // Files, not pipes: nothing has to be drained while the program runs.
        let files = try ["in", "out", "err"]
            .map { name in
                let file = directory.appendingPathComponent(name)
                try (name == "in" ? input : Data()).write(to: file)
                return file
            }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        // Waiting is left to the handler: a thread that waits is one the tests cannot run on.
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        process.terminationHandler = { _ in end.finish() }
        try process.run()
        for await _ in ended {}
        func text(_ file: URL) throws -> String { String(decoding: try Data(contentsOf: file), as: UTF8.self) }
        return Outcome(status: process.terminationStatus, output: try text(files[1]), error: try text(files[2]))
    }
}
