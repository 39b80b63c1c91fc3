import Foundation
import SQLQuery
import Testing

/// Spark as the tests find it: set by the environment, or where `scripts/setup-spark` puts it.
enum SparkTools {
    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["HIGHWATER_SPARK"] { return path }
        return Engine.project.appending(path: ".tools/spark-venv/bin/python").path
    }()

    static let isInstalled: Bool = {
        if FileManager.default.isExecutableFile(atPath: path) { return true }
        print("Tests of Spark are skipped: scripts/setup-spark installs it (400 MB).")
        return false
    }()

    static let onThisMachine = Spark(path: path, runsElsewhere: false)
}

/// A server of Spark Connect, ended with the object.
final class SparkServer {
    let address: String
    static let submit = URL(filePath: SparkTools.path).deletingLastPathComponent().appending(path: "spark-submit")
    private let process = Process()
    private let directory: Scratch

    /// Starts one, and waits until it answers.
    init() async throws {
        let port = Int.random(in: 20_000..<30_000)
        address = "sc://127.0.0.1:\(port)"
        directory = try Scratch()
        process.executableURL = SparkServer.submit
        process.arguments = [
            "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--master", "local[2]",
            "--conf", "spark.connect.grpc.binding.port=\(port)", "--conf", "spark.ui.enabled=false",
            "--conf", "spark.connect.grpc.binding.address=127.0.0.1",
            "--conf", "spark.sql.warehouse.dir=\(directory.path)/warehouse",
        ]
        process.currentDirectoryURL = URL(filePath: directory.path)
        let log = try directory.file("log", "")
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: log))
        process.standardError = process.standardOutput
        let variables = ["SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": SparkTools.path]
        process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        try process.run()
        for _ in 0..<600 where process.isRunning {
            let probe = ["-c", "exec 3<>/dev/tcp/127.0.0.1/\(port)"]
            if try await Child.run("/bin/bash", probe).status == 0 { return }
            try await Task.sleep(for: .milliseconds(200))
        }
        Issue.record(
            "The server of Spark Connect did not start: \(try String(contentsOfFile: log, encoding: .utf8).suffix(2000))"
        )
    }

    deinit { process.terminate() }
}
