import Foundation

/// A program that runs beside the test, with the environment of the clouds.
final class ChildProgram: Sendable {
    /// What a run came to.
    struct Outcome: Sendable {
        var status: Int32
        var output: String
        var error: String
    }

    /// `highwater`, as it was built with the tests.
    static let highwater = products.appending(path: "highwater")
    /// `journal-writer`.
    static let journalWriter = products.appending(path: "journal-writer")
    /// Python with what the tests need.
    static let python: URL = {
        if let path = ProcessInfo.processInfo.environment["HIGHWATER_PYTHON"] { return URL(filePath: path) }
        return root.appending(path: ".tools/venv/bin/python")
    }()
    /// The folder of the package.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static var products: URL {
        var url = Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
        for bundle in Bundle.allBundles where bundle.bundlePath.hasSuffix(".xctest") { url = bundle.bundleURL }
        return url.deletingLastPathComponent()
    }

    private let processID: Int32
    private let directory: URL
    private let ended: AsyncStream<Int32>

    /// Starts a program.
    init(_ program: URL, _ arguments: [String], environment: [String: String]) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "child-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = environment
        for name in ["out", "err"] { try Data().write(to: directory.appending(path: name)) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: directory.appending(path: "out"))
        process.standardError = try FileHandle(forWritingTo: directory.appending(path: "err"))
        let (ended, end) = AsyncStream.makeStream(of: Int32.self)
        self.ended = ended
        process.terminationHandler = { process in
            end.yield(process.terminationStatus)
            end.finish()
        }
        try process.run()
        processID = process.processIdentifier
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// What it has said so far.
    var output: String { text("out") }

    func kill() { Foundation.kill(processID, SIGKILL) }

    func wait() async -> Outcome {
        var status: Int32 = -1
        for await end in ended { status = end }
        return Outcome(status: status, output: text("out"), error: text("err"))
    }

    private func text(_ name: String) -> String {
        String(decoding: (try? Data(contentsOf: directory.appending(path: name))) ?? Data(), as: UTF8.self)
    }

    /// Runs a program to its end.
    static func run(_ program: URL, _ arguments: [String], environment: [String: String]) async throws -> Outcome {
        try await ChildProgram(program, arguments, environment: environment).wait()
    }
}
