public import Foundation

/// A program that runs beside the test, with the environment of the clouds.
public final class ChildProgram: Sendable {
    /// What a run came to.
    public struct Outcome: Sendable {
        /// How it ended.
        public let status: Int32
        /// What it printed.
        public let output: String
        /// What it printed on standard error.
        public let error: String
        /// Both.
        public var said: String { output + error }
    }

    /// `highwater`, as it was built with the tests.
    public static let highwater = products.appending(path: "highwater")
    /// `journal-writer`.
    public static let journalWriter = products.appending(path: "journal-writer")
    /// Python with what the tests need.
    public static let python: URL = {
        if let path = ProcessInfo.processInfo.environment["HIGHWATER_PYTHON"] { return URL(filePath: path) }
        return root.appending(path: ".tools/venv/bin/python")
    }()
    /// The folder of the package.
    public static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The environment of this process, and credentials that moto takes.
    private static var moto: [String: String] {
        let credentials = ["AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"]
        return ProcessInfo.processInfo.environment.merging(credentials) { $1 }
    }

    private static var products: URL {
        var url = Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
        for bundle in Bundle.allBundles where bundle.bundlePath.hasSuffix(".xctest") { url = bundle.bundleURL }
        return url.deletingLastPathComponent()
    }

    private let processID: Int32
    private let directory: URL
    private let ended: AsyncStream<Int32>

    /// Starts a program.
    ///
    /// - Throws: What keeps it from starting.
    public init(_ program: URL, _ arguments: [String], environment: [String: String]? = nil) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "child-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = environment ?? Self.moto
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

    /// What it has printed so far.
    public var output: String { text("out") }

    /// What it has said so far, on both of its outputs.
    public var said: String { text("out") + text("err") }

    /// Sends it a signal.
    public func signal(_ number: Int32) { Foundation.kill(processID, number) }

    /// Waits for its end.
    public func wait() async -> Outcome {
        var status: Int32 = -1
        for await end in ended { status = end }
        return Outcome(status: status, output: text("out"), error: text("err"))
    }

    private func text(_ name: String) -> String {
        String(decoding: (try? Data(contentsOf: directory.appending(path: name))) ?? Data(), as: UTF8.self)
    }

    /// Runs a program to its end.
    ///
    /// - Throws: What keeps it from starting.
    public static func run(
        _ program: URL,
        _ arguments: [String],
        environment: [String: String]? = nil
    ) async throws -> Outcome {
        try await ChildProgram(program, arguments, environment: environment).wait()
    }
}
