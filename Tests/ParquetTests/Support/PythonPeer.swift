import Foundation
import Testing

/// Runs the Python scripts beside this file, for what pyarrow makes of a file.
enum PythonPeer {
    /// The root of the package.
    static let root = ConformanceFiles.packageRoot

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// What a script prints.
    static func run(_ script: String, _ arguments: [String]) throws -> String {
        let python =
            ProcessInfo.processInfo.environment["HIGHWATER_PYTHON"]
            ?? root.appending(path: ".tools/venv/bin/python").path
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw Failure(description: "no Python with pyarrow at \(python): run make setup")
        }
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = [root.appending(path: "Tests/ParquetTests/Support/\(script)").path] + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(script) ended with status \(process.terminationStatus)")
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// The rows of files as pyarrow reads them, in the notation of `dump.py`.
    static func rows(of files: [String]) throws -> [String: [String]] {
        var result: [String: [String]] = [:]
        var current = ""
        for line in try run("dump.py", files).split(separator: "\n") {
            if line.hasPrefix("# ") {
                current = String(line.dropFirst(2))
                result[current] = []
            } else {
                result[current, default: []].append(String(line))
            }
        }
        return result
    }
}
