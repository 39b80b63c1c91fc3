internal import Foundation

/// A NATS server with JetStream in a directory of its own, which can be killed and started again.
///
/// It ends with this process at the latest.
public final class NATSServer: Sendable {
    /// Where it listens, on this machine; the same after a restart.
    public let port: Int
    /// What it keeps.
    public let directory: String
    private let arguments: [String]
    private let running: Running

    /// The one process there is at a time.
    private actor Running {
        var input: Pipe?
        var process: Process?
        /// The server itself; ``process`` is the shell around it.
        var server: Int32?
        func set(_ input: Pipe, _ process: Process, _ server: Int32) {
            (self.input, self.process, self.server) = (input, process, server)
        }
        func take() -> (Pipe?, Process?) {
            defer { (input, process, server) = (nil, nil, nil) }
            return (input, process)
        }
    }

    /// Starts one.
    ///
    /// - Parameters:
    ///   - arguments: Of the program, besides address, port and directory.
    ///   - hasStreams: Whether JetStream is enabled.
    /// - Throws: What keeps it from starting.
    public init(_ arguments: [String] = [], hasStreams: Bool = true) async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "nats-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        self.arguments = arguments + (hasStreams ? ["-js", "-sd", directory] : [])
        let (input, process, server, port) = try await Self.launch(self.arguments, port: -1, directory)
        self.port = port
        running = Running()
        await running.set(input, process, server)
    }

    /// `nats://127.0.0.1:PORT`.
    public var url: String { "nats://127.0.0.1:\(port)" }

    /// Starts it again on the same port, with what its directory holds.
    public func start() async throws {
        let (input, process, server, _) = try await Self.launch(arguments, port: port, directory)
        await running.set(input, process, server)
    }

    /// Makes it stand still, with its connections open, or go on.
    public func signal(_ number: Int32) async {
        if let server = await running.server { Foundation.kill(server, number) }
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    public func kill() async {
        let (input, process) = await running.take()
        try? input?.fileHandleForWriting.close()
        process?.waitUntilExit()
    }

    /// Kills it, and removes what it kept.
    public func remove() async {
        await kill()
        try? FileManager.default.removeItem(atPath: directory)
    }

    private static func launch(_ arguments: [String], port: Int, _ directory: String) async throws -> (
        Pipe, Process, Int32, Int
    ) {
        let places =
            (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
            + ["/usr/sbin", "/opt/homebrew/bin", "/usr/local/bin"]
        guard
            let program = places.map({ $0 + "/nats-server" })
                .first(where: FileManager.default.isExecutableFile(atPath:))
        else { throw PythonServer.Failure(description: "there is no nats-server: run make setup") }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        // The shell outlives its standard input by nothing, and the server the shell.
        let script =
            "\"$@\" & server=$!; echo $server; cat >/dev/null; kill -9 $server; wait $server 2>/dev/null; exit 0"
        process.arguments =
            ["-c", script, "sh", program, "-a", "127.0.0.1", "-p", "\(port)", "--ports_file_dir", directory]
            + ["-l", directory + "/log"] + arguments
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty, byte != Data([0x0A]) {
            line += byte
        }
        let file = directory + "/nats-server_\(String(decoding: line, as: UTF8.self)).ports"
        for _ in 0..<200 {
            if let data = FileManager.default.contents(atPath: file),
                let ports = try? JSONSerialization.jsonObject(with: data) as? [String: [String]],
                let found = ports["nats"]?.first.flatMap({ URL(string: $0)?.port })
            {
                return (input, process, Int32(String(decoding: line, as: UTF8.self)) ?? 0, found)
            }
            try await Task.sleep(for: .milliseconds(25))
        }
        try? input.fileHandleForWriting.close()
        let log = FileManager.default.contents(atPath: directory + "/log") ?? Data()
        throw PythonServer.Failure(description: "nats-server did not start: \(String(decoding: log, as: UTF8.self))")
    }
}
