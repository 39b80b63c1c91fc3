internal import Subprocess

#if canImport(System)
internal import System
#else
internal import SystemPackage
#endif

/// Runs an engine's program as a child.
///
/// The child ends when the task is cancelled: it is interrupted, and killed when that does not help.
struct EngineProcess {
    /// What a run came to.
    struct Outcome {
        let isSuccess: Bool
        /// The signal it ended by, if it did.
        let signal: Int32?
        let status: String
        let output: String
        let error: String

        fileprivate init(_ status: TerminationStatus, error: String) {
            isSuccess = status.isSuccess
            if case .signaled(let number) = status { signal = number } else { signal = nil }
            self.status = status.description
            output = ""
            self.error = error
        }

        fileprivate init(_ other: Outcome, output: String) {
            (isSuccess, signal, status, error) = (other.isSuccess, other.signal, other.status, other.error)
            self.output = output
        }
    }

    let path: String
    let environment: Environment
    let scratch: ScratchDirectory
    /// What the files begin with that it prints to; those of one that runs beside others have a name of their own.
    let name: String

    /// - Parameters:
    ///   - path: The program.
    ///   - environment: Its variables.
    ///   - scratch: Where it works.
    ///   - name: Tells its files from those of another that runs at the same time.
    init(path: String, environment: Environment, scratch: ScratchDirectory, name: String = "engine") {
        self.path = path
        self.environment = environment
        self.scratch = scratch
        self.name = name
    }

    /// DuckDB with an environment of its own, so that nothing of ours can be asked for.
    init(engine: DuckDB, scratch: ScratchDirectory, name: String = "engine") {
        self.init(
            path: engine.path,
            environment: .custom(["HOME": scratch.path, "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"]),
            scratch: scratch,
            name: name
        )
    }

    private static let errorBytes = 64 << 10
    private static let patience = Duration.seconds(2)

    /// Runs it and collects what it prints.
    func run(_ arguments: [String], outputBytes: Int) async throws -> Outcome {
        let output = try scratch.create("\(name)-output")
        let outcome = try await run(arguments, printingTo: output.descriptor)
        return Outcome(outcome, output: try scratch.read("\(name)-output", limit: outputBytes))
    }

    /// Runs it, and lets it print to an open file.
    ///
    /// Nothing goes through pipes of swift-subprocess: of a message that is too long the beginning is enough, and where
    /// a child ends before it has read its input version 1.0 traps.
    func run(_ arguments: [String], printingTo descriptor: Int32, input: EngineInput? = nil) async throws -> Outcome {
        let errors = try scratch.create("\(name)-errors")
        do {
            let status =
                if let input {
                    try await run(arguments, reading: input, printingTo: descriptor, errors.descriptor)
                } else {
                    try await Subprocess.run(
                        configuration(arguments),
                        input: .none,
                        output: .fileDescriptor(FileDescriptor(rawValue: descriptor), closeAfterSpawningProcess: false),
                        error: .fileDescriptor(
                            FileDescriptor(rawValue: errors.descriptor),
                            closeAfterSpawningProcess: false
                        )
                    )
                    .terminationStatus
                }
            try Task.checkCancellation()
            return Outcome(status, error: try scratch.read("\(name)-errors", limit: EngineProcess.errorBytes))
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            let code: SQLError.Code = [.spawnFailed, .executableNotFound].contains(error.code) ? .engine : .failed
            throw SQLError(code, "Running \(path) failed: \(error)", cause: error)
        }
    }

    private func run(
        _ arguments: [String],
        reading input: EngineInput,
        printingTo output: Int32,
        _ errors: Int32
    ) async throws -> TerminationStatus {
        try await Subprocess.run(
            configuration(arguments),
            input: .fileDescriptor(FileDescriptor(rawValue: input.readEnd), closeAfterSpawningProcess: false),
            output: .fileDescriptor(FileDescriptor(rawValue: output), closeAfterSpawningProcess: false),
            error: .fileDescriptor(FileDescriptor(rawValue: errors), closeAfterSpawningProcess: false)
        )
        .terminationStatus
    }

    /// Runs it with our own input and output, for a person.
    ///
    /// - Returns: The status it ended with.
    func runShell(_ arguments: [String], terminal: String?) async throws -> Int32 {
        var more: [Environment.Key: String?] = [:]
        if let terminal { more["TERM"] = terminal }
        do {
            let result = try await Subprocess.run(
                configuration(arguments, more),
                input: .fileDescriptor(.standardInput, closeAfterSpawningProcess: false),
                output: .fileDescriptor(.standardOutput, closeAfterSpawningProcess: false),
                error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
            )
            try Task.checkCancellation()
            switch result.terminationStatus {
            case .exited(let status): return Int32(status)
            case .signaled(let number): return 128 + Int32(number)
            }
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw SQLError(.failed, "Running \(path) failed: \(error)", cause: error)
        }
    }

    private func configuration(
        _ arguments: [String],
        _ more: [Environment.Key: String?] = [:]
    ) -> Configuration {
        var options = PlatformOptions()
        options.teardownSequence = [
            .send(signal: .interrupt, allowedDurationToNextStep: EngineProcess.patience)
        ]
        return Configuration(
            executable: .path(FilePath(path)),
            arguments: Arguments(arguments),
            environment: environment.updating(more),
            workingDirectory: FilePath(scratch.path),
            platformOptions: options
        )
    }
}
