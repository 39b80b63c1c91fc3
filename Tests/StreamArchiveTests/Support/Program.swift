import Foundation
import Testing

/// A program that runs beside the test.
final class Program: Sendable {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    /// `highwater`, as it was built with the tests.
    static let highwater: URL = {
        var url = Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
        for bundle in Bundle.allBundles where bundle.bundlePath.hasSuffix(".xctest") { url = bundle.bundleURL }
        return url.deletingLastPathComponent().appending(path: "highwater")
    }()
    /// Python with what the tests need.
    static let python = URL(
        filePath: ProcessInfo.processInfo.environment["HIGHWATER_PYTHON"]
            ?? root.appending(path: ".tools/venv/bin/python").path
    )
    /// The producer by boto3.
    static let producer = root.appending(path: "Tests/KinesisStreamsTests/Support/producer.py").path

    private let processID: Int32
    private let output: URL
    private let ended: AsyncStream<Int32>

    init(_ program: URL, _ arguments: [String]) throws {
        output = FileManager.default.temporaryDirectory.appending(path: "program-\(UUID().uuidString)")
        try Data().write(to: output)
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        var environment = ProcessInfo.processInfo.environment
        environment.merge(["AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"]) {
            $1
        }
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let handle = try FileHandle(forWritingTo: output)
        process.standardOutput = handle
        process.standardError = handle
        let (ended, end) = AsyncStream.makeStream(of: Int32.self)
        self.ended = ended
        process.terminationHandler = { process in
            end.yield(process.terminationStatus)
            end.finish()
        }
        try process.run()
        processID = process.processIdentifier
    }

    deinit { try? FileManager.default.removeItem(at: output) }

    /// What it has said so far, on both of its outputs.
    var said: String { String(decoding: (try? Data(contentsOf: output)) ?? Data(), as: UTF8.self) }

    func signal(_ number: Int32) { kill(processID, number) }

    /// Waits for its end.
    func wait() async -> (status: Int32, said: String) {
        var status: Int32 = -1
        for await end in ended { status = end }
        return (status, said)
    }

    /// Runs a program to its end.
    static func run(_ program: URL, _ arguments: [String]) async throws -> (status: Int32, said: String) {
        try await Program(program, arguments).wait()
    }
}
