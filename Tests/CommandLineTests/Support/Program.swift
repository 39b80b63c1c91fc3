import Foundation
import Testing

/// The built programs, run as a user runs them.
struct Program: Sendable {
    /// What a run came to.
    struct Outcome: Sendable {
        var status: Int32
        var output: String
        var error: String
        /// Whether it ended by a signal.
        var wasSignalled: Bool
    }

    let url: URL

    static let highwater = Program("highwater", environment: "HIGHWATER_BINARY")
    static let journalWriter = Program("journal-writer", environment: nil)

    private init(url: URL) { self.url = url }

    private init(_ name: String, environment variable: String?) {
        if let variable, let path = ProcessInfo.processInfo.environment[variable] {
            url = URL(fileURLWithPath: path)
        } else {
            url = Program.products.appendingPathComponent(name)
        }
    }

    /// Where the test bundle and the programs were built.
    private static var products: URL {
        var url = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        for bundle in Bundle.allBundles where bundle.bundlePath.hasSuffix(".xctest") { url = bundle.bundleURL }
        return url.deletingLastPathComponent()
    }

    /// Runs to the end.
    func run(_ arguments: String..., input: Data? = nil) async throws -> Outcome {
        try await run(arguments, input: input)
    }

    func run(_ arguments: [String], input: Data? = nil) async throws -> Outcome {
        try await start(arguments, input: input).wait()
    }

    /// Runs a script of bash with the program as `$0`.
    func bash(_ script: String, _ arguments: String...) async throws -> Outcome {
        try await Program(url: URL(fileURLWithPath: "/bin/bash")).run(["-c", script, url.path] + arguments)
    }

    /// Whoever is started in the background of a script ignores interrupts, and so do its children until they listen.
    private static let heedsInterrupts: Void = { _ = signal(SIGINT, SIG_DFL) }()

    /// Starts without waiting.
    func start(_ arguments: [String], input: Data? = nil) throws -> Running {
        Program.heedsInterrupts
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = url
        process.arguments = arguments
        // Files, not pipes: nothing has to be drained while the program runs.
        let files = try ["in", "out", "err"]
            .map { name in
                let file = directory.appendingPathComponent(name)
                try (name == "in" ? input ?? Data() : Data()).write(to: file)
                return file
            }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        // Waiting is left to the handler: a thread that waits is one the tests cannot run on.
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        process.terminationHandler = { _ in end.finish() }
        try process.run()
        return Running(process: process, directory: directory, ended: ended)
    }

    /// A program at work.
    struct Running {
        let process: Process
        let directory: URL
        let ended: AsyncStream<Void>

        func kill(_ signal: Int32 = SIGKILL) { Foundation.kill(process.processIdentifier, signal) }

        func wait() async -> Outcome {
            for await _ in ended {}
            func text(_ name: String) -> String {
                let data = (try? Data(contentsOf: directory.appendingPathComponent(name))) ?? Data()
                return String(decoding: data, as: UTF8.self)
            }
            defer { try? FileManager.default.removeItem(at: directory) }
            return Outcome(
                status: process.terminationStatus,
                output: text("out"),
                error: text("err"),
                wasSignalled: process.terminationReason == .uncaughtSignal
            )
        }
    }
}

/// A fresh directory that goes away with the object.
final class Scratch {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("cli-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String, _ text: String) throws -> String {
        let path = path + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }
}

/// NDJSON of so many events, a minute apart from 2024-03-01.
func ndjson(_ count: Int, name: String = "e", padding: Int = 100) -> String {
    var lines = ""
    for number in 0..<count {
        let minute = number % 60
        let hour = number / 60 % 24
        let day = number / 1440 % 28 + 1
        lines += #"{"id":"\#(name)-\#(number)","at":"2024-03-"#
        lines +=
            String(format: "%02d", day) + "T" + String(format: "%02d:%02d", hour, minute)
            + #":00Z","k":"k\#(number % 5)""#
        lines += #","pad":""# + String(repeating: "x", count: padding) + "\"}\n"
    }
    return lines
}
