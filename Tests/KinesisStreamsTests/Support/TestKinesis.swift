import AWSSigning
import CloudTesting
import Foundation
import RecordStreams
import Testing
import TextEncoding

@testable import KinesisStreams

/// The Kinesis that tests run against: moto on this machine.
enum TestKinesis {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let server = Result { try PythonServer("kinesis_server.py") }

    /// `http://host:port`.
    static var endpoint: String { get throws { "http://127.0.0.1:\(try server.get().port)" } }

    static let credentials = StaticAWSCredentials(AWSCredentials(accessKeyID: "test", secretAccessKey: "secret"))

    /// A stream of its own.
    static func stream(
        shards: Int = 2,
        endpoint: String? = nil,
        _ change: (inout KinesisConfiguration) -> Void = { _ in }
    ) async throws -> KinesisStream {
        let name = "test-\(UUID().uuidString.lowercased())"
        var configuration = KinesisConfiguration(stream: name, region: "us-east-1", endpoint: try Self.endpoint)
        let direct = try KinesisClient(configuration, credentials: credentials)
        _ = try await direct.call("CreateStream", [("StreamName", "\"\(name)\""), ("ShardCount", "\(shards)")])
        for _ in 0..<100 {
            let answer = try await direct.call("DescribeStreamSummary", [("StreamName", "\"\(name)\"")])
            if answer["StreamDescriptionSummary"]?["StreamStatus"]?.text == "ACTIVE" { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        configuration.endpoint = endpoint ?? configuration.endpoint
        change(&configuration)
        return try KinesisStream(configuration, credentials: credentials)
    }

    /// Runs `Support/producer.py`.
    static func produce(_ stream: KinesisStream, _ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = URL(
            filePath: ProcessInfo.processInfo.environment["HIGHWATER_PYTHON"]
                ?? root.appending(path: ".tools/venv/bin/python").path
        )
        let script = root.appending(path: "Tests/KinesisStreamsTests/Support/producer.py").path
        process.arguments = [script, try endpoint, stream.client.configuration.stream] + arguments
        process.standardOutput = FileHandle.nullDevice
        let (ended, end) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            end.yield(process.terminationStatus)
            end.finish()
        }
        try process.run()
        for await status in ended { #expect(status == 0, "producer.py failed") }
    }

    /// Everything in a stream, parents before children.
    static func read(_ stream: KinesisStream) async throws -> [StreamRecord] {
        var records: [StreamRecord] = []
        for shard in try await stream.shards() {
            let reader = try await stream.reader(of: shard.id, from: .beginning)
            while true {
                let batch = try await reader.next()
                records += batch.records
                if batch.isAtTip { break }
            }
        }
        return records
    }
}
